// SPDX-License-Identifier: MIT
#include "nn/kernels/conv2d/conv2d.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/core/memory.hpp"
#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/conv2d/gradient_reader.hpp"
#include "nn/kernels/conv2d/groups.hpp"
#include "nn/kernels/machine/cache.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using nn::kernels::Conv2DShape;
using namespace nn::testing;

/// Sizes that follow from the others, with Keras' rules for `valid` and `same`.
Conv2DShape make_shape(Index batch, Index height, Index width, Index in_channels,
                       Index kernel_height, Index kernel_width, Index out_channels,
                       Index stride_height = 1, Index stride_width = 1, bool same = false,
                       Index dilation_height = 1, Index dilation_width = 1) {
  Conv2DShape s{batch,        height, width, in_channels,     kernel_height,
                kernel_width, 0,      0,     out_channels,    stride_height,
                stride_width, 0,      0,     dilation_height, dilation_width};
  const Index reach_height = (kernel_height - 1) * dilation_height + 1;
  const Index reach_width = (kernel_width - 1) * dilation_width + 1;
  if (same) {
    s.out_height = (height + stride_height - 1) / stride_height;
    s.out_width = (width + stride_width - 1) / stride_width;
    s.pad_top = std::max<Index>(0, (s.out_height - 1) * stride_height + reach_height - height) / 2;
    s.pad_left = std::max<Index>(0, (s.out_width - 1) * stride_width + reach_width - width) / 2;
  } else {
    s.out_height = (height - reach_height) / stride_height + 1;
    s.out_width = (width - reach_width) / stride_width + 1;
  }
  return s;
}

std::vector<Conv2DShape> shapes() {
  std::vector<Conv2DShape> list{
      make_shape(3, 28, 28, 1, 3, 3, 32),                    // the first layer of a digit reader
      make_shape(1, 9, 30, 1, 5, 5, 24, 1, 1),               // 25 rows of W
      make_shape(2, 7, 9, 3, 3, 3, 17, 1, 1, true),          // same, odd sizes
      make_shape(2, 8, 7, 5, 2, 4, 8, 1, 1, true),           // even kernel: uneven padding
      make_shape(2, 11, 13, 2, 3, 3, 33, 2, 3, true),        // strides that don't divide
      make_shape(1, 12, 10, 16, 3, 2, 64, 2, 2),             // rows and columns left over
      make_shape(2, 13, 14, 3, 3, 3, 8, 1, 1, false, 2, 3),  // dilation
      make_shape(2, 13, 14, 3, 3, 3, 5, 1, 1, true, 3, 2),   // dilation with padding
      make_shape(2, 13, 14, 2, 3, 3, 5, 2, 3, true, 2, 2),   // dilation with strides
      make_shape(1, 7, 7, 2, 2, 2, 3, 3, 4),                 // windows that leave gaps
      make_shape(3, 6, 5, 16, 1, 1, 20),                     // 1 x 1
      make_shape(2, 6, 5, 3, 1, 1, 1, 2, 2),                 // 1 x 1 with strides
      make_shape(1, 1, 1, 5, 1, 1, 3),                       // one pixel
      make_shape(2, 4, 3, 5, 4, 3, 70),                      // the whole image at once
      make_shape(1, 3, 50, 1, 1, 7, 1, 1, 1, true),          // one channel in, one out
      make_shape(0, 5, 5, 2, 3, 3, 4),                       // no samples
      // So many input channels that each cell of the kernel is a product of its own:
      make_shape(5, 6, 7, 9, 3, 3, 24, 1, 1, true),          // whole samples at once
      make_shape(2, 17, 50, 8, 3, 3, 8, 1, 1, true),         // parts that begin within a sample
      make_shape(2, 9, 8, 24, 3, 4, 20, 2, 3, true),         // strides
      make_shape(2, 13, 9, 12, 3, 3, 40, 1, 1, true, 2, 3),  // dilation
      make_shape(2, 5, 5, 130, 3, 2, 10, 1, 1, true),        // more channels than a slice has
      make_shape(1, 2, 600, 8, 1, 3, 35, 1, 1, true),        // rows longer than a chunk
      make_shape(3, 20, 20, 20, 2, 2, 17),                   // cells that share their dy
      make_shape(150, 5, 5, 8, 3, 3, 24),                    // bands that begin within a sample
      make_shape(1, 3, 2, 8, 3, 5, 2, 1, 1, true, 3, 2),     // cells that meet no pixel
  };
  for (const Index channels : {2, 9}) {  // windows far larger than the image
    const Index far = Index{1} << 20;
    for (const Conv2DShape& s : {make_shape(2, 5, 4, channels, 3, 3, 5, 1, 1, true, far, 1),
                                 make_shape(2, 5, 4, channels, 3, 5, 17, 1, 1, true, 2, far),
                                 make_shape(1, 4, 4, channels, 2, 4, 3, 1, 1, true, far, far),
                                 make_shape(2, 5, 6, channels, 40, 61, 3, 1, 1, true),
                                 make_shape(2, 5, 6, channels, 4, 3, 3, 2, 3, true, 4, 7)}) {
      list.push_back(s);
    }
  }
  for (const Index channels : {3, 128}) {
    Conv2DShape wide = make_shape(2, 5, 6, channels, 3, 3, 4);  // more padding than `same` has
    wide.pad_top = 4, wide.pad_left = 5, wide.out_height = 9, wide.out_width = 11;
    list.push_back(wide);
  }
  return list;
}

