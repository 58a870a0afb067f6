// SPDX-License-Identifier: MIT
// SpatialDropout1D and SpatialDropout2D.
#include "nn/layers/regularization/spatial_dropout1d.hpp"
#include "nn/layers/regularization/spatial_dropout2d.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Shape;
using nn::testing::form;
using nn::testing::WorkedExample;

struct OfSequences {
  template <class T>
  using Layer = nn::SpatialDropout1D<T>;
  static constexpr const char* samples =
      "[steps, channels], got [4]; use sequences [N, steps, channels]";
  static Shape sample(nn::Index channels) { return {5, channels}; }
};
struct OfImages {
  template <class T>
  using Layer = nn::SpatialDropout2D<T>;
  static constexpr const char* samples =
      "[height, width, channels], got [4]; use images [N, height, width, channels]";
  static Shape sample(nn::Index channels) { return {5, 2, channels}; }
};

}  // namespace

TEST_SUITE("layers/regularization/spatial_dropout") {
  TEST_CASE_TEMPLATE("SpatialDropout: fills the form", Of, OfSequences, OfImages) {
    const auto layer = [](double rate) {
      return [rate]<class T>() { return typename Of::template Layer<T>{rate}; };
    };
    const Shape sample = Of::sample(3);
    const std::string name = Of::template Layer<float>::name();
    CHECK(form(layer(0.4), sample,
               {.output = sample,
                .refusals = {{{4}, nn::concat({name, ": expected samples ", Of::samples})}},
                .is_random = true}) == "");
    CHECK(form(layer(0), sample, {.output = sample}) == "");
  }

  TEST_CASE_TEMPLATE("SpatialDropout: drops whole channels, and the same ones of the gradient", Of,
                     OfSequences, OfImages) {
    constexpr int channels = 8, num_samples = 3;
    const Shape sample = Of::sample(channels);
    const int sample_size = static_cast<int>(sample.num_elements());
    const int count = num_samples * sample_size;
    const std::vector<double> ones(static_cast<std::size_t>(count), 1.0),
        threes(static_cast<std::size_t>(count), 3.0);
    WorkedExample example(typename Of::template Layer<double>{0.5}, sample, ones);
    static_cast<void>(example.forward());
    static_cast<void>(example.backward(threes));
    int kept = 0;
    for (int i = 0; i < count; ++i) {
      CAPTURE(i);
      const double y = example.batch.y.data()[i];
      const int first = i / sample_size * sample_size + i % channels;
      CHECK((y == 0 || y == 2));
      CHECK(y == example.batch.y.data()[first]);
      CHECK(example.batch.dx.data()[i] == 3 * y);
      kept += y != 0 ? 1 : 0;
    }
    CHECK(kept > 0);
    CHECK(kept < count);
  }

  TEST_CASE_TEMPLATE("SpatialDropout: refuses rates that are no probability, names its argument",
                     Of, OfSequences, OfImages) {
    using Layer = typename Of::template Layer<float>;
    const std::string sentence =
        nn::concat({Layer::name(), ": expected a rate from 0 to 1, got 1.5"});
    CHECK_THROWS_WITH_AS(Layer{1.5}, sentence.c_str(), std::invalid_argument);
    CHECK(nn::testing::arguments_text(Layer{0.25}) == R"({"rate":0.25})");
  }
}
