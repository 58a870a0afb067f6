// SPDX-License-Identifier: MIT
// The output of a model for data.
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

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

/// Predicts `total` samples into y [N, ...] of each output: samples x in memory that were checked
/// or, unless it is null, those of a reader. Allocates nothing for samples in memory, once the
/// workspace has its size.
template <Real T>
void predict_batches(const Network<T>& network, Index total, std::span<const Samples> x,
                     BatchReaderInterface<T>* reader, std::span<T* const> y, Workspace& workspace,
                     const PredictOptions& options, Progress* progress) {
  const std::size_t num_inputs = network.inputs().size();
  const Index batch_size = std::min(options.batch_size, total);
  const Index rest = batch_size == 0 ? 0 : total % batch_size;
  const MemoryLayout& whole = network.layout(workspace.layouts(), batch_size, false);
  const MemoryLayout& last = rest == 0 ? whole : network.layout(workspace.layouts(), rest, false);
  const Index pointer_bytes =
      padded_bytes<T*>(checked_sum({static_cast<Index>(num_inputs), std::ssize(y)}));
  Index x_bytes = 0;
  for (const Shape& input : network.inputs()) {
    x_bytes = checked_sum({x_bytes, padded_bytes<T>(batch_size, input.num_elements())});
  }
  std::byte* const memory = workspace.reserve(
      checked_sum({pointer_bytes, x_bytes, std::max(whole.num_bytes, last.num_bytes)}));
  auto** const inputs = reinterpret_cast<const T**>(memory);
  auto** const results = reinterpret_cast<T**>(memory + num_inputs * sizeof(T*));
  Pass pass{.training = false,
            .memory = memory + pointer_bytes + x_bytes,
            .seed = network.seed(),
            .precision = options.precision};
  for (Index first = 0; first < total; first += batch_size) {
    const Index count = std::min(batch_size, total - first);
    pass.batch_number = shared_batch_number(first, count, batch_size, total);
    const std::span<const Samples> part = reader == nullptr ? x : reader->next().x;
    std::byte* buffer = memory + pointer_bytes;
    for (std::size_t i = 0; i < num_inputs; ++i) {
      const Samples samples = part[i].slice(reader == nullptr ? first : 0, count);
      inputs[i] = samples.gather(nullptr, count, reinterpret_cast<T*>(buffer));
      buffer += padded_bytes<T>(batch_size, network.inputs()[i].num_elements());
    }
    for (std::size_t o = 0; o < y.size(); ++o) {
      results[o] = y[o] + first * network.output(o).num_elements();
    }
    network.forward(std::span<const T* const>(inputs, num_inputs), pass,
                    count == batch_size ? whole : last, std::span<T* const>(results, y.size()));
    if (progress != nullptr && progress->is_due()) {
      progress->show(first / batch_size + 1, first + count, Scores{});
    }
  }
}

/// The same for a data set's x, with a workspace of its own, and with progress shown.
template <Real T>
void predict_batches(const Network<T>& network, const DataSet& data, std::span<T* const> y,
                     const PredictOptions& options) {
  Workspace workspace;
  const Index num_batches = count_batches(data.count(), options.batch_size);
  Progress progress(options.verbose, options.stream, num_batches);
  progress.begin("");
  std::unique_ptr<BatchReaderInterface<T>> reader;
  if (data.source.is_given()) {
    reader = data.source.reader<T>({}, {}, options.batch_size, options.prefetch, BatchShare{});
    reader->begin({}, 0, data.count());
  }
  predict_batches<T>(network, data.count(), data.x, reader.get(), y, workspace, options, &progress);
  progress.end(num_batches, data.count(), progress.seconds(), Scores{});
}

/// Throws unless the model gives results of these ranks.
template <Real T>
NN_COLD void require_output_ranks(const char* where, const Network<T>& network,
                                  std::initializer_list<int> ranks) {
  if (network.num_outputs() != ranks.size()) {
    refuse({.where = where,
            .expected = {"a rank for each of ", network.num_outputs(), " outputs"},
            .got = ranks.size(),
            .remedy = "name them all: predict<2, 4>(x)"});
  }
  std::size_t o = 0;
  for (const int rank : ranks) require_output_rank(where, network.output(o++), rank);
}

/// Where a result goes: into the caller's tensor, or one that takes its place in the end. (Eigen's
/// resize frees the old elements before it has room for the new ones.)
template <TensorLike Y>
class ResultPlace {
 public:
  /// Throws `ShapeError` for a map of another shape, `std::invalid_argument` for one of x.
  ResultPlace(const char* where, std::span<const Samples> x, const Shape& shape, Y& y)
      : y_(y), is_made_(shape_of(y) != shape) {
    for (const Samples& samples : x) {
      if (samples.data() != y.data() || y.size() == 0) continue;
      refuse({where, "a result with memory of its own", "x itself"});
    }
    if (!is_made_) return;
    if constexpr (is_resizable) {
      made_ = make_tensor<Y>(shape);
    } else {
      refuse<ShapeError>(
          {where, {"a result of shape ", shape.to_string()}, shape_of(y).to_string()});
    }
  }

  [[nodiscard]] ScalarOf<Y>* data() {
    if constexpr (is_resizable) {
      if (is_made_) return made_.data();
    }
    return y_.data();
  }
  void finish() {
    if constexpr (is_resizable) {
      if (is_made_) y_ = std::move(made_);
    }
  }

 private:
  struct Nothing {};
  static constexpr bool is_resizable = requires(Y & y) {
    y.resize(dimensions_of<Y::NumDimensions>(Shape{}));
  };

  Y& y_;
  bool is_made_;
  std::conditional_t<is_resizable, Y, Nothing> made_{};
};

}  // namespace detail

