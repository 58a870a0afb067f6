// SPDX-License-Identifier: MIT
// Losses that are written for one row, and what makes the loss of a batch of them.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>

#include "nn/kernels/machine/blocks.hpp"
#include "nn/scoring/reduction.hpp"

namespace nn {

/// A loss of one row: a call that returns the row's loss and, unless `gradient` [classes] is null,
/// writes there `factor` times the gradient with respect to the row's scores. It may run in many
/// threads at once. Optional members:
///
///     Reduction reduction() const;  // else sum_over_batch_size
///     std::optional<std::int32_t> ignore_class() const;     // rows with this label don't count
///     void check_batch(const ScoredBatch<T>& batch) const;  // throws for scores it can't take
template <class L, class T>
concept RowLoss = requires(const L& loss, const ScoredRow<T>& row, T factor, T* gradient) {
  { loss(row, factor, gradient) } -> std::convertible_to<T>;
};

namespace detail {

template <class L>
[[nodiscard]] std::optional<std::int32_t> ignored_class(const L& loss) {
  if constexpr (requires { loss.ignore_class(); }) return loss.ignore_class();
  return std::nullopt;
}

template <class L>
[[nodiscard]] Reduction reduction_of(const L& loss) {
  if constexpr (requires { loss.reduction(); }) return loss.reduction();
  return Reduction::sum_over_batch_size;
}

/// A loss of any type, as the loop over rows sees it: a call for each row costs nothing beside the
/// row, and the loop is compiled once.
template <Real T>
struct RowLossView {
  const void* loss;
  T (*call)(const void* loss, const ScoredRow<T>& row, T factor, T* gradient);
  Reduction reduction;
  std::optional<std::int32_t> ignored;
};

template <Real T>
[[gnu::noinline]] double sum_row_losses(const RowLossView<T>& view, const ScoredBatch<T>& batch,
                                        T* row_losses, T* gradient) {
  const double scale = scale_of(view.reduction, batch, view.ignored);
  kernels::for_each_row(batch.rows, batch.classes, [&, scale = static_cast<T>(scale)](Index i) {
    T* row_gradient = gradient == nullptr ? nullptr : gradient + i * batch.classes;
    if (batch.is_masked(i) || (view.ignored && batch.labels[i] == *view.ignored)) {
      row_losses[i] = T(0);
      if (row_gradient != nullptr) std::fill_n(row_gradient, batch.classes, T(0));
      return;
    }
    const T weight = batch.weights == nullptr ? T(1) : batch.weights[i];
    row_losses[i] = weight * view.call(view.loss, batch.row(i), weight * scale, row_gradient);
  });
  double sum = 0;
  for (Index i = 0; i < batch.rows; ++i) sum += static_cast<double>(row_losses[i]);
  return sum * scale;
}

}  // namespace detail

/// The loss of a batch: its rows' losses, each times its weight, reduced; 0 for a batch of none.
/// Writes the rows' losses, times their weights, and, unless it is null, the gradient of the result
/// with respect to the scores, which may take the scores' place where the loss allows that. Sums
/// run in the order of the rows, so the bits are the same for any number of threads.
/// Shapes    row_losses [rows]   gradient [rows, classes]   the others as ScoredBatch says
template <Real T, RowLoss<T> L>
double compute_loss(const L& loss, const ScoredBatch<T>& batch, T* row_losses, T* gradient) {
  if constexpr (requires { loss.check_batch(batch); }) loss.check_batch(batch);
  const detail::RowLossView<T> view{
      .loss = &loss,
      .call = [](const void* held, const ScoredRow<T>& row, T factor,
                 T* dy) { return static_cast<T>((*static_cast<const L*>(held))(row, factor, dy)); },
      .reduction = detail::reduction_of(loss),
      .ignored = detail::ignored_class(loss)};
  return detail::sum_row_losses(view, batch, row_losses, gradient);
}

}  // namespace nn
