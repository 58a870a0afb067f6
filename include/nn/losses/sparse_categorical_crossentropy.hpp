// SPDX-License-Identifier: MIT
// Cross-entropy against class numbers.
#pragma once

#include <cmath>
#include <string>

#include "nn/core/error.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/rows/softmax.hpp"
#include "nn/scoring/scored_batch.hpp"

namespace nn {

/// How the losses of the samples of a batch become one number. With sample weights,
/// `sum_over_batch_size` still divides by the number of samples, as in Keras;
/// `mean_with_sample_weight` divides by the sum of the weights.
enum class Reduction { sum_over_batch_size, sum, mean_with_sample_weight };

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;                              ///< the model ends without a softmax
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's samples
};

/// Minus the logarithm of the probability that the true class got (Keras:
/// SparseCategoricalCrossentropy). Under a closing softmax it is computed from the logits z, which
/// is exact for any z:
///     loss = logsumexp(z) - z[label]                dz = (softmax(z) - onehot(label)) / N
/// From probabilities p that come from elsewhere, with c = clip(p, 1e-7, 1 - 1e-7), as TensorFlow
/// does:
///     loss = log sum_k c_k - log c[label]
///     dp_k = (1 / sum_j c_j - [k = label] / p_k) / N,    0 where p_k is clipped
/// Options in a brace of their own, as SparseCategoricalCrossentropy{{.from_logits = true}}.
/// A sample's weight multiplies its loss and its gradient; N is what the reduction divides by.
/// Shapes    z, p, dz, dp [N, classes]   label [N]   weights [N]
class SparseCategoricalCrossentropy {
 public:
  static constexpr bool takes_weights = true;

  explicit SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {})
      : options_(options) {}

  [[nodiscard]] std::string name() const { return "sparse_categorical_crossentropy"; }
  [[nodiscard]] bool from_logits() const { return options_.from_logits; }
  /// The closing activation whose input the loss takes in place of its result.
  [[nodiscard]] Activation takes_over() const {
    return options_.from_logits ? Activation::linear : Activation::softmax;
  }

  /// The loss of a batch: its rows' losses, reduced; 0 for a batch of none. Writes each row's own
  /// loss, times its weight, to `row_losses` and, unless it is null, the gradient with respect to
  /// the scores to `gradient`.
  /// Shapes    as ScoredBatch says; row_losses [rows]   gradient [rows, classes]
  /// Throws    std::invalid_argument for scores that can't be probabilities where it needs them:
  ///           negative, or rows that don't sum to 1. Labels have to be in 0 .. classes - 1.
  template <Real T>
  double operator()(const ScoredBatch<T>& batch, T* row_losses, T* gradient) const {
    const double scale = scale_of(batch);
    if (batch.are_logits || options_.from_logits) {
      kernels::softmax_crossentropy(batch.rows, batch.classes, batch.scores, batch.labels,
                                    batch.weights, static_cast<T>(scale), row_losses, gradient);
    } else {
      for (Index row = 0; row < batch.rows; ++row) {
        require_probabilities(batch, row);
        row_losses[row] =
            from_probabilities(batch, row, static_cast<T>(scale),
                               gradient == nullptr ? nullptr : gradient + row * batch.classes);
      }
    }
    double sum = 0;
    for (Index row = 0; row < batch.rows; ++row) sum += static_cast<double>(row_losses[row]);
    return sum * scale;
  }

 private:
  template <Real T>
  [[nodiscard]] double scale_of(const ScoredBatch<T>& batch) const {
    if (options_.reduction == Reduction::sum || batch.rows == 0) return 1;
    if (options_.reduction == Reduction::sum_over_batch_size || batch.weights == nullptr) {
      return 1 / static_cast<double>(batch.rows);
    }
    double sum = 0;
    for (Index row = 0; row < batch.rows; ++row) sum += static_cast<double>(batch.weights[row]);
    return sum == 0 ? 0 : 1 / sum;
  }

  /// A model without a closing softmax would train on nonsense, at a loss that never falls. NaN
  /// passes: it comes from weights that have diverged.
  template <Real T>
  static void require_probabilities(const ScoredBatch<T>& batch, Index row) {
    const T* p = batch.scores + row * batch.classes;  // [classes]
    T lowest(0), sum(0);
    for (Index k = 0; k < batch.classes; ++k) {
      if (p[k] < lowest) lowest = p[k];
      sum += p[k];
    }
    constexpr double tolerance = 0.01;  // room for a softmax that computes in half precision
    const auto off = static_cast<double>(sum) - 1;
    if (lowest < T(0)) refuse_scores(row, {"a score of ", static_cast<double>(lowest)});
    if (off > tolerance || off < -tolerance) {
      refuse_scores(row, {"scores that sum to ", static_cast<double>(sum)});
    }
  }
  [[noreturn]] NN_COLD static void refuse_scores(Index row, const Text& got) {
    refuse({"sparse_categorical_crossentropy",
            "probabilities, none below 0, which sum to 1",
            got,
            {"row ", row, " of the batch"},
            "end the model with nn::Softmax, or give the loss {.from_logits = true}"});
  }

  template <Real T>
  [[nodiscard]] static T from_probabilities(const ScoredBatch<T>& batch, Index row, T scale,
                                            T* gradient) {
    using std::log;
    const auto low = static_cast<T>(1e-7);
    const T high = T(1) - low;
    const auto clip = [&](T value) { return value < low ? low : value > high ? high : value; };
    const T* p = batch.scores + row * batch.classes;  // [classes]
    const Index label = batch.labels[row];
    const T weight = batch.weights == nullptr ? T(1) : batch.weights[row];
    T sum(0);
    for (Index k = 0; k < batch.classes; ++k) sum += clip(p[k]);
    for (Index k = 0; gradient != nullptr && k < batch.classes; ++k) {
      const bool is_clipped = p[k] < low || p[k] > high;
      const T slope = T(1) / sum - (k == label ? T(1) / p[k] : T(0));
      gradient[k] = is_clipped ? T(0) : weight * scale * slope;
    }
    return weight * (log(sum) - log(clip(p[label])));
  }

  SparseCategoricalCrossentropyOptions options_;
};

}  // namespace nn
