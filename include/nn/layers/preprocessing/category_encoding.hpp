// SPDX-License-Identifier: MIT
// Category encoding layer.
#pragma once

#include <algorithm>
#include <string>

#include "nn/layer/preprocessing/category_output.hpp"

namespace nn {

/// Writes categories, whole numbers from 0 to num_tokens - 1, as rows of num_tokens numbers (Keras:
/// CategoryEncoding). Numbers between them are rounded down; others are in no category, so nothing
/// is written for them, as Keras does.
///     one_hot     y[..., k] = 1 if x = k        [N, 1] to [N, num_tokens], [N, n] to [N, n,
///     num_tokens] multi_hot   y[n, k] = 1 if x[n] has a k   [N, n] to [N, num_tokens] count y[n,
///     k] = how many k x[n] has
/// Backward  dx = 0
/// Throws    std::invalid_argument unless num_tokens is positive, and for OutputMode::integer;
///           ShapeError for samples without categories
template <Real T = float>
class CategoryEncoding {
 public:
  using Scalar = T;

  NN_COLD explicit CategoryEncoding(Index num_tokens,
                                    OutputMode output_mode = OutputMode::multi_hot)
      : num_tokens_(num_tokens), output_mode_(output_mode) {
    demand(num_tokens > 0, "CategoryEncoding", "a positive number of tokens", num_tokens);
    demand(output_mode != OutputMode::integer, "CategoryEncoding",
           "an output_mode of one_hot, multi_hot or count", to_string(output_mode));
  }

  [[nodiscard]] static std::string name() { return "CategoryEncoding"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return detail::category_shape("CategoryEncoding", output_mode_, num_tokens_, input);
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    const T limit = static_cast<T>(static_cast<double>(num_tokens_));
    const auto category_of = [&](const T& value) {
      const bool is_category = value >= T(0) && value < limit;
      return is_category ? static_cast<Index>(static_cast<double>(value)) : Index{-1};
    };
    detail::write_categories(x, output_mode_, num_tokens_, category_of, y);
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2>, TensorMap<T, 2> dx,
                const Pass& pass) const {
    if (pass.needs_dx) std::fill_n(dx.data(), dx.size(), T(0));
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("num_tokens", num_tokens_)
        .set("output_mode", to_string(output_mode_));
  }
  [[nodiscard]] NN_COLD static CategoryEncoding from_arguments(const Arguments& a) {
    return CategoryEncoding(
        a.get<Index>("num_tokens"),
        a.one_of("output_mode", {OutputMode::one_hot, OutputMode::multi_hot, OutputMode::count}));
  }

 private:
  Index num_tokens_;
  OutputMode output_mode_;
};

}  // namespace nn