template <class T>
struct Operands {
  std::vector<T> x, W, bias, dy, mask;

  explicit Operands(const Conv2DShape& s)
      : x(random_values<T>(s.batch * s.input_size(), 1)),
        W(random_values<T>(s.patch_size() * s.out_channels, 2)),
        bias(random_values<T>(s.out_channels, 3)),
        dy(random_values<T>(s.batch * s.output_size(), 4)),
        mask(random_values<T>(s.batch * s.input_size(), 5)) {}
};

template <class T>
void check_forward(Isa isa, const Conv2DShape& s, bool with_bias, Activation activation) {
  const Operands<T> given(s);
  const T* bias = with_bias ? given.bias.data() : nullptr;
  auto y = nan_values<T>(s.batch * s.output_size()), expected = y;
  nn::kernels::naive::conv2d(s, given.x.data(), given.W.data(), bias, activation, expected.data());
  nn::kernels::detail::conv2d_forward(isa, s, given.x.data(), given.W.data(), bias, activation,
                                      {y.data()});
  CHECK(largest_difference(y, expected) <= sum_tolerance<T>(s.patch_size()));
}

/// With a map of each channel behind the sums, and a ReLU behind that.
template <class T>
void check_affine(Isa isa, const Conv2DShape& s) {
  const Operands<T> given(s);
  const auto scale = random_values<T>(s.out_channels, 6),
             shift = random_values<T>(s.out_channels, 7);
  auto y = nan_values<T>(s.batch * s.output_size()), expected = y;
  nn::kernels::naive::conv2d(s, given.x.data(), given.W.data(), given.bias.data(),
                             Activation::linear, expected.data());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t channel = i % scale.size();
    expected[i] = std::max(expected[i] * scale[channel] + shift[channel], T(0));
  }
  nn::kernels::detail::conv2d_forward(isa, s, given.x.data(), given.W.data(), given.bias.data(),
                                      Activation::relu, {y.data()}, {scale.data(), shift.data()});
  CHECK(largest_difference(y, expected) <= sum_tolerance<T>(s.patch_size()));
}

template <class T>
void check_input_gradient(Isa isa, const Conv2DShape& s, bool masked) {
  const Operands<T> given(s);
  const T* mask = masked ? given.mask.data() : nullptr;
  auto dx = nan_values<T>(s.batch * s.input_size()), expected = dx;
  nn::kernels::naive::conv2d_input_gradient(s, given.dy.data(), given.W.data(), mask,
                                            expected.data());
  nn::kernels::detail::conv2d_input_gradient(isa, s, given.dy.data(), given.W.data(), mask,
                                             dx.data());
  CHECK(largest_difference(dx, expected) <=
        sum_tolerance<T>(s.kernel_height * s.kernel_width * s.out_channels));
}

