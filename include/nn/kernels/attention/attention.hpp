// SPDX-License-Identifier: MIT
// Dot-product attention of several heads. The words of this folder are in scores.hpp.
#pragma once

#include <algorithm>

#include "nn/core/checked.hpp"
#include "nn/core/random.hpp"
#include "nn/kernels/attention/scores.hpp"
#include "nn/kernels/dropout/dropout.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

/// Sizes of an attention. The counts of elements throw as `checked_product` does.
struct AttentionSize {
  Index samples = 0, heads = 1;
  Index queries = 0, keys = 0;         // steps of a sample
  Index key_size = 0, value_size = 0;  // features of a head

  [[nodiscard]] Index num_queries() const {
    return checked_product({samples, queries, heads, key_size});
  }
  [[nodiscard]] Index num_keys() const { return checked_product({samples, keys, heads, key_size}); }
  [[nodiscard]] Index num_values() const {
    return checked_product({samples, keys, heads, value_size});
  }
  [[nodiscard]] Index num_results() const {
    return checked_product({samples, queries, heads, value_size});
  }
};

/// What an attention does beside.
struct AttentionOptions {
  double scale = 1;        ///< of scores
  bool is_causal = false;  ///< query i attends to keys 0 .. i alone
  /// [samples, keys]: false for a key that no query attends to, unless there is no other for it;
  /// null: there are none.
  const bool* key_mask = nullptr;
  /// Of probabilities, as `dropout` does it; 0: none. Their first element has number `begin`.
  double dropout_rate = 0;
  Random random{0, {}};
  Index begin = 0;
};

namespace detail {

/// The attention of one head of one sample, in blocks of queries, so that scores stay in a core's
/// cache and are never stored: backward computes them again (Dao, Fu, Ermon, Rudra and Ré 2022).
template <Real T>
class AttentionHead {
 public:
  AttentionHead(const AttentionSize& size, const AttentionOptions& options, Index number)
      : size_(size), options_(options), number_(number) {}

  void forward(const T* q, const T* k, const T* v, T* y) const {
    const Scratch<T> memory(ScratchUse::scores, block_rows(), row_size());
    for_each_block([&](Index first, Index rows, Index keys) {
      // P = softmax(scale q k^T)   y = P v
      const Matrix<T> P = probabilities(first, rows, keys, q, k, memory.data());
      drop(first, P, P);
      product<T>(P, values(v, keys), results(y).block(first, 0, rows, size_.value_size));
    });
  }

  void backward(const T* q, const T* k, const T* v, const T* dy, T* dq, T* dk, T* dv) const {
    const Scratch<T> memory(ScratchUse::scores, block_rows(), row_size());
    const Scratch<T> gradient_memory(ScratchUse::score_gradients, block_rows(), row_size());
    // The first block assigns dk and dv, unless it does not see all keys.
    const bool is_cleared = options_.is_causal || size_.queries == 0;
    if (is_cleared) {
      clear(keys_of(dk, size_.keys));
      clear(values(dv, size_.keys));
    }
    for_each_block([&](Index first, Index rows, Index keys) {
      const Matrix<T> P = probabilities(first, rows, keys, q, k, memory.data());
      const Matrix<T> dP = score_block(gradient_memory.data(), rows, keys);
      const Matrix<const T> dy_block = results(dy).block(first, 0, rows, size_.value_size);
      const ProductOptions<T> sum{.accumulate = is_cleared || first > 0};
      // dv += P^T dy, where P is what dropout leaves of it
      const bool drops = options_.dropout_rate > 0;
      if (drops) drop(first, P, dP);
      product<T>((drops ? dP : P).transposed(), dy_block, values(dv, keys), sum);
      // dP = dy v^T
      product<T>(dy_block, values(v, keys).transposed(), dP);
      drop(first, dP, dP);
      // dS = scale P (dP - sum_j dP_j P_j)
      for (Index i = 0; i < rows; ++i) {
        softmax_scores_gradient(keys, T(options_.scale), &P(i, 0), &dP(i, 0));
      }
      // dq = dS k   dk += dS^T q
      product<T>(dP, keys_of(k, keys), queries(dq).block(first, 0, rows, size_.key_size));
      product<T>(dP.transposed(), queries(q).block(first, 0, rows, size_.key_size),
                 keys_of(dk, keys), sum);
    });
  }

 private:
  [[nodiscard]] Index row_size() const { return score_row_size(size_.keys); }
  /// Queries of a block.
  [[nodiscard]] Index block_rows() const {
    constexpr Index elements = 32768, fewest = 16;
    return std::min(size_.queries, std::max(fewest, elements / std::max<Index>(row_size(), 1)));
  }
  /// Calls body(first query, queries, keys that any of them attends to).
  template <class Body>
  void for_each_block(const Body& body) const {
    for (Index first = 0; first < size_.queries; first += block_rows()) {
      const Index rows = std::min(block_rows(), size_.queries - first);
      body(first, rows, options_.is_causal ? std::min(size_.keys, first + rows) : size_.keys);
    }
  }

