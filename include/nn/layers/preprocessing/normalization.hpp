// SPDX-License-Identifier: MIT
// Normalization by statistics of the data: preprocessing that travels with the model.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/data/samples.hpp"
#include "nn/kernels/normalization/normalization.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of Normalization, with Keras' names and defaults.
struct NormalizationOptions {
  /// Of the features: -1 or the number of the last axis; empty: all numbers are one feature.
  std::optional<Index> axis = -1;
  std::vector<double> mean{};      ///< of each feature, in place of `adapt`
  std::vector<double> variance{};  ///< together with mean
  bool invert = false;             ///< the way back: y = x std + mean
};

/// Shifts and scales each feature by statistics of the data (Keras: Normalization):
///     y = (x - mean) / std     std = max(sqrt(variance), 1e-7)
/// They are given, or taken from the data by `adapt`, over all axes but that of the features. They
/// are state: no training changes them, and they are saved with the model.
///
/// Shapes    x [rows, features]   y like x   mean, variance [features]
/// Backward  dx = dy / std
/// Init      mean: zero   variance: one
/// Throws    std::invalid_argument for a mean without a variance, another number of them, numbers
///           that are not finite and a variance below 0; ShapeError for samples without features
///           or not as many as there are statistics, and another axis than the last
template <Real T = float>
class Normalization {
 public:
  using Scalar = T;

  explicit Normalization(const NormalizationOptions& options = {})
      : axis_(options.axis), invert_(options.invert) {
    const std::vector<double>&mean = options.mean, &variance = options.variance;
    demand(mean.size() == variance.size(), "Normalization", "as many variances as means",
           {mean.size(), " means and ", variance.size(), " variances"});
    for (std::size_t i = 0; i < mean.size(); ++i) {
      demand(is_finite(static_cast<T>(mean[i])), "Normalization", "finite means", mean[i]);
      demand(is_finite(static_cast<T>(variance[i])) && variance[i] >= 0, "Normalization",
             "finite variances of at least 0", variance[i]);
    }
    if (!mean.empty()) set(mean, variance);
  }

  /// Takes mean and variance of samples x [N, ..., features], in the form that `fit` takes: before
  /// the model is built, as all that it begins with, or afterwards. Throws `std::invalid_argument`
  /// without samples and for numbers that are not finite, `ShapeError` for another number of
  /// features than the model's.
  template <class X>
  void adapt(const X& x) {
    adapt_to(detail::samples_of(x));
  }