template <class T>
void check_kernel_gradient(Isa isa, const Conv2DShape& s, bool with_bias, bool accumulate) {
  const Operands<T> given(s);
  const Index size = s.patch_size() * s.out_channels;
  auto dW = accumulate ? random_values<T>(size, 6) : nan_values<T>(size), expected_dW = dW;
  auto db = accumulate ? random_values<T>(s.out_channels, 7) : nan_values<T>(s.out_channels);
  auto expected_db = db;
  nn::kernels::naive::conv2d_kernel_gradient(s, given.x.data(), given.dy.data(), expected_dW.data(),
                                             with_bias ? expected_db.data() : nullptr, accumulate);
  nn::kernels::detail::conv2d_kernel_gradient(isa, s, given.x.data(), given.dy.data(), dW.data(),
                                              with_bias ? db.data() : nullptr, accumulate);
  const double tolerance = sum_tolerance<T>(s.batch * s.out_height * s.out_width);
  CHECK(largest_difference(dW, expected_dW) <= tolerance);
  CHECK(largest_difference(db, expected_db) <= tolerance);
}

/// Shapes whose dy can be read in columns.
std::vector<Conv2DShape> readable_shapes() {
  return {
      make_shape(3, 28, 28, 1, 3, 3, 32),                     // the first layer of a digit reader
      make_shape(2, 9, 11, 3, 5, 5, 48),                      // two panels of channels
      make_shape(2, 11, 13, 2, 3, 2, 16, 2, 3),               // strides
      make_shape(2, 13, 14, 3, 3, 3, 112, 1, 1, false, 2, 3)  // dilation
  };
}

/// The kernel gradient from dy in runs of `num_pixels` pixels, each in pieces of two or fewer.
template <class T>
void check_gradient_reader(Isa isa, const Conv2DShape& s, bool with_bias, bool accumulate,
                           Index num_pixels) {
  const Operands<T> given(s);
  const Index size = s.patch_size() * s.out_channels, row = s.output_size();
  auto dW = accumulate ? random_values<T>(size, 6) : nan_values<T>(size), expected_dW = dW;
  auto db = accumulate ? random_values<T>(s.out_channels, 7) : nan_values<T>(s.out_channels);
  auto expected_db = db;
  nn::kernels::naive::conv2d_kernel_gradient(s, given.x.data(), given.dy.data(), expected_dW.data(),
                                             with_bias ? expected_db.data() : nullptr, accumulate);
  nn::kernels::Conv2DGradientReader<T> reader(isa, s, given.x.data(), dW.data(),
                                              with_bias ? db.data() : nullptr, accumulate);
  REQUIRE(reader.unit() == s.out_channels);
  const Index step = num_pixels * s.out_channels, num_runs = (row + step - 1) / step;
  reader.begin(num_runs);
  nn::parallel_for(num_runs, [&](Index run) {
    const Index end = std::min(row, (run + 1) * step);
    for (Index first = run * step; first < end;) {
      const Index cols = std::min(end - first, 2 * s.out_channels);
      reader.read(run, first, {given.dy.data() + first, s.batch, cols, row, 1});
      first += cols;
    }
  });
  reader.end();
  const double tolerance = sum_tolerance<T>(s.batch * s.out_height * s.out_width);
  CHECK(largest_difference(dW, expected_dW) <= tolerance);
  CHECK(largest_difference(db, expected_db) <= tolerance);
}

}  // namespace

