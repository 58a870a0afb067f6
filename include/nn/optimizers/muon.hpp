// SPDX-License-Identifier: MIT
// Muon.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nn/kernels/update/orthogonalize.hpp"
#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// How a step of Muon follows from the shape of a matrix, with PyTorch's names.
enum class AdjustLearningRate {
  original,           ///< sqrt(max(1, outputs / inputs)) learning_rate (Jordan et al. 2024)
  match_rms_adamw,    ///< 0.2 sqrt(max(outputs, inputs)) learning_rate (Liu et al. 2025)
  spectral_unclamped  ///< sqrt(outputs / inputs) learning_rate (Bernstein 2025)
};

/// Options of Muon, with PyTorch's defaults. Those of AdamW have Keras' names and defaults.
struct MuonOptions {
  Hyperparameter learning_rate = 0.001;  ///< >= 0
  Hyperparameter momentum = 0.95;        ///< share of m that a step keeps; in [0, 1]
  bool nesterov = true;                  ///< look ahead along the momentum
  double epsilon = 1e-7;                 ///< a gradient's least length; also that of AdamW; >= 0
  int ns_steps = 5;                      ///< of the iteration; 0 .. 99
  AdjustLearningRate adjust_lr_fn = AdjustLearningRate::original;
  /// Matrices whose names contain one of these are left to AdamW.
  std::vector<std::string> exclude{"embeddings"};
  double adam_lr_ratio = 1;    ///< learning rate of AdamW / learning_rate; >= 0
  double adam_beta_1 = 0.9;    ///< in [0, 1)
  double adam_beta_2 = 0.999;  ///< in [0, 1)
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0.1;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Momentum whose steps are orthogonalized (Jordan et al. 2024), as PyTorch has it:
///     m += (g - m)(1 - momentum)     d = m, or of nesterov g + momentum (m - g)
///     w -= learning_rate weight_decay w     w -= rate U V^T     of d = U S V^T
/// where U V^T is approximate: see kernels/update/orthogonalize.hpp; sums are in T, PyTorch's in
/// bfloat16. It is for matrices [inputs, outputs]. Embeddings and what is no matrix, such as a bias
/// or a kernel of a convolution, takes steps of AdamW. It needs whole tensors, so it runs when all
/// gradients are known.
/// Options   in a brace of their own, as Muon{{.learning_rate = 0.02}}
/// Throws    std::invalid_argument for options out of their range
class Muon : public OptimizerOf<Muon> {
 public:
  static constexpr const char* optimizer_name = "muon";
  static constexpr const char* class_name = "Muon";
  static constexpr const char* flag_name = "nesterov";
  static constexpr bool needs_tensors = true;
  static constexpr bool runs_on_all_threads = true;
  static constexpr std::array<const char*, 3> adjustments{"original", "match_rms_adamw",
                                                          "spectral_unclamped"};
  static constexpr std::array numbers{
      Number{"momentum", "a momentum from 0 to 1", 0, 1},
      Number{"epsilon", "an epsilon of 0 or more"},
      Number{"ns_steps", "ns_steps from 0 to 99", 0, 99},
      Number{.name = "adjust_lr_fn", .expected = "", .highest = 2, .choices = adjustments.data()},
      Number{"adam_lr_ratio", "an adam_lr_ratio of 0 or more"},
      Number{"adam_beta_1", "adam_beta_1 in [0, 1)", 0, 1, true},
      Number{"adam_beta_2", "adam_beta_2 in [0, 1)", 0, 1, true}};

  explicit Muon(const MuonOptions& o = {})
      : OptimizerOf(
            o,
            {o.momentum, o.epsilon, static_cast<double>(o.ns_steps),
             static_cast<double>(o.adjust_lr_fn), o.adam_lr_ratio, o.adam_beta_1, o.adam_beta_2},
            o.nesterov) {}

  static void prepare(UpdateStep& step) {
    const auto [momentum, epsilon, steps, adjustment, ratio, beta_1, beta_2, none] = step.numbers;
    const double alpha = step.rate * ratio * std::sqrt(1 - std::pow(beta_2, step.t)) /
                         (1 - std::pow(beta_1, step.t));
    step.numbers = {step.rate, momentum, epsilon, steps, adjustment, alpha, 1 - beta_1, 1 - beta_2};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    const T* const f = piece.factors;
    T* const m = piece.m[0];
    if (piece.rows == 0) {
      kernels::adam_update(piece.count, piece.w, piece.g, m, piece.m[1],
                           kernels::AdamFactors<T>{f[5], f[6], f[7], f[2]});
      return;
    }
    const kernels::Scratch<T> memory(kernels::ScratchUse::muon_direction, piece.count, Index{2});
    T *const direction = memory.data(), *const step = direction + piece.count;
    for (Index i = 0; i < piece.count; ++i) {
      m[i] += (piece.g[i] - m[i]) * (T(1) - f[1]);
      direction[i] = piece.flag ? piece.g[i] + f[1] * (m[i] - piece.g[i]) : m[i];
    }
    kernels::orthogonalize(piece.rows, piece.cols, direction, f[2], static_cast<int>(f[3]), step);
    const T rate =
        f[0] * static_cast<T>(adjustment(static_cast<AdjustLearningRate>(static_cast<int>(f[4])),
                                         piece.rows, piece.cols));
    kernels::sgd_update(piece.count, piece.w, step, rate);
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;

  [[nodiscard]] NN_COLD static double adjustment(AdjustLearningRate rule, Index inputs,
                                                 Index outputs) {
    const double ratio = static_cast<double>(outputs) / static_cast<double>(inputs);
    switch (rule) {
      case AdjustLearningRate::original:
        return std::sqrt(std::max(1.0, ratio));
      case AdjustLearningRate::match_rms_adamw:
        return 0.2 * std::sqrt(static_cast<double>(std::max(inputs, outputs)));
      default:
        return std::sqrt(ratio);
    }
  }
};

}  // namespace nn
