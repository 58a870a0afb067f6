// SPDX-License-Identifier: MIT
// Discretization layer.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/data/samples.hpp"
#include "nn/layer/preprocessing/category_output.hpp"

namespace nn {

/// Options of Discretization, with Keras' names and defaults.
struct DiscretizationOptions {
  std::vector<double> bin_boundaries{};  ///< in rising order; or num_bins
  Index num_bins = 0;                    ///< to be found by `adapt`
  double epsilon = 0.01;                 ///< of how `adapt` finds them: the least part of the data
  OutputMode output_mode = OutputMode::integer;
};

/// Puts numbers into bins (Keras: Discretization): bin_boundaries {0, 1} make the bins (-inf, 0),
/// [0, 1) and [1, inf), with the numbers 0, 1 and 2.
///     y = how many boundaries are <= x, written as output_mode says
/// The boundaries are given, or num_bins is, and `adapt` finds boundaries that have about as many
/// numbers of some data in each bin.
/// Shapes    x [N, ...]   y like x, or as in CategoryEncoding with a row for each number of bins
/// Backward  dx = 0
/// Throws    std::invalid_argument for both of boundaries and num_bins or neither of them,
/// boundaries
///           that do not rise or are not finite, and an epsilon outside of (0, 1); ShapeError where
///           CategoryEncoding does
template <Real T = float>
class Discretization {
 public:
  using Scalar = T;

  NN_COLD explicit Discretization(DiscretizationOptions options) : options_(std::move(options)) {
    constexpr const char* where = "Discretization";
    demand(options_.num_bins >= 0, where, "num_bins of 0 or more", options_.num_bins);
    demand((options_.num_bins > 0) != !options_.bin_boundaries.empty(), where,
           "bin_boundaries or num_bins", options_.num_bins > 0 ? "both" : "neither");
    demand(options_.epsilon > 0 && options_.epsilon < 1, where, "an epsilon in (0, 1)",
           options_.epsilon);
    set(options_.bin_boundaries);
  }

  /// Finds boundaries for num_bins bins in all numbers of x [N, ...], in the form that `fit` takes:
  /// those below which 1 / num_bins, 2 / num_bins, ... of them lie, between neighbours by linear
  /// interpolation; of more than 1 / epsilon numbers about so many take part. Throws
  /// `std::invalid_argument` without numbers, for some that are not finite, and where boundaries
  /// were given.
  template <class X>
  void adapt(const X& x) {
    adapt_to(detail::samples_of(x));
  }

  [[nodiscard]] static std::string name() { return "Discretization"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return detail::category_shape("Discretization", options_.output_mode, depth(), input);
  }
  [[nodiscard]] const std::vector<double>& bin_boundaries() const {
    return options_.bin_boundaries;
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    demand(!boundaries_.empty() || depth() == 1, "Discretization", "bin_boundaries",
           "none; call adapt, or give them");
    const auto bin_of = [&](const T& value) {
      return static_cast<Index>(std::upper_bound(boundaries_.begin(), boundaries_.end(), value) -
                                boundaries_.begin());
    };
    detail::write_categories(x, options_.output_mode, depth(), bin_of, y);
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2>, TensorMap<T, 2> dx,
                const Pass& pass) const {
    if (pass.needs_dx) std::fill_n(dx.data(), dx.size(), T(0));
  }

  /// After `adapt` with both num_bins and bin_boundaries, as Keras'.
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    if (!options_.bin_boundaries.empty()) arguments.set("bin_boundaries", options_.bin_boundaries);
    if (options_.num_bins > 0) arguments.set("num_bins", options_.num_bins);
    return arguments.set("epsilon", options_.epsilon)
        .set("output_mode", to_string(options_.output_mode));
  }
  [[nodiscard]] NN_COLD static Discretization from_arguments(const Arguments& a) {
    DiscretizationOptions options{
        .epsilon = a.get<double>("epsilon"),
        .output_mode = a.one_of("output_mode", {OutputMode::integer, OutputMode::one_hot,
                                                OutputMode::multi_hot, OutputMode::count})};
    std::vector<double> boundaries;
    if (a.has("bin_boundaries")) boundaries = a.get<std::vector<double>>("bin_boundaries");
    if (a.has("num_bins")) options.num_bins = a.get<Index>("num_bins");
    const bool is_adapted = options.num_bins > 0 && !boundaries.empty();
    if (!is_adapted) options.bin_boundaries = boundaries;
    Discretization made(std::move(options));
    if (is_adapted) made.set(std::move(boundaries));
    return made;
  }

 private:
  [[nodiscard]] Index depth() const {
    return options_.num_bins > 0 ? options_.num_bins
                                 : static_cast<Index>(options_.bin_boundaries.size()) + 1;
  }

  NN_COLD void set(std::vector<double> boundaries) {
    std::vector<T> kept;
    for (const double boundary : boundaries) {
      demand(is_finite(T(boundary)), "Discretization", "finite bin_boundaries", boundary);
      demand(kept.empty() || kept.back() <= T(boundary), "Discretization",
             "bin_boundaries in rising order", boundary);
      kept.push_back(T(boundary));
    }
    if (options_.num_bins > 0) {
      demand(static_cast<Index>(kept.size()) < options_.num_bins, "Discretization",
             "fewer bin_boundaries than num_bins", kept.size());
    }
    boundaries_ = std::move(kept);
    options_.bin_boundaries = std::move(boundaries);
  }

  NN_COLD void adapt_to(const Samples& samples) {
    constexpr const char* where = "Discretization::adapt";
    demand(options_.num_bins > 0, where, "a layer with num_bins", "one with bin_boundaries");
    const Index count = samples.count() * samples.sample_shape().num_elements();
    demand(count > 0, where, "at least one number", "none");
    std::vector<double> values(static_cast<std::size_t>(count));
    const double* const read = samples.gather(nullptr, samples.count(), values.data());
    if (read != values.data()) std::copy_n(read, count, values.data());
    demand(first_non_finite(values.data(), count) == count, where, "finite numbers",
           "infinity or NaN");
    std::sort(values.begin(), values.end());
    // One number of each part of size epsilon of the data, at least each number
    const double part = static_cast<double>(count) * options_.epsilon;
    const auto step = static_cast<std::size_t>(std::max(part, 1.0));
    std::vector<double> some;
    for (auto i = static_cast<std::size_t>(part); i < values.size(); i += step) {
      some.push_back(values[i]);
    }
    some = quantiles(some, options_.epsilon);
    some = quantiles(some, 1.0 / static_cast<double>(options_.num_bins));
    some.resize(std::min(some.size(), static_cast<std::size_t>(options_.num_bins)) - 1);
    set(std::move(some));
  }

  /// The values below which the parts share, 2 share, ... of sorted values lie; the values
  /// themselves where there are fewer.
  [[nodiscard]] NN_COLD static std::vector<double> quantiles(const std::vector<double>& values,
                                                             double share) {
    const auto count = static_cast<double>(values.size());
    if (count * share < 1) return values;
    std::vector<double> result;
    const auto parts = static_cast<Index>(std::ceil(1 / share));
    for (Index i = 1; i <= parts; ++i) {
      const double place = std::clamp(static_cast<double>(i) * share * count - 1, 0.0, count - 1);
      const auto below = static_cast<std::size_t>(place);
      const std::size_t above = std::min(below + 1, values.size() - 1);
      const double weight = place - static_cast<double>(below);
      result.push_back(values[below] + (values[above] - values[below]) * weight);
    }
    return result;
  }

  DiscretizationOptions options_;
  std::vector<T> boundaries_;  // as x is compared with them
};

}  // namespace nn