TEST_SUITE("kernels/conv2d") {
  TEST_CASE_TEMPLATE("Conv2D: the output is the naive one", T, float, double) {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      int number = 0;
      for (const Conv2DShape& s : shapes()) {
        CAPTURE(number);
        ++number;
        check_forward<T>(isa, s, true, Activation::linear);
        check_forward<T>(isa, s, false, Activation::relu);
        check_forward<T>(isa, s, true, Activation::tanh);
        check_affine<T>(isa, s);
      }
    }
  }

  TEST_CASE_TEMPLATE("Conv2D: kernels larger than the cache, in groups of channels", T, float,
                     double) {
    const Index large = 4 * nn::kernels::cached_elements<T>();          // elements of W
    std::vector<Conv2DShape> list{make_shape(1, 3, 40, 8, 3, 3, 600),   // gradients by cells
                                  make_shape(1, 3, 40, 7, 3, 3, 600)};  // and by blocks
    for (const Index channels : {7, 96, 128}) {                         // by windows, and by cells
      list.push_back(make_shape(2, 4, 4, channels, 3, 3, large / (9 * channels) + 33, 1, 1, true));
    }
    for (const Conv2DShape& s : list) {
      CAPTURE(s.in_channels);
      check_forward<T>(nn::isa(), s, true, Activation::relu);
      check_input_gradient<T>(nn::isa(), s, true);
      check_kernel_gradient<T>(nn::isa(), s, true, false);
    }
  }

  TEST_CASE("Conv2D: a y in bfloat16 is the rounded one") {
    if (!nn::kernels::takes_bfloat16(nn::kernels::bfloat16_products)) return;
    std::vector<Conv2DShape> all = shapes();
    all.push_back(make_shape(2, 5, 5, 128, 3, 3, 256, 1, 1, true));  // pieces of some channels
    all.push_back(make_shape(1, 5, 6, 200, 3, 3, 200));
    int number = 0;
    for (const Conv2DShape& s : all) {
      CAPTURE(number);
      ++number;
      const Operands<float> given(s);
      auto y = nan_values<float>(s.batch * s.output_size());
      std::vector<nn::Bfloat16> rounded(y.size() + 1, 7);
      for (const Activation activation : {Activation::linear, Activation::relu}) {
        nn::kernels::conv2d(s, given.x.data(), given.W.data(), given.bias.data(), activation,
                            y.data());
        nn::kernels::conv2d(s, given.x.data(), given.W.data(), given.bias.data(), activation,
                            rounded.data(), nn::kernels::bfloat16_products);
        CHECK(std::equal(y.begin(), y.end(), rounded.begin(), [](float wide, nn::Bfloat16 narrow) {
          return nn::to_bfloat16(wide) == narrow;
        }));
        CHECK(rounded.back() == 7);
      }
    }
  }

  TEST_CASE_TEMPLATE("Conv2D: the input gradient is the naive one", T, float, double) {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      int number = 0;
      for (const Conv2DShape& s : shapes()) {
        CAPTURE(number);
        ++number;
        check_input_gradient<T>(isa, s, false);
        check_input_gradient<T>(isa, s, true);
      }
    }
  }

  TEST_CASE_TEMPLATE("Conv2D: the transpose, with a bias and an activation, is the naive one", T,
                     float, double) {
    int number = 0;
    for (const Conv2DShape& s : shapes()) {
      CAPTURE(number);
      ++number;
      const Operands<T> given(s);
      const auto bias = random_values<T>(s.in_channels, 8);
      auto y = nan_values<T>(s.batch * s.input_size()), expected = y;
      for (const Activation activation : {Activation::linear, Activation::relu, Activation::tanh}) {
        nn::kernels::naive::conv2d_transpose(s, given.dy.data(), given.W.data(), bias.data(),
                                             activation, expected.data());
        nn::kernels::conv2d_transpose(s, given.dy.data(), given.W.data(), bias.data(), activation,
                                      y.data());
        CHECK(largest_difference(y, expected) <=
              sum_tolerance<T>(s.kernel_height * s.kernel_width * s.out_channels + 1));
      }
    }
  }

  TEST_CASE("Conv2D: in groups, a y in bfloat16 is the rounded one") {
    if (!nn::kernels::takes_bfloat16(nn::kernels::bfloat16_products)) return;
    const Conv2DShape s = make_shape(2, 5, 6, 12, 3, 2, 9);
    const Operands<float> given(s);
    std::vector<float> y(given.dy.size());
    std::vector<nn::Bfloat16> rounded(y.size() + 1, 7);
    const auto convolve = [](const Conv2DShape& part, const float* x, const float* W, auto* to,
                             Index) {
      if constexpr (std::is_same_v<decltype(to), float*>) {
        nn::kernels::conv2d(part, x, W, nullptr, Activation::relu, to);
      } else {
        nn::kernels::conv2d(part, x, W, nullptr, Activation::relu, to,
                            nn::kernels::bfloat16_products);
      }
    };
    nn::kernels::grouped_conv2d(s, 3, given.x.data(), given.W.data(), y.data(), convolve);
    nn::kernels::grouped_conv2d(s, 3, given.x.data(), given.W.data(), rounded.data(), convolve);
    CHECK(std::equal(y.begin(), y.end(), rounded.begin(), [](float wide, nn::Bfloat16 narrow) {
      return nn::to_bfloat16(wide) == narrow;
    }));
    CHECK(rounded.back() == 7);
  }

  TEST_CASE_TEMPLATE("Conv2D: the kernel gradient is the naive one", T, float, double) {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      int number = 0;
      for (const Conv2DShape& s : shapes()) {
        CAPTURE(number);
        ++number;
        check_kernel_gradient<T>(isa, s, true, false);
        check_kernel_gradient<T>(isa, s, true, true);
        check_kernel_gradient<T>(isa, s, false, false);
      }
    }
  }

  TEST_CASE_TEMPLATE("Conv2D: the kernel gradient of a dy in columns is the naive one", T, float,
                     double) {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      int number = 0;
      for (const Conv2DShape& s : readable_shapes()) {
        CAPTURE(number);
        ++number;
        REQUIRE(nn::kernels::Conv2DGradientReader<T>::can_read(s));
        check_gradient_reader<T>(isa, s, true, false, 3);
        check_gradient_reader<T>(isa, s, true, true, 1);
        check_gradient_reader<T>(isa, s, false, false, 1000);
      }
    }
  }

  TEST_CASE("Conv2D: dy in columns is not for every shape") {
    using Reader = nn::kernels::Conv2DGradientReader<float>;
    CHECK_FALSE(Reader::can_read(make_shape(2, 9, 9, 1, 3, 3, 32, 1, 1, true)));  // padding
    CHECK_FALSE(Reader::can_read(make_shape(2, 9, 9, 8, 3, 3, 32)));              // channels in
    CHECK_FALSE(Reader::can_read(make_shape(2, 9, 9, 1, 3, 3, 24)));              // half a vector
    CHECK_FALSE(Reader::can_read(make_shape(2, 9, 9, 1, 3, 3, 144)));             // channels out
    CHECK_FALSE(Reader::can_read(make_shape(2, 9, 9, 7, 9, 9, 32)));              // a large W
  }

  TEST_CASE("Conv2D: NaN and infinity reach the output, and ReLU keeps NaN") {
    const Conv2DShape s = make_shape(1, 3, 3, 1, 2, 2, 2);
    std::vector<float> x(9, 1.0f), W(8, 1.0f), y(8);
    x[0] = std::numeric_limits<float>::quiet_NaN();
    x[8] = std::numeric_limits<float>::infinity();
    nn::kernels::conv2d(s, x.data(), W.data(), nullptr, Activation::relu, y.data());
    CHECK(std::isnan(y[0]));
    CHECK(std::isinf(y[7]));
    CHECK(y[2] == 4);
  }

  TEST_CASE("Conv2D: any number of threads gives the same bits, and a sample those of its batch") {
    for (const Conv2DShape& s :
         {make_shape(40, 28, 28, 1, 3, 3, 32), make_shape(9, 15, 14, 24, 3, 3, 40, 2, 1, true),
          make_shape(4, 5, 5, 128, 3, 3, 256, 1, 1, true)}) {
      CAPTURE(s.out_channels);
      const Operands<float> given(s);
      std::vector<float> y(given.dy.size()), dx(given.x.size()), dW(given.W.size()),
          db(given.bias.size());
      auto first_y = y, first_dx = dx, first_dW = dW, first_db = db;
      for (const int threads : {1, 2, 3}) {
        CAPTURE(threads);
        const ThreadsForTest use(threads);
        nn::kernels::conv2d(s, given.x.data(), given.W.data(), given.bias.data(), Activation::relu,
                            y.data());
        nn::kernels::conv2d_input_gradient(s, given.dy.data(), given.W.data(), given.mask.data(),
                                           dx.data());
        nn::kernels::conv2d_kernel_gradient(s, given.x.data(), given.dy.data(), dW.data(),
                                            db.data(), false);
        if (threads == 1) first_y = y, first_dx = dx, first_dW = dW, first_db = db;
        CHECK(y == first_y);
        CHECK(dx == first_dx);
        CHECK(dW == first_dW);
        CHECK(db == first_db);
      }
      Conv2DShape one = s;
      one.batch = 1;
      const Index last = s.batch - 1;
      std::vector<float> one_y(static_cast<std::size_t>(s.output_size()));
      std::vector<float> one_dx(static_cast<std::size_t>(s.input_size()));
      nn::kernels::conv2d(one, given.x.data() + last * s.input_size(), given.W.data(),
                          given.bias.data(), Activation::relu, one_y.data());
      nn::kernels::conv2d_input_gradient(one, given.dy.data() + last * s.output_size(),
                                         given.W.data(), given.mask.data() + last * s.input_size(),
                                         one_dx.data());
      CHECK(std::equal(one_y.begin(), one_y.end(), y.end() - std::ssize(one_y)));
      CHECK(std::equal(one_dx.begin(), one_dx.end(), dx.end() - std::ssize(one_dx)));
    }
  }

  TEST_CASE_TEMPLATE("Conv2D: a y larger than the caches is the same as one sample after another",
                     T, float, double) {
    const Index channels = 16, pixels = 512;
    Conv2DShape s = make_shape(1, pixels, pixels, 1, 1, 1, channels, 1, 1, false);
    s.batch = nn::kernels::shared_cache_bytes() / (s.output_size() * Index{sizeof(T)}) + 1;
    Operands<T> given(s);
    const auto size = static_cast<std::size_t>(s.output_size());
    nn::AlignedArray<T> y(static_cast<std::size_t>(s.batch) * size);
    nn::kernels::conv2d(s, given.x.data(), given.W.data(), given.bias.data(), Activation::relu,
                        y.data());
    const Index batch = std::exchange(s.batch, 1);
    std::vector<T> one(size);
    for (Index i = 0; i < batch; ++i) {
      nn::kernels::conv2d(s, given.x.data() + i * s.input_size(), given.W.data(), given.bias.data(),
                          Activation::relu, one.data());
      CHECK(std::equal(one.begin(), one.end(), y.data() + i * s.output_size()));
    }
  }

  TEST_CASE("Conv2D: writes nothing outside of its results, from unaligned memory") {
    const Conv2DShape s = make_shape(1, 5, 6, 3, 3, 3, 5, 1, 1, true);
    Operands<float> given(s);
    const auto guarded = [](Index size) {
      return std::vector<float>(static_cast<std::size_t>(size + 2), 77.0f);
    };
    auto y = guarded(s.output_size()), dx = guarded(s.input_size());
    auto dW = guarded(s.patch_size() * s.out_channels), db = guarded(s.out_channels);
    given.x.insert(given.x.begin(), 0.0f);
    given.dy.insert(given.dy.begin(), 0.0f);
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      using namespace nn::kernels::detail;
      conv2d_forward(isa, s, given.x.data() + 1, given.W.data(), given.bias.data(),
                     Activation::linear, {y.data() + 1});
      conv2d_input_gradient<float>(isa, s, given.dy.data() + 1, given.W.data(), nullptr,
                                   dx.data() + 1);
      conv2d_kernel_gradient(isa, s, given.x.data() + 1, given.dy.data() + 1, dW.data() + 1,
                             db.data() + 1, false);
      for (const auto* memory : {&y, &dx, &dW, &db}) {
        CHECK(memory->front() == 77);
        CHECK(memory->back() == 77);
      }
    }
  }

  TEST_CASE("Conv2D: a scalar without vector kernels gives the same numbers") {
    const Conv2DShape s = make_shape(2, 6, 5, 2, 3, 2, 3, 2, 1, true);
    const Operands<double> given(s);
    const std::vector<long double> x(given.x.begin(), given.x.end()),
        W(given.W.begin(), given.W.end());
    const std::vector<long double> dy(given.dy.begin(), given.dy.end());
    std::vector<long double> y(dy.size()), dx(x.size()), dW(W.size());
    std::vector<double> expected_y(dy.size()), expected_dx(x.size()), expected_dW(W.size());
    nn::kernels::conv2d(s, x.data(), W.data(), nullptr, Activation::tanh, y.data());
    nn::kernels::conv2d_input_gradient(s, dy.data(), W.data(), nullptr, dx.data());
    nn::kernels::conv2d_kernel_gradient(s, x.data(), dy.data(), dW.data(), nullptr, false);
    nn::kernels::conv2d(s, given.x.data(), given.W.data(), nullptr, Activation::tanh,
                        expected_y.data());
    nn::kernels::conv2d_input_gradient(s, given.dy.data(), given.W.data(), nullptr,
                                       expected_dx.data());
    nn::kernels::conv2d_kernel_gradient(s, given.x.data(), given.dy.data(), expected_dW.data(),
                                        nullptr, false);
    const auto rounded = [](const std::vector<long double>& values) {
      std::vector<double> result;
      for (const long double value : values) result.push_back(static_cast<double>(value));
      return result;
    };
    CHECK(largest_difference(rounded(y), expected_y) <= sum_tolerance<double>(12));
    CHECK(largest_difference(rounded(dx), expected_dx) <= sum_tolerance<double>(18));
    CHECK(largest_difference(rounded(dW), expected_dW) <= sum_tolerance<double>(30));
  }
}