template <Real T>
NN_COLD void Model<T>::require_prediction(const char* where, const PredictOptions& options) const {
  detail::require_prefetch(where, options.prefetch);
  demand(options.batch_size > 0, where, "a positive batch_size", options.batch_size);
  require_precision<T>(where, options.precision);
  if (options.precision != NumberFormat::float32) {
    network_.require_float_weights("Model::predict, precision");
  }
}

/// In inference mode. Any number of threads may call it on one model. Throws `ShapeError` where x
/// or the rank doesn't fit, `std::invalid_argument` before `build` and for options that don't fit.
template <Real T>
template <int Rank, int... Ranks>
auto Model<T>::predict(const SampleList& x, const PredictOptions& options) const {
  constexpr const char* where = "Model::predict";
  require_samples(where, x.list());
  detail::require_output_ranks(where, network_, {Rank, Ranks...});
  require_prediction(where, options);
  const DataSet data(x, std::initializer_list<Targets>{}, {});
  std::size_t o = 0;
  const auto make = [&]<int R>(std::integral_constant<int, R>) {
    return make_tensor<Tensor<T, R>>(network_.output(o++).with_batch(data.count()));
  };
  // Braces: made in order.
  std::tuple<Tensor<T, Rank>, Tensor<T, Ranks>...> made{
      make(std::integral_constant<int, Rank>{}), make(std::integral_constant<int, Ranks>{})...};
  std::apply(
      [&](auto&... y) {
        const std::array<T*, 1 + sizeof...(Ranks)> results{y.data()...};
        detail::predict_batches<T>(network_, data, results, options);
      },
      made);
  if constexpr (sizeof...(Ranks) == 0) {
    return std::get<0>(std::move(made));
  } else {
    return made;
  }
}

template <Real T>
template <int Rank, int... Ranks>
auto Model<T>::predict(const SampleList& x) const {
  return predict<Rank, Ranks...>(x, PredictOptions{});
}

/// The same of samples that are read when they are needed; no targets are wanted.
template <Real T>
template <int Rank, detail::AnySource S>
Tensor<T, Rank> Model<T>::predict(const S& source, const PredictOptions& options) const {
  constexpr const char* where = "Model::predict";
  const DataSet data(detail::source_of<T>(source));
  require_built(where);
  detail::require_inputs<T>(where, data, input_shapes());
  demand(network_.num_outputs() == 1, where, "a model with one output, to read from a source",
         network_.num_outputs());
  detail::require_output_ranks(where, network_, {Rank});
  require_prediction(where, options);
  auto made = make_tensor<Tensor<T, Rank>>(output_shape().with_batch(data.count()));
  T* const result = made.data();
  detail::predict_batches<T>(network_, data, std::span(&result, 1), options);
  return made;
}

template <Real T>
template <int Rank, detail::AnySource S>
Tensor<T, Rank> Model<T>::predict(const S& source) const {
  return predict<Rank>(source, PredictOptions{});
}

/// y is a Tensor, which is resized, or a TensorMap, which must have the right shape; or a tuple of
/// references to such. It must not be x. If this throws, Tensors of another size are as they were.
template <Real T>
template <class Y>
void Model<T>::predict(const SampleList& x, Y&& y, Workspace& workspace) const {
  if constexpr (TensorLike<std::remove_cvref_t<Y>>) {
    predict_into(x.list(), std::tie(y), workspace);
  } else {
    predict_into(x.list(), y, workspace);
  }
}

/// x [N, ...] has the model's input shape. Throws as `forward`, and `std::invalid_argument` in a
/// callback.
template <Real T>
template <int Rank, class X>
Tensor<T, Rank> Model<T>::advance(X&& x, Workspace& workspace) {
  constexpr const char* where = "Model::advance";
  network_.require_no_training(where);
  const Samples samples = detail::samples_of(std::forward<X>(x));
  require_samples(where, std::span(&samples, 1));
  require_one_output(where);
  detail::require_output_rank(where, output_shape(), Rank);
  const Index count = samples.count();
  auto y = make_tensor<Tensor<T, Rank>>(output_shape().with_batch(count));
  const Index x_bytes = padded_bytes<T>(count, input_shape().num_elements());
  const MemoryLayout& layout = network_.layout(workspace.layouts(), count, false);
  std::byte* const memory = workspace.reserve(checked_sum({x_bytes, layout.num_bytes}));
  const T* const first = samples.gather(nullptr, count, reinterpret_cast<T*>(memory));
  T* const result = y.data();
  const Pass pass = network_.pass(false, memory + x_bytes);
  network_.forward(std::span(&first, 1), pass, layout, std::span(&result, 1));
  network_.update_state(pass, layout);
  return y;
}

template <Real T>
template <class... Ys>
void Model<T>::predict_into(std::span<const Samples> x, const std::tuple<Ys&...>& y,
                            Workspace& workspace) const {
  constexpr const char* where = "Model::predict";
  static_assert((std::same_as<ScalarOf<Ys>, T> && ...),
                "predict writes tensors of the model's scalar type");
  require_samples(where, x);
  detail::require_output_ranks(where, network_, {Ys::NumDimensions...});
  std::size_t o = 0;
  const auto shape_of_next = [&] { return network_.output(o++).with_batch(x[0].count()); };
  std::apply(
      [&](Ys&... results) {
        // Braces: in order.
        std::tuple<detail::ResultPlace<Ys>...> places{
            detail::ResultPlace<Ys>{where, x, shape_of_next(), results}...};
        std::apply(
            [&](auto&... place) {
              const std::array<T*, sizeof...(Ys)> data{place.data()...};
              detail::predict_batches<T>(network_, x[0].count(), x, nullptr, data, workspace,
                                         PredictOptions{}, nullptr);
              (place.finish(), ...);
            },
            places);
      },
      y);
}

}  // namespace nn