  [[nodiscard]] static std::string name() { return "Normalization"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.empty() || input.back() == 0) {
      refuse<ShapeError>({"Normalization", "samples with at least one feature", input.to_string()});
    }
    if (axis_ && *axis_ != -1 && *axis_ != input.rank()) {
      refuse<ShapeError>({"Normalization",
                          {"axis -1 or ", input.rank(), ", the last one"},
                          *axis_,
                          {"samples ", input.to_string()}});
    }
    if (mean_.is_brought() && mean_.shape()[0] != features_of(input)) {
      refuse<ShapeError>({"Normalization",
                          {mean_.shape()[0], " features, as it has statistics"},
                          features_of(input),
                          {"samples ", input.to_string()}});
    }
    return input;
  }

  static constexpr Promises promises{.keeps_mask = true};

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool) const {
    return bytes_of<T>(Index{2}, features_of(x));
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const Index features = axis_ ? x.dimension(1) : 1;
    const Factors factors(*this, features, pass);
    const T* const mean = mean_.value().data();  // [features]
    // y = (x - mean) / std, or the way back x std + mean
    kernels::shift_and_scale(x.size() / features, features, x.data(), invert_ ? factors.zero : mean,
                             factors.scale, invert_ ? mean : factors.zero, y.data());
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass& pass) const {
    if (!pass.needs_dx) return;
    const Index features = axis_ ? dy.dimension(1) : 1;
    const Factors factors(*this, features, pass);
    // dx = dy / std, or dy std
    kernels::shift_and_scale(dy.size() / features, features, dy.data(), factors.zero, factors.scale,
                             factors.zero, dx.data());
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    add_state(mean_, "mean", features_of(input), Zeros{}, list);
    add_state(variance_, "variance", features_of(input), Ones{}, list);
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments result{name()};
    if (axis_) {
      result.set("axis", *axis_);
    } else {
      result.set("axis", std::vector<Index>{});
    }
    result.set("invert", invert_);
    if (mean_.is_brought()) {
      result.set("mean", numbers_of(mean_)).set("variance", numbers_of(variance_));
    }
    return result;
  }
  [[nodiscard]] static Normalization from_arguments(const Arguments& a) {
    NormalizationOptions options{.invert = a.get<bool>("invert")};
    const bool has_none = a.has_list("axis") && a.get<std::vector<Index>>("axis").empty();
    options.axis = has_none ? std::nullopt : std::optional(a.get<Index>("axis"));
    if (a.has("mean")) options.mean = a.get<std::vector<double>>("mean");
    if (a.has("variance")) options.variance = a.get<std::vector<double>>("variance");
    return Normalization(options);
  }

 private:
  [[nodiscard]] Index features_of(const Shape& shape) const { return axis_ ? shape.back() : 1; }

  /// The vectors [features] in `pass.memory`.
  struct Factors {
    T* scale;  // 1 / std, or std
    T* zero;

    Factors(const Normalization& layer, Index features, const Pass& pass)
        : scale(reinterpret_cast<T*>(pass.memory)), zero(scale + features) {
      using std::sqrt;
      pass.require_memory("Normalization", bytes_of<T>(Index{2}, features));
      demand(layer.variance_.is_bound(), "Normalization", "a layer of a built model",
             "one without statistics");
      for (Index j = 0; j < features; ++j) {
        const T root = sqrt(layer.variance_.value()(j));
        const T deviation = root > T(1e-7) ? root : T(1e-7);
        scale[j] = layer.invert_ ? deviation : T(1) / deviation;
        zero[j] = T(0);
      }
    }
  };

  /// A model that is built again keeps the statistics.
  static void add_state(State<T, 1>& state, const char* name, Index features,
                        const Initializer& initializer, ParameterList<T>& list) {
    list.add_state(state, name, {features}, initializer);
    const bool is_kept = state.is_bound() && state.shape() == Shape{features};
    if (is_kept) list.start_from(list.entries().size() - 1, std::as_const(state).value().data());
  }

  [[nodiscard]] static std::vector<double> numbers_of(const State<T, 1>& state) {
    const auto value = state.value();
    return {value.data(), value.data() + value.size()};
  }

  void set(const std::vector<double>& mean, const std::vector<double>& variance) {
    const Shape shape{static_cast<Index>(mean.size())};
    std::vector<T> numbers;
    for (const double number : mean) numbers.push_back(static_cast<T>(number));
    mean_.set(shape, numbers.data());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<T>(variance[i]);
    variance_.set(shape, numbers.data());
  }

  NN_COLD void adapt_to(const Samples& samples) {
    constexpr const char* where = "Normalization::adapt";
    demand(samples.count() > 0, where, "at least one sample", "none");
    const Shape& sample = samples.sample_shape();
    if (sample.empty() || sample.back() == 0) {
      refuse<ShapeError>({where, "samples with at least one feature", sample.to_string()});
    }
    const bool is_in_model = mean_.is_bound() && !mean_.is_brought();
    if (is_in_model && mean_.shape()[0] != features_of(sample)) {
      refuse<ShapeError>({where,
                          {mean_.shape()[0], " features, as in the model"},
                          features_of(sample),
                          {"samples ", sample.to_string()}});
    }
    std::vector<double> mean, variance;
    moments_of(samples, mean, variance);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      demand(is_finite(static_cast<T>(mean[i])) && is_finite(static_cast<T>(variance[i])), where,
             "finite samples", {"infinity or NaN, or too large a spread, in feature ", i});
    }
    set(mean, variance);
  }
  /// In double, some samples at a time, which are put together as `kernels::column_moments` does.
  NN_COLD void moments_of(const Samples& samples, std::vector<double>& mean,
                          std::vector<double>& variance) const {
    constexpr Index elements_at_once = Index{1} << 18;
    const Index features = features_of(samples.sample_shape());
    const Index rows = samples.sample_shape().num_elements() / features;  // of one sample
    const Index at_once =
        std::min(std::max<Index>(1, elements_at_once / (rows * features)), samples.count());
    std::vector<double> buffer(static_cast<std::size_t>(at_once * rows * features));
    const auto size = static_cast<std::size_t>(features);
    std::vector<double> part_mean(size), part_variance(size);
    mean.assign(size, 0);
    variance.assign(size, 0);
    for (Index first = 0; first < samples.count(); first += at_once) {
      const Index count = std::min(at_once, samples.count() - first);
      const double* const x = samples.slice(first, count).gather(nullptr, count, buffer.data());
      kernels::column_moments(count * rows, features, x, part_mean.data(), part_variance.data());
      const double share = static_cast<double>(count) / static_cast<double>(first + count);
      for (std::size_t i = 0; i < size; ++i) {
        const double step = part_mean[i] - mean[i];
        mean[i] += step * share;
        variance[i] += (part_variance[i] - variance[i]) * share + step * step * share * (1 - share);
      }
    }
  }

  std::optional<Index> axis_;
  bool invert_;
  State<T, 1> mean_, variance_;  // [features]
};

}  // namespace nn
