// SPDX-License-Identifier: MIT
// What layers share whose results are categories.
#pragma once

#include <string>

#include "nn/kernels/rows/encode.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// What becomes of categories, with Keras' names.
enum class OutputMode {
  integer,    ///< "int": their numbers, in the shape of the input
  one_hot,    ///< a row for each, 1 at its number; a last axis of 1 gives way to it
  multi_hot,  ///< a row for each last axis, 1 at the numbers that it has
  count       ///< the same, with how often it has them
};

[[nodiscard]] constexpr const char* to_string(OutputMode mode) {
  constexpr const char* names[] = {"int", "one_hot", "multi_hot", "count"};
  return names[static_cast<int>(mode)];
}

namespace detail {

/// The shape of a sample. Throws `ShapeError` for samples without a last axis that has categories.
[[nodiscard]] NN_COLD inline Shape category_shape(const char* layer, OutputMode mode, Index depth,
                                                  const Shape& input) {
  if (mode == OutputMode::integer) return input;
  const bool is_one_hot = mode == OutputMode::one_hot;
  if (input.empty() && !is_one_hot) {
    refuse<ShapeError>({layer, "samples with an axis of categories", input.to_string()});
  }
  const bool drops_last = !input.empty() && (!is_one_hot || input.back() == 1);
  Shape output(input.begin(), input.end() - (drops_last ? 1 : 0));
  output.push_back(depth);
  return output;
}

/// y of x, where category_of(x) is a whole number from 0 to depth - 1, or negative for none.
template <Real T, class CategoryOf>
void write_categories(const ConstTensorMap<T, 2>& x, OutputMode mode, Index depth,
                      const CategoryOf& category_of, const TensorMap<T, 2>& y) {
  const auto category = [&](Index i) { return category_of(x.data()[i]); };
  if (mode == OutputMode::integer) {
    kernels::for_each_block(x.size(), [&](Index first, Index count) {
      for (Index i = first; i < first + count; ++i) {
        y.data()[i] = T(static_cast<double>(category(i)));
      }
    });
  } else {
    const bool is_one_hot = mode == OutputMode::one_hot;
    const Index cols = is_one_hot ? 1 : x.dimension(1);
    kernels::encode_categories(is_one_hot ? x.size() : x.dimension(0), cols, depth,
                               mode == OutputMode::count, category, y.data());
  }
}

}  // namespace detail
}  // namespace nn
