// SPDX-License-Identifier: MIT
// Masks on their way through models: a padded sequence gives what the short one gives alone.
#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/model_layer.hpp"
#include "tests/testing/allocations.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::random_tensor;

constexpr Index num_steps = 5;

/// x [N, num_steps, features] where only the first `lengths[n]` steps of sample n are not 0.
Tensor<double, 3> padded(const std::vector<Index>& lengths, Index features) {
  const auto size = static_cast<Index>(lengths.size());
  auto x = random_tensor<double, 3>({size, num_steps, features}, 1);
  for (Index n = 0; n < size; ++n) {
    for (Index t = lengths[static_cast<std::size_t>(n)]; t < num_steps; ++t) {
      for (Index f = 0; f < features; ++f) x(n, t, f) = 0;
    }
  }
  return x;
}

/// Sample n without its padding.
Tensor<double, 3> shortened(const Tensor<double, 3>& x, Index n, Index length) {
  Tensor<double, 3> one(1, length, x.dimension(2));
  for (Index t = 0; t < length; ++t) {
    for (Index f = 0; f < x.dimension(2); ++f) one(0, t, f) = x(n, t, f);
  }
  return one;
}

/// The largest difference between what `make` gives for padded sequences behind a Masking, at steps
/// that count, and for each one alone without it.
template <class Make>
double padding_error(const Make& make) {
  const std::vector<Index> lengths{3, 5, 1};
  const Tensor<double, 3> x = padded(lengths, 2);
  Sequential<double> masked{Masking<double>{}};
  masked.add(make());
  masked.build({num_steps, 2}, {.seed = 2});
  const bool are_sequences = masked.output_shape().rank() == 2;
  const Index units = masked.output_shape().back();
  std::vector<double> y(static_cast<std::size_t>(3 * masked.output_shape().num_elements()));
  if (are_sequences) {
    Tensor<double, 3> all = masked.template predict<3>(x);
    std::copy_n(all.data(), all.size(), y.data());
  } else {
    Tensor<double, 2> all = masked.predict(x);
    std::copy_n(all.data(), all.size(), y.data());
  }
  double error = 0;
  for (Index n = 0; n < 3; ++n) {
    const Index length = lengths[static_cast<std::size_t>(n)];
    Sequential<double> alone;
    alone.add(make());
    alone.build({length, 2}, {.seed = 2});
    for (std::size_t i = 0; i < alone.parameters().named().size(); ++i) {
      alone.parameters().named()[i].value() = masked.parameters().named()[i].value();
    }
    const Tensor<double, 3> one = shortened(x, n, length);
    std::vector<double> expected(static_cast<std::size_t>(length * units));
    Index steps = 1;
    if (are_sequences) {
      const Tensor<double, 3> result = alone.template predict<3>(one);
      std::copy_n(result.data(), result.size(), expected.data());
      steps = length;
    } else {
      const Tensor<double, 2> result = alone.predict(one);
      std::copy_n(result.data(), result.size(), expected.data());
    }
    for (Index i = 0; i < steps * units; ++i) {
      const Index at = n * (are_sequences ? num_steps : 1) * units + i;
      error = std::max(
          error, std::abs(y[static_cast<std::size_t>(at)] - expected[static_cast<std::size_t>(i)]));
    }
  }
  return error;
}

/// What is wrong with the gradients of layers behind a Masking at 0 and a ReLU that makes zeros.
template <class Make>
std::string wrong_masked_gradients(const Make& make) {
  const auto in_model = [=]<class T>(T) {
    // Some of these words are 0.
    return AnyLayer<T>(testing::ModelLayer<T>({AnyLayer<T>(Embedding<T>{3, 2, {.mask_zero = true}}),
                                               AnyLayer<T>(make.template operator()<T>())}));
  };
  testing::LayerMaker maker;
  maker.of_double = [=] { return in_model(double()); };
  maker.of_float = [=] { return in_model(float()); };
  maker.of_dual = [=] { return in_model(testing::Dual()); };
  testing::Findings findings;
  testing::check_gradients(findings, "model", maker, {4}, 4,
                           {.lowest = 0, .highest = 3, .is_whole = true},
                           testing::LayerRig<double>::training_pass());
  return testing::to_text(findings);
}

/// Masks the steps that begin with a negative number, and leaves x as it is.
template <Real T>
struct NegativeMasking {
  using Scalar = T;
  static constexpr int input_rank = 3;
  static constexpr int output_rank = 3;
  static constexpr Promises promises{.is_identity_at_inference = true};

  [[nodiscard]] static std::string name() { return "NegativeMasking"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 3> y, const Pass&) const { y = x; }
  void backward(ConstTensorMap<T, 3>, ConstTensorMap<T, 3>, TensorMap<T, 3> dy, TensorMap<T, 3> dx,
                const Pass&) const {
    dx = dy;
  }
  [[nodiscard]] static bool makes_mask() { return true; }
  void make_mask(ConstTensorMap<T, 3> x, bool* mask) const {
    for (Index n = 0; n < x.dimension(0); ++n) {
      for (Index t = 0; t < x.dimension(1); ++t) *mask++ = x(n, t, 0) >= 0;
    }
  }
};