  /// This head's part of a tensor [samples, steps, heads, features].
  template <class Element>
  [[nodiscard]] Matrix<Element> head_of(Element* data, Index steps, Index features) const {
    const Index sample = number_ / size_.heads, head = number_ % size_.heads;
    const Index row_stride = size_.heads * features;
    return {data + sample * steps * row_stride + head * features, steps, features, row_stride, 1};
  }
  template <class Element>
  [[nodiscard]] Matrix<Element> queries(Element* q) const {
    return head_of(q, size_.queries, size_.key_size);
  }
  template <class Element>
  [[nodiscard]] Matrix<Element> keys_of(Element* k, Index count) const {
    return head_of(k, size_.keys, size_.key_size).block(0, 0, count, size_.key_size);
  }
  template <class Element>
  [[nodiscard]] Matrix<Element> values(Element* v, Index count) const {
    return head_of(v, size_.keys, size_.value_size).block(0, 0, count, size_.value_size);
  }
  template <class Element>
  [[nodiscard]] Matrix<Element> results(Element* y) const {
    return head_of(y, size_.queries, size_.value_size);
  }
  [[nodiscard]] Matrix<T> score_block(T* memory, Index rows, Index keys) const {
    return {memory, rows, keys, row_size(), 1};
  }

  /// P = softmax(scale q k^T)   [rows, keys]
  [[nodiscard]] Matrix<T> probabilities(Index first, Index rows, Index keys, const T* q, const T* k,
                                        T* memory) const {
    const Matrix<T> P = score_block(memory, rows, keys);
    product<T>(queries(q).block(first, 0, rows, size_.key_size), keys_of(k, keys).transposed(), P);
    for (Index i = 0; i < rows; ++i) {
      const Index valid = options_.is_causal ? std::min(keys, first + i + 1) : keys;
      if (options_.key_mask != nullptr) leave_out_masked(valid, &P(i, 0));
      softmax_scores(valid, keys, T(options_.scale), &P(i, 0));
    }
    return P;
  }
  /// Makes the scores of masked keys so low that their probability is 0.
  void leave_out_masked(Index valid, T* scores) const {
    const bool* const mask = options_.key_mask + number_ / size_.heads * size_.keys;
    if (std::find(mask, mask + valid, true) == mask + valid) return;
    for (Index j = 0; j < valid; ++j) {
      if (!mask[j]) scores[j] = lowest_score<T>();
    }
  }
  /// to = dropout(from), of the probabilities from query `first` on.
  void drop(Index first, const Matrix<T>& from, const Matrix<T>& to) const {
    if (options_.dropout_rate <= 0) return;
    for (Index i = 0; i < from.rows; ++i) {
      const Index begin = (number_ * size_.queries + first + i) * size_.keys;
      dropout<T>(options_.random, options_.dropout_rate, from.cols, &from(i, 0), &to(i, 0),
                 options_.begin + begin);
    }
  }
  static void clear(const Matrix<T>& x) {
    for (Index i = 0; i < x.rows; ++i) std::fill_n(&x(i, 0), x.cols, T(0));
  }

  const AttentionSize& size_;
  const AttentionOptions& options_;
  Index number_;  // sample * heads + head
};

/// Calls body(head) for each head of each sample, on all threads.
template <Real T, class Body>
void for_each_head(const AttentionSize& size, const AttentionOptions& options, const Body& body) {
  const Index work = saturated_product({size.queries, size.keys});
  for_each_row(size.samples * size.heads, work,
               [&](Index number) { body(AttentionHead<T>(size, options, number)); });
}

}  // namespace detail

/// y = softmax(scale q k^T) v for each head of each sample (Vaswani et al. 2017).
/// Shapes  q [samples, queries, heads, key_size]   k [samples, keys, heads, key_size]
///         v [samples, keys, heads, value_size]    y [samples, queries, heads, value_size]
/// There is at least one key.
template <Real T>
void attention(const AttentionSize& size, const AttentionOptions& options, const T* q, const T* k,
               const T* v, T* y) {
  NN_ASSERT(size.keys > 0);
  detail::for_each_head<T>(size, options,
                           [&](const detail::AttentionHead<T>& head) { head.forward(q, k, v, y); });
}

/// Its gradients, all assigned. dq, dk, dv have the shapes of q, k, v, and dy that of y.
template <Real T>
void attention_gradient(const AttentionSize& size, const AttentionOptions& options, const T* q,
                        const T* k, const T* v, const T* dy, T* dq, T* dk, T* dv) {
  NN_ASSERT(size.keys > 0);
  detail::for_each_head<T>(size, options, [&](const detail::AttentionHead<T>& head) {
    head.backward(q, k, v, dy, dq, dk, dv);
  });
}

}  // namespace nn::kernels
