// SPDX-License-Identifier: MIT
// What layers share that add borders to samples, or remove them.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "nn/kernels/rows/borders.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Steps before and after a sequence; one number means both.
struct Borders1D {
  Index before = 0;
  Index after = 0;

  constexpr Borders1D() = default;
  constexpr Borders1D(Index both)  // NOLINT(google-explicit-constructor): 1 is {1, 1}
      : before(both), after(both) {}
  constexpr Borders1D(Index first, Index last) : before(first), after(last) {}
};

/// Pixels around an image: 1 on all sides, {1, 2} above and below, and on both sides, or
/// {{1, 0}, {2, 3}} for top, bottom, left and right (Keras: a number or tuples).
struct Borders2D {
  Borders1D vertical;    // top and bottom
  Borders1D horizontal;  // left and right

  constexpr Borders2D(Index all)  // NOLINT(google-explicit-constructor): 1 is on all sides
      : vertical(all), horizontal(all) {}
  constexpr Borders2D(Borders1D above_below, Borders1D left_right)
      : vertical(above_below), horizontal(left_right) {}
};

namespace detail {

/// Adds borders of zeros to samples [steps, channels] (Axes = 1) or [height, width, channels]
/// (Axes = 2), or removes borders.
template <Real T, int Axes, bool adds>
class BorderLayer {
 public:
  using Scalar = T;
  static constexpr int input_rank = Axes + 2;
  static constexpr int output_rank = Axes + 2;
  static constexpr Promises promises{.ignores_y = true};

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    constexpr bool is_image = Axes == 2;
    const char* const expected =
        is_image ? "samples [height, width, channels]" : "samples [steps, channels]";
    demand<ShapeError>(input.rank() == Axes + 1, layer_, expected, input.to_string());
    const auto size = [&](Index before, const Borders1D& borders) {
      constexpr Index most = std::numeric_limits<Index>::max() / 2;
      const Index around = borders.before + borders.after;
      if (adds) {
        demand<ShapeError>(before < most, layer_, "samples of fewer elements", input.to_string());
        return before + around;
      }
      if (before <= around) {
        refuse<ShapeError>({layer_,
                            {"more than ", around, " to crop from"},
                            before,
                            {"samples ", input.to_string()}});
      }
      return before - around;
    };
    if constexpr (!is_image) return {size(input[0], borders_.vertical), input[1]};
    return {size(input[0], borders_.vertical), size(input[1], borders_.horizontal), input.back()};
  }

  void forward(ConstTensorMap<T, Axes + 2> x, TensorMap<T, Axes + 2> y, const Pass&) const {
    // y = x with borders of zeros, or without its borders
    convert<adds>(x, y, x.data(), y.data());
  }

  void backward(ConstTensorMap<T, Axes + 2> x, ConstTensorMap<T, Axes + 2> y,
                TensorMap<T, Axes + 2> dy, TensorMap<T, Axes + 2> dx, const Pass& pass) const {
    // dx = dy the other way: a border that was added has no gradient, one that was removed gets 0
    if (pass.needs_dx) convert<!adds>(x, y, dy.data(), dx.data());
  }

 protected:
  NN_COLD BorderLayer(const char* layer, const char* what, const Borders2D& borders)
      : layer_(layer), borders_(borders) {
    constexpr Index most = 1 << 20;
    for (const Borders1D& axis : {borders.vertical, borders.horizontal}) {
      for (const Index size : {axis.before, axis.after}) {
        if (size < 0 || size > most) refuse({layer, {what, " from 0 to 1048576"}, size});
      }
    }
  }

  /// [before, after], or [top, bottom, left, right]
  [[nodiscard]] NN_COLD std::vector<Index> sizes() const {
    std::vector<Index> sizes{borders_.vertical.before, borders_.vertical.after};
    if constexpr (Axes == 2) {
      sizes.insert(sizes.end(), {borders_.horizontal.before, borders_.horizontal.after});
    }
    return sizes;
  }
  /// Of these, a list of two numbers or one number.
  [[nodiscard]] NN_COLD static Borders2D borders_from(const Arguments& a, const char* name) {
    if (!a.has_list(name)) {
      const auto all = a.get<Index>(name);
      return {all, Axes == 2 ? all : 0};
    }
    const auto list = a.get<std::vector<Index>>(name);
    if (Axes == 1 && list.size() == 2) return {{list[0], list[1]}, 0};
    if (Axes == 2 && list.size() == 2) return {list[0], list[1]};
    if (Axes == 2 && list.size() == 4) return {{list[0], list[1]}, {list[2], list[3]}};
    refuse({{a.owner(), ", argument '", name, "'"},
            Axes == 1 ? "2 numbers" : "2 or 4 numbers",
            std::ssize(list)});
  }

 private:
  template <bool is_adding>
  void convert(const auto& x, const auto& y, const T* from, T* to) const {
    const auto& inner = [&]() -> const auto& {
      if constexpr (adds) {
        return x;
      } else {
        return y;
      }
    }
    ();
    const Borders1D &v = borders_.vertical, &h = borders_.horizontal;
    const kernels::BorderedImages shape{inner.dimension(0),
                                        inner.dimension(1),
                                        Axes == 2 ? inner.dimension(Axes) : 1,
                                        inner.dimension(Axes + 1),
                                        v.before,
                                        v.after,
                                        h.before,
                                        h.after};
    if constexpr (is_adding) {
      kernels::add_borders(shape, from, to);
    } else {
      kernels::remove_borders(shape, from, to);
    }
  }

  const char* layer_;
  Borders2D borders_;
};

}  // namespace detail
}  // namespace nn
