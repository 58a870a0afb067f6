// SPDX-License-Identifier: MIT
// How a score of a model follows its input: which pixels speak for a class.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "nn/model/model.hpp"
#include "nn/model/model_access.hpp"

namespace nn {

struct InputGradientOptions {
  /// SmoothGrad (Smilkov, Thorat, Kim, Viegas and Wattenberg 2017): the mean over so many copies of
  /// each sample with noise added to them; 0: the gradient at the sample itself.
  Index smooth_samples = 0;
  /// Standard deviation of the noise, as a share of the sample's largest less its smallest number.
  double noise = 0.15;
  /// Of the noise, which follows from it, the sample's number and that of the copy.
  std::uint64_t seed = 0;
  Index batch_size = 128;  ///< samples that run through the model together: memory against speed
};

namespace detail {

/// The activation that input_gradient leaves out at the end of a model.
[[nodiscard]] NN_COLD inline Activation activation_above_scores(Activation closing) {
  const bool makes_probabilities = closing == Activation::softmax ||
                                   closing == Activation::log_softmax ||
                                   closing == Activation::sigmoid;
  return makes_probabilities ? closing : Activation::linear;
}

/// Passes through a copy of a network: layers may write gradients of parameters in backward, and
/// the network itself has to stay as it is.
template <Real T>
class ScoreGradient {
 public:
  NN_COLD explicit ScoreGradient(const Network<T>& network) : network_(network) {
    network_.take_over({activation_above_scores(network_.plan().outputs()[0].closing_activation)});
    network_.ensure_gradients();
  }

  /// Writes the gradients of a score of each sample x [count, ...] to dx. classes: the score of
  /// each sample; those below 0 become that of its highest one.
  NN_COLD void compute(const T* x, Index count, std::int32_t* classes, T* dx) {
    const MemoryLayout& layout = network_.layout(workspace_.layouts(), count, true, true);
    Pass pass = network_.pass(true, workspace_.reserve(layout.num_bytes));
    pass.is_frozen = pass.as_inference = true;
    network_.forward(std::span(&x, 1), pass, layout, {});
    const Index num_scores = network_.output().num_elements();
    const T* const y = network_.result(0, std::span(&x, 1), pass.memory, layout);
    for (Index i = 0; i < count; ++i) {
      const T* const scores = y + i * num_scores;
      if (classes[i] >= 0) continue;
      classes[i] =
          static_cast<std::int32_t>(std::max_element(scores, scores + num_scores) - scores);
    }
    T* const dy = network_.result_gradient(0, pass.memory, layout);  // 1 at the score, else 0
    std::fill_n(dy, count * num_scores, T(0));
    for (Index i = 0; i < count; ++i) dy[i * num_scores + classes[i]] = T(1);
    network_.backward(std::span(&x, 1), pass, layout, std::span(&dx, 1));
  }

