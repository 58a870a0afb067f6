// SPDX-License-Identifier: MIT
// The output of a model for data.
#pragma once

#include <algorithm>
#include <cstdio>
#include <utility>

#include "nn/model/compiled.hpp"
#include "nn/model/model.hpp"
#include "nn/training/batch_feed.hpp"
#include "nn/training/progress.hpp"
#include "nn/training/requirements.hpp"
#include "nn/training/split.hpp"

namespace nn {

struct PredictOptions {
  Index batch_size = 128;  ///< samples that run through the model together: memory against speed
  Verbose verbose = Verbose::silent;
  std::FILE* stream = stdout;  ///< where progress is shown; null: silent
  /// The precision of products in Dense layers: float32, or bfloat16 with sums in float. Ignored
  /// for a quantized model, whose weights fix it.
  ProductPrecision precision{};
  Index prefetch = 2;  ///< batches of a source that are read ahead: see FitOptions
};

namespace detail {

/// Predicts the samples x of data that were checked into y [N, ...]. Allocates nothing for samples
/// in memory, once the workspace has its size.
template <Real T>
void predict_batches(const Network<T>& network, const DataSet& data, T* y, Workspace& workspace,
                     const PredictOptions& options, Progress* progress) {
  const Index total = data.count();
  const Index batch_size = std::min(options.batch_size, total);
  const Index x_bytes = padded_bytes<T>(batch_size, network.input().num_elements());
  const Index rest = batch_size == 0 ? 0 : total % batch_size;
  const MemoryLayout& whole = network.layout(workspace.layouts(), batch_size, false);
  const MemoryLayout& last = rest == 0 ? whole : network.layout(workspace.layouts(), rest, false);
  std::byte* memory =
      workspace.reserve(checked_sum({x_bytes, std::max(whole.num_bytes, last.num_bytes)}));
  Pass pass{.training = false,
            .memory = memory + x_bytes,
            .seed = network.seed(),
            .precision = options.precision};
  const Index y_size = network.output().num_elements();
  BatchFeed<T> feed(data, {}, options.batch_size, options.prefetch);
  feed.begin({}, 0);
  for (Index first = 0; first < total; first += batch_size) {
    const auto [part, rows, count] = feed.next();
    pass.batch_number = shared_batch_number(first, count, batch_size, total);
    const T* batch = part->x.gather(rows, count, reinterpret_cast<T*>(memory));
    network.forward(batch, pass, count == batch_size ? whole : last, y + first * y_size);
    if (progress != nullptr && progress->is_due()) {
      progress->show(first / batch_size + 1, first + count, Scores{});
    }
  }
}

/// The same with a workspace of its own, and with progress shown.
template <Real T>
void predict_batches(const Network<T>& network, const DataSet& data, T* y,
                     const PredictOptions& options) {
  Workspace workspace;
  const Index num_batches = count_batches(data.count(), options.batch_size);
  Progress progress(options.verbose, options.stream, num_batches);
  progress.begin("");
  predict_batches(network, data, y, workspace, options, &progress);
  progress.end(num_batches, data.count(), progress.seconds(), Scores{});
}

/// What `predict` was given: a source, or samples in memory.
template <Real T, class X>
[[nodiscard]] DataSet data_to_predict(const X& x) {
  if constexpr (is_source<X>) {
    return {{}, {}, {}, source_of<T>(x)};
  } else {
    return {samples_of(x)};
  }
}

}  // namespace detail

/// In inference mode. x may also be a source, of which no targets are wanted. Any number of threads
/// may call it on one model. Throws `ShapeError` where x
/// or the rank doesn't fit, `std::invalid_argument` before `build` and for options that don't fit.
template <Real T>
template <int Rank, class X>
Tensor<T, Rank> Model<T>::predict(const X& x, const PredictOptions& options) const {
  constexpr const char* where = "Model::predict";
  const DataSet data = detail::data_to_predict<T>(x);
  require_samples(where, data);
  detail::require_output_rank(where, output_shape(), Rank);
  detail::require_prefetch(where, options.prefetch);
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
  require_precision<T>(where, options.precision);
  if (options.precision != NumberFormat::float32) {
    network_.require_float_weights("Model::predict, precision");
  }
  auto y = make_tensor<Tensor<T, Rank>>(output_shape().with_batch(data.count()));
  detail::predict_batches(network_, data, y.data(), options);
  return y;
}

template <Real T>
template <int Rank, class X>
Tensor<T, Rank> Model<T>::predict(const X& x) const {
  return predict<Rank>(x, PredictOptions{});
}

/// y is a Tensor, which is resized, or a TensorMap, which must have the right shape. It must not be
/// x. If this throws, a Tensor of another size is as it was.
template <Real T>
template <class X, TensorLike Y>
void Model<T>::predict(const X& x, Y& y, Workspace& workspace) const {
  constexpr const char* where = "Model::predict";
  static_assert(std::same_as<ScalarOf<Y>, T>, "predict writes tensors of the model's scalar type");
  const DataSet data{detail::samples_of(x)};
  require_samples(where, data);
  constexpr int rank = Y::NumDimensions;
  detail::require_output_rank(where, output_shape(), rank);
  if (data.x.data() == y.data() && y.size() > 0) {
    refuse({where, "a result with memory of its own", "x itself"});
  }
  const Shape shape = output_shape().with_batch(data.count());
  if (shape_of(y) != shape) {
    if constexpr (requires { y.resize(dimensions_of<rank>(shape)); }) {
      // Not resized: Eigen frees the old elements before it has room for the new ones.
      Y made = make_tensor<Y>(shape);
      detail::predict_batches(network_, data, made.data(), workspace, PredictOptions{}, nullptr);
      y = std::move(made);
      return;
    } else {
      refuse<ShapeError>(
          {where, {"a result of shape ", shape.to_string()}, shape_of(y).to_string()});
    }
  }
  detail::predict_batches(network_, data, y.data(), workspace, PredictOptions{}, nullptr);
}

}  // namespace nn