/// The loss of a batch of sequences of two classes, and the metrics, under this model.
Scores score(Sequential<double>& model, const Tensor<double, 3>& x,
             const Tensor<std::int32_t, 2>& y) {
  return model.evaluate(x, y, {.verbose = Verbose::silent});
}

}  // namespace

TEST_SUITE("model/masking") {
  TEST_CASE("Masking: recurrent layers give for padded sequences what short ones give alone") {
    CHECK(padding_error([] { return SimpleRNN<double>{3}; }) < 1e-12);
    CHECK(padding_error([] { return LSTM<double>{3}; }) < 1e-12);
    CHECK(padding_error([] { return GRU<double>{3}; }) < 1e-12);
    CHECK(padding_error([] {
            return GRU<double>{3, {.return_sequences = true, .reset_after = false}};
          }) < 1e-12);
    CHECK(padding_error([] { return LSTM<double>{3, {.go_backwards = true}}; }) < 1e-12);
    CHECK(padding_error([] { return Bidirectional<double>{GRU<double>{2}}; }) < 1e-12);
    CHECK(padding_error([] {
            return Bidirectional<double>{LSTM<double>{2, {.return_sequences = true}}};
          }) < 1e-12);
    CHECK(padding_error([] { return GlobalAveragePooling1D<double>{}; }) < 1e-12);
    // Without a mask they differ.
    CHECK(padding_error([] {
            return Sequential<double>{UpSampling1D<double>{1}, GRU<double>{3}};
          }) > 1e-3);
  }

  TEST_CASE("Masking: the mask goes through layers that treat each step alone, and sums") {
    CHECK(padding_error([] {
            return Sequential<double>{Dense<double>{4, {.activation = Activation::relu}},
                                      Dropout<double>{0.5},
                                      TimeDistributed<double>{Dense<double>{3}},
                                      Residual<double>{Dense<double>{3}, Softmax<double>{}},
                                      GRU<double>{2, {.return_sequences = true}},
                                      LSTM<double>{2}};
          }) < 1e-12);
  }

  TEST_CASE("Masking: right gradients") {
    CHECK(wrong_masked_gradients([]<class T>() { return SimpleRNN<T>{2}; }) == "");
    CHECK(wrong_masked_gradients([]<class T>() {
            return LSTM<T>{2, {.return_sequences = true}};
          }) == "");
    CHECK(wrong_masked_gradients([]<class T>() {
            return GRU<T>{2, {.go_backwards = true}};
          }) == "");
    CHECK(wrong_masked_gradients([]<class T>() {
            return GRU<T>{2, {.reset_after = false}};
          }) == "");
    CHECK(wrong_masked_gradients([]<class T>() {
            return Bidirectional<T>{LSTM<T>{2, {.return_sequences = true}},
                                    {.merge_mode = MergeMode::mul}};
          }) == "");
    CHECK(wrong_masked_gradients([]<class T>() { return GlobalAveragePooling1D<T>{}; }) == "");
  }

  TEST_CASE("Masking: Bidirectional sequences are 0 at masked steps, other recurrent layers hold") {
    Sequential<double> both{Masking<double>{},
                            Bidirectional<double>{GRU<double>{2, {.return_sequences = true}}}};
    Sequential<double> one{Masking<double>{}, GRU<double>{2, {.return_sequences = true}}};
    both.build({num_steps, 2}, {.seed = 1});
    one.build({num_steps, 2}, {.seed = 1});
    const Tensor<double, 3> x = padded({2}, 2);
    const Tensor<double, 3> y = both.predict<3>(x), held = one.predict<3>(x);
    for (Index t = 2; t < num_steps; ++t) {
      for (Index j = 0; j < 4; ++j) CHECK(y(0, t, j) == 0);
      for (Index j = 0; j < 2; ++j) CHECK(held(0, t, j) == held(0, 1, j));
    }
  }

  TEST_CASE("Masking: losses are means over the steps that count; weighted metrics count those") {
    Sequential<double> model{Masking<double>{}, Dense<double>{2}, Softmax<double>{}};
    model.build({num_steps, 2}, {.seed = 3});
    model.compile(SGD{{.learning_rate = 0.5}}, SparseCategoricalCrossentropy{},
                  {Accuracy{}, weighted(Accuracy{})});
    Sequential<double> plain{Dense<double>{2}, Softmax<double>{}};
    plain.build({3, 2}, {.seed = 3});
    plain.compile(SGD{{.learning_rate = 0.5}}, SparseCategoricalCrossentropy{},
                  {Accuracy{}, weighted(Accuracy{})});
    for (std::size_t i = 0; i < 2; ++i) {
      plain.parameters().named()[i].value() = model.parameters().named()[i].value();
    }
    const Tensor<double, 3> x = padded({3, 3}, 2);
    Tensor<double, 3> cut(2, 3, 2);
    Tensor<std::int32_t, 2> y(2, num_steps), cut_y(2, 3);
    for (Index n = 0; n < 2; ++n) {
      for (Index t = 0; t < num_steps; ++t) {
        y(n, t) = static_cast<std::int32_t>((n + t) % 2);
        if (t >= 3) continue;
        cut_y(n, t) = y(n, t);
        for (Index f = 0; f < 2; ++f) cut(n, t, f) = x(n, t, f);
      }
    }
    const Scores masked = score(model, x, y), expected = score(plain, cut, cut_y);
    CHECK(masked["loss"] == doctest::Approx(expected["loss"]).epsilon(1e-12));
    CHECK(masked["weighted_accuracy"] == doctest::Approx(expected["weighted_accuracy"]));
    // As in Keras, a metric without weights counts all rows.
    CHECK(masked["accuracy"] != doctest::Approx(expected["accuracy"]));
    // The gradients are the same too.
    model.train_on_batch(x, y);
    plain.train_on_batch(cut, cut_y);
    for (std::size_t i = 0; i < 2; ++i) {
      const auto trained = model.parameters().named()[i].value();
      const auto wanted = plain.parameters().named()[i].value();
      for (Index j = 0; j < trained.size(); ++j) {
        CHECK(trained.data()[j] == doctest::Approx(wanted.data()[j]).epsilon(1e-12));
      }
    }
  }

  TEST_CASE("Masking: sums count a step that counts in any of their inputs; masks may lie inside") {
    const Input<float> first{{4}}, second{{4}};
    const auto a = first | Embedding{5, 2, {.mask_zero = true}};
    const auto b = second | Embedding{5, 2, {.mask_zero = true}};
    Model<float> model{{first, second}, add({a, b}) | Dense{1}};
    const auto& plan = detail::ModelAccess::network(model).plan();
    CHECK(plan.outputs()[0].mask == 2);
    CHECK(plan.result_mask_size(0) == 4);
    // Words of sentences: the inner mask ends with the words.
    Sequential sentence{Embedding{5, 2, {.mask_zero = true}}, LSTM{3}};
    Sequential text{TimeDistributed{sentence}, Masking{}, LSTM{2}};
    text.build({3, 4}, {.seed = 1});
    Tensor<std::int32_t, 3> words(1, 3, 4);
    words.setConstant(2);
    words(0, 1, 3) = 0;
    const Tensor<float, 2> y = text.predict(words);
    CHECK(y.size() == 2);
  }

  TEST_CASE("Masking: a layer of one's own makes a mask, also where inference would leave it out") {
    Sequential<float> model{NegativeMasking<float>{}, GlobalAveragePooling1D{}};
    model.build({3, 1});
    Tensor<float, 3> x(1, 3, 1);
    x.setValues({{{4}, {-9}, {2}}});
    CHECK(model.predict(x)(0, 0) == 3);
  }

  TEST_CASE("Masking: Flatten and convolutions end it; batch statistics refuse it") {
    const auto output_mask = [](auto... layers) {
      Sequential<float> model{layers...};
      model.build({4, 2});
      return detail::ModelAccess::network(model).plan().outputs()[0].mask;
    };
    CHECK(output_mask(Masking{}, Dense{3}) == 0);
    CHECK(output_mask(Masking{}, Flatten{}) == -1);
    CHECK(output_mask(Masking{}, LSTM{3}) == -1);
    CHECK(output_mask(Masking{}, ZeroPadding1D{1}) == -1);
    Sequential<float> model{Masking{}, BatchNormalization{}};
    model.build({4, 2});
    Workspace workspace;
    Tensor<float, 3> x(2, 4, 2);
    x.setZero();
    CHECK_THROWS_WITH_AS(
        static_cast<void>(model.forward<3>(x, workspace)),
        "BatchNormalization: expected sequences without a mask in training, got masked ones (their "
        "padding would be in the statistics); normalize each step by itself",
        std::invalid_argument);
  }

  TEST_CASE(
      "Masking: predict takes no memory from the heap, and the bits are those of one thread") {
    Sequential model{Embedding{9, 4, {.mask_zero = true}},
                     Bidirectional{GRU{8, {.return_sequences = true}}}, LSTM{4}, Dense{2}};
    model.build({6}, {.seed = 4});
    Tensor<std::int32_t, 2> x(50, 6);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<std::int32_t>(i * i % 9);
    Workspace workspace;
    Tensor<float, 2> y, again;
    model.predict(x, y, workspace);
    model.predict(x, again, workspace);
    const Index before = testing::num_allocations();
    model.predict(x, again, workspace);
    CHECK(testing::num_allocations() == before);
    const int threads = num_threads();
    for (const int count : {1, 3}) {
      set_num_threads(count);
      model.predict(x, again, workspace);
      for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == again.data()[i]);
    }
    set_num_threads(threads);
  }
}

}  // namespace nn
