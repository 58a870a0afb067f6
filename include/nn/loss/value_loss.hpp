// SPDX-License-Identifier: MIT
// Losses of values that are metrics too: all but their formula.
#pragma once

#include <string>
#include <vector>

#include "nn/data/target_kind.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_loss.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// Options of losses that have no others.
struct LossOptions {
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// A loss that compares a row of values y with targets t, as a loss and as a metric: there it is
/// the mean over all rows, whatever the reduction. Models hold all of them as this class, so that
/// what they share is compiled once (`HeldAs`); what they differ in are a name, at most one number,
/// and the formula of a row.
/// Throws    std::invalid_argument for class numbers as targets
class ValueLoss {
 public:
  static constexpr TargetKind targets = TargetKind::values;
  static constexpr bool is_held_described = true;  // what is held as this can be read from a file

  /// One of them.
  struct Kind {
    const char* name;
    const char* parameter;  // the name of its number; null: it has none
    bool more_is_better;    // as a metric, which is minus the loss then
    float (*of_floats)(const ScoredRow<float>& row, double parameter, float factor, float* dy);
    double (*of_doubles)(const ScoredRow<double>& row, double parameter, double factor, double* dy);
  };

  ValueLoss(const Kind& kind, Reduction reduction, double parameter)
      : kind_(&kind), reduction_(reduction), parameter_(parameter) {}

  [[nodiscard]] std::string name() const { return kind_->name; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    if (kind_->parameter != nullptr) arguments.set(kind_->parameter, parameter_);
    return arguments.set("reduction", to_string(reduction_));
  }

  // As a loss:
  [[nodiscard]] Reduction reduction() const { return reduction_; }
  float operator()(const ScoredRow<float>& row, float factor, float* gradient) const {
    return kind_->of_floats(row, parameter_, factor, gradient);
  }
  double operator()(const ScoredRow<double>& row, double factor, double* gradient) const {
    return kind_->of_doubles(row, parameter_, factor, gradient);
  }

  // As a metric:
  [[nodiscard]] bool improves_upwards() const { return kind_->more_is_better; }
  void reset() { mean_.reset(); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values(kind_->name, batch);
    mean_.add_losses(*this, batch);
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const {
    return kind_->more_is_better ? -mean_.result() : mean_.result();
  }

 protected:
  [[nodiscard]] double parameter() const { return parameter_; }

 private:
  const Kind* kind_;
  Reduction reduction_;
  double parameter_;
  RowMean mean_;
};

/// What a loss L of values derives from. L has `static constexpr const char* loss_name`, and one of
///     template <Real T> static T element(T y, T t, T& slope);      // loss = mean_k element
///     template <Real T> static T row(const ScoredRow<T>& row, T factor, T* gradient);
/// the second as `RowLoss` has it. With `static constexpr const char* parameter_name`, both get a
/// number after the target or the row, which L gives to the constructor. Losses with
/// `static constexpr bool sums_row = true` are the sum of the elements in place of their mean.
template <class L>
class ValueLossOf : public ValueLoss {
 public:
  using HeldFor = L;
  using HeldAs = ValueLoss;
  static constexpr bool more_is_better = requires { requires L::is_similarity; };

  explicit ValueLossOf(const LossOptions& options = {}, double parameter = 0)
      : ValueLoss(kind, options.reduction, parameter) {}

  [[nodiscard]] static std::string name() { return L::loss_name; }
  [[nodiscard]] NN_COLD static L from_arguments(const Arguments& arguments) {
    return L{{.reduction = arguments.one_of("reduction", detail::reductions)}};
  }

  /// See RowLoss.
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    return of_row(row, parameter(), factor, gradient);
  }

 private:
  static constexpr bool has_parameter = requires { L::parameter_name; };

  template <Real T>
  [[nodiscard]] static T of_row(const ScoredRow<T>& row, double parameter, T factor, T* gradient) {
    if constexpr (requires { L::row(row, factor, gradient); }) {
      return L::row(row, factor, gradient);
    } else {
      constexpr bool sums_row = requires { requires L::sums_row; };
      const T share = sums_row ? T(1) : T(1) / static_cast<T>(row.classes);
      T sum(0);
      for (Index k = 0; k < row.classes; ++k) {
        T slope(0);
        if constexpr (has_parameter) {
          sum += L::element(row.scores[k], row.values[k], static_cast<T>(parameter), slope);
        } else {
          sum += L::element(row.scores[k], row.values[k], slope);
        }
        if (gradient != nullptr) gradient[k] = factor * share * slope;
      }
      return sum * share;
    }
  }

  [[nodiscard]] static constexpr const char* parameter_or_null() {
    if constexpr (has_parameter) return L::parameter_name;
    return nullptr;
  }

  static constexpr Kind kind{L::loss_name, parameter_or_null(), more_is_better, &of_row<float>,
                             &of_row<double>};
};

}  // namespace nn
