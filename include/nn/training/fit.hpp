// SPDX-License-Identifier: MIT
// Training over epochs.
#pragma once

#include <utility>

#include "nn/training/fit_data.hpp"
#include "nn/training/fit_loop.hpp"
#include "nn/training/fit_options.hpp"
#include "nn/training/history.hpp"

namespace nn {

/// Trains in shuffled batches; the last one may be smaller. `validation_split` is cut off the end
/// before shuffling. An optimizer with `use_ema` leaves the average of the weights; before that,
/// and in validation, they are its own. Values of an epoch are means over its samples, as they were
/// during training. A training that diverges goes on, unless `TerminateOnNaN` is there; the lines
/// that it prints say so. Returns the values of each epoch. Throws `ShapeError` or
/// `std::invalid_argument` for data or options that don't fit, and whatever a callback throws; the
/// model is then as it was before.
template <Real T>
History Model<T>::fit(const SampleList& x, const TargetList& y, const FitOptions& options) {
  return fit_data({x, y, options.sample_weight}, options);
}

template <Real T>
NN_COLD History Model<T>::fit_data(const DataSet& data, const FitOptions& options) {
  constexpr const char* where = "Model::fit";
  detail::require_fit_options(where, options);
  require_compiled(where);
  network_.require_no_training(where);
  network_.require_float_weights(where);
  detail::require_types<T>(where, data);
  const std::vector<Shape> inputs = is_built() ? input_shapes() : data.sample_shapes();
  const auto [training, validation] =
      detail::cut_data<T>(data, options, inputs, output_shapes(inputs), compiled_);
  Model before_build = is_built() ? Model{} : *this;
  const bool was_built = is_built();
  auto compiled = compiled_;
  typename ParameterBlock<T>::Snapshot before;
  try {
    if (!was_built) build_for(inputs, BuildOptions{});
    network_.ensure_gradients();
    before = network_.block().snapshot();
  } catch (...) {
    if (!was_built) *this = std::move(before_build);
    throw;
  }
  try {
    return detail::FitLoop<T>(network_, compiled_, options, training, validation).run();
  } catch (...) {
    compiled_ = std::move(compiled);
    if (is_built()) network_.block().restore(std::move(before));
    if (!was_built) *this = std::move(before_build);
    throw;
  }
}

template <Real T>
History Model<T>::fit(const SampleList& x, const TargetList& y) {
  return fit(x, y, FitOptions{});
}

/// The same with samples that are read when they are needed, in the order that data in memory would
/// have, so to the same bits. Their targets are checked as they are read. For a model with one
/// input and one output.
template <Real T>
template <class S>
History Model<T>::fit(const S& source, const FitOptions& options) {
  return fit_data(DataSet(detail::source_of<T>(source), options.sample_weight), options);
}

template <Real T>
template <class S>
History Model<T>::fit(const S& source) {
  return fit(source, FitOptions{});
}

}  // namespace nn