 private:
  Network<T> network_;
  Workspace workspace_;
};

/// x plus noise: copy number `copy` of samples first .. first + count - 1.
template <Real T>
NN_COLD void add_noise(std::span<const T> x, Index count, Index first, Index copy,
                       const InputGradientOptions& options, T* noisy) {
  const auto size = static_cast<Index>(x.size()) / std::max<Index>(count, 1);
  for (Index i = 0; i < count && size > 0; ++i) {
    const T* const sample = x.data() + i * size;
    const auto [low, high] = std::minmax_element(sample, sample + size);
    const double deviation = options.noise * (static_cast<double>(*high) - *low);
    const Random random(options.seed,
                        {RandomPurpose::smoothing, static_cast<std::uint64_t>(first + i),
                         static_cast<std::uint64_t>(copy)});
    for (Index j = 0; j < size; ++j) {
      const double noise = deviation * random.normal(static_cast<std::uint64_t>(j));
      noisy[i * size + j] = static_cast<T>(sample[j] + noise);
    }
  }
}

/// Writes the gradients of samples, which fit the network, to dx [N, ...].
template <Real T>
NN_COLD void input_gradient(const Network<T>& network, const Samples& x,
                            std::vector<std::int32_t>& classes, const InputGradientOptions& options,
                            T* dx) {
  ScoreGradient<T> gradient(network);
  const Index size = network.inputs()[0].num_elements(), total = x.count();
  const auto room = static_cast<std::size_t>(size * std::min(options.batch_size, total));
  std::vector<T> buffer(room), noisy, part;
  if (options.smooth_samples > 0) {
    noisy.resize(room);
    part.resize(room);
  }
  for (Index first = 0; first < total; first += options.batch_size) {
    const Index count = std::min(options.batch_size, total - first);
    const Samples batch = x.slice(first, count);
    const T* const samples = batch.gather(nullptr, count, buffer.data());
    const std::span<const T> values(samples, static_cast<std::size_t>(count * size));
    T* const sum = dx + first * size;
    gradient.compute(samples, count, classes.data() + first, sum);
    if (options.smooth_samples == 0) continue;
    std::fill_n(sum, values.size(), T(0));  // the samples themselves only chose the scores
    for (Index copy = 0; copy < options.smooth_samples; ++copy) {
      add_noise(values, count, first, copy, options, noisy.data());
      gradient.compute(noisy.data(), count, classes.data() + first, part.data());
      for (std::size_t i = 0; i < values.size(); ++i) sum[i] += part[i];
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum[i] /= static_cast<T>(options.smooth_samples);
    }
  }
}

/// Throws unless the gradients of these samples can be computed.
template <Real T>
NN_COLD void require_input_gradient(const Network<T>& network, const Samples& x,
                                    const InputGradientOptions& options) {
  constexpr const char* where = "input_gradient";
  if (!network.is_built()) {
    refuse({where, "a built model", "one whose input shape is not known", "",
            "call build or fit first"});
  }
  demand(network.inputs().size() == 1, where, "a model with one input", network.inputs().size());
  demand(network.num_outputs() == 1, where, "a model with one output", network.num_outputs());
  network.require_float_weights(where);
  require_inputs<T>(where, std::span(&x, 1), network.inputs());
  demand(network.output().num_elements() > 0, where, "a model that gives a score",
         network.output().to_string());
  demand(options.smooth_samples >= 0, where, "smooth_samples of 0 or more", options.smooth_samples);
  demand(options.noise >= 0 && is_finite(options.noise), where, "a noise of 0 or more",
         options.noise);
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
}

/// Throws unless there is a class for each sample, one that the model has a score for.
NN_COLD inline void require_scores(const Targets& classes, Index count, Index num_scores) {
  constexpr const char* where = "input_gradient";
  if (classes.count() != count || classes.numbers_per_sample() != 1) {
    refuse<ShapeError>({where, {"classes of shape [", count, "]"}, classes.shape().to_string()});
  }
  for (Index i = 0; i < count; ++i) {
    const std::int32_t k = classes.class_of(i, 0);
    if (k >= 0 && k < num_scores) continue;
    refuse({where, {"classes from 0 to ", num_scores - 1}, k, {"sample ", i}});
  }
}

/// The rank that samples X have as a tensor.
template <class X>
[[nodiscard]] constexpr int rank_of_samples() {
  if constexpr (TensorLike<X>) return int{X::NumDimensions};
  return 2;
}

}  // namespace detail

/// The gradient of one score of each sample x [N, ...] with respect to that sample, a tensor like
/// x: of its highest score, or of that of `classes` [N] (Simonyan, Vedaldi and Zisserman 2013: a
/// saliency map is its absolute value). A score is a number of the model's output; where the model
/// ends with a softmax, log_softmax or sigmoid, it is what that is applied to.
///
/// The model works as at inference (no dropout, moving statistics) and stays as it is, gradients of
/// its parameters too. Its parameters are copied, so many samples in one call are faster than one
/// by one. Any number of threads may call it on one model.
///
/// Throws `ShapeError` where samples or classes don't fit, `std::invalid_argument` before `build`,
/// after `quantize`, for a model with several inputs or outputs, for a class that it has no score
/// for, and for options that don't fit.
template <Real T, class X>
[[nodiscard]] auto input_gradient(const Model<T>& model, const X& x,
                                  const InputGradientOptions& options = {}) {
  const auto& network = detail::ModelAccess::network(model);
  const Samples samples = detail::samples_of(x);
  detail::require_input_gradient(network, samples, options);
  auto dx = make_tensor<Tensor<T, detail::rank_of_samples<X>()>>(samples.shape());
  std::vector<std::int32_t> classes(static_cast<std::size_t>(samples.count()), -1);
  detail::input_gradient<T>(network, samples, classes, options, dx.data());
  return dx;
}
template <Real T, class X, class Y>
requires detail::TargetData<Y>
[[nodiscard]] auto input_gradient(const Model<T>& model, const X& x, const Y& classes,
                                  const InputGradientOptions& options = {}) {
  const auto& network = detail::ModelAccess::network(model);
  const Samples samples = detail::samples_of(x);
  detail::require_input_gradient(network, samples, options);
  const Targets chosen = detail::labels_of(classes);
  detail::require_scores(chosen, samples.count(), network.output().num_elements());
  std::vector<std::int32_t> list(static_cast<std::size_t>(samples.count()));
  for (Index i = 0; i < samples.count(); ++i) {
    list[static_cast<std::size_t>(i)] = chosen.class_of(i, 0);
  }
  auto dx = make_tensor<Tensor<T, detail::rank_of_samples<X>()>>(samples.shape());
  detail::input_gradient<T>(network, samples, list, options, dx.data());
  return dx;
}

}  // namespace nn
