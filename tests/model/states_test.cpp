// SPDX-License-Identifier: MIT
// Layers with several results in models: recurrent layers that hand their states on.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/model/more_layers.hpp"
#include "nn/report/model_drawing.hpp"
#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/model/gradient_error.hpp"
#include "tests/testing/allocations.hpp"
#include "tests/testing/faulty_fork.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::FaultyFork;
using testing::ForkFault;
using testing::gradient_error;
using testing::random_tensor;
using testing::weights_of;

constexpr Index few_samples = 4, long_steps = 6;

std::string sentence_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no refusal";
}

/// Steps first .. first + count - 1 of x.
Tensor<double, 3> part_of(const Tensor<double, 3>& x, Index first, Index count) {
  Tensor<double, 3> part(x.dimension(0), count, x.dimension(2));
  for (Index n = 0; n < x.dimension(0); ++n) {
    for (Index t = 0; t < count; ++t) {
      for (Index f = 0; f < x.dimension(2); ++f) part(n, t, f) = x(n, first + t, f);
    }
  }
  return part;
}

/// A sequence x that begins with 0 in samples 1, and is 0 everywhere in sample 2: behind a Masking.
Tensor<double, 3> with_padding(Tensor<double, 3> x) {
  for (Index t = 0; t < x.dimension(1); ++t) {
    for (Index f = 0; f < x.dimension(2); ++f) {
      if (t < 2) x(1, t, f) = 0;
      x(2, t, f) = 0;
      if (t > 2) x(3, t, f) = 0;
    }
  }
  return x;
}

/// One layer on a whole sequence, and the same layer on its two halves, where the second half
/// begins with the states behind the first one. `reads`: what stands between the input and it.
template <class L, class Reads>
Model<double> in_halves(const L& layer, const Reads& reads) {
  const Input<double> whole{{long_steps, 2}}, first{{2, 2}}, second{{long_steps - 2, 2}};
  const SharedLayer<double> shared{layer};
  std::vector<Value<double>> at_once = apply(shared, {reads(whole)});
  std::vector<Value<double>> states = apply(shared, {reads(first)});
  states[0] = reads(second);
  std::vector<Value<double>> results = apply(shared, states);
  at_once.insert(at_once.end(), results.begin(), results.end());
  return Model<double>({whole, first, second}, at_once, {.seed = 3});
}

/// The largest difference between the results of both.
template <class L>
double error_of_halves(const L& layer, bool is_masked) {
  const auto reads = [=](const Value<double>& x) { return is_masked ? x | Masking<double>{} : x; };
  const Model<double> model = in_halves(layer, reads);
  Tensor<double, 3> x = random_tensor<double, 3>({few_samples, long_steps, 2}, 1);
  if (is_masked) x = with_padding(x);
  const Tensor<double, 3> first = part_of(x, 0, 2), second = part_of(x, 2, long_steps - 2);
  const std::size_t count = model.output_shapes().size() / 2;
  double error = 0;
  const auto compare = [&](const auto& a, const auto& b) {
    for (Index i = 0; i < a.size(); ++i) {
      error = std::max(error, std::abs(a.data()[i] - b.data()[i]));
    }
  };
  if (count == 3) {
    const auto [y, h, c, y2, h2, c2] = model.predict<2, 2, 2, 2, 2, 2>({x, first, second});
    compare(h, h2);
    compare(c, c2);
    if (!is_masked) compare(y, y2);
  } else {
    const auto [y, h, y2, h2] = model.predict<2, 2, 2, 2>({x, first, second});
    compare(h, h2);
    if (!is_masked) compare(y, y2);
  }
  return error;
}

/// An encoder whose states a decoder begins with. `reads` says which results count, by numbers of
/// the encoder's y, h and c, or 3 for the decoder's steps.
template <class Make>
double translation_error(const Make& make, const std::vector<std::size_t>& reads, bool is_masked) {
  const Input<double> x{{long_steps, 2}}, target{{3, 2}};
  const auto source = is_masked ? x | Masking<double>{} : x | Dense<double>{2};
  const std::vector<Value<double>> encoded = apply(make(true), {source});
  std::vector<Value<double>> read{target | Dense<double>{2}};
  read.insert(read.end(), encoded.begin() + 1, encoded.end());
  const Value<double> decoded = apply(make(false), read)[0];
  std::vector<Value<double>> outputs;
  for (const std::size_t i : reads) outputs.push_back(i < encoded.size() ? encoded[i] : decoded);
  const bool decodes = std::find(reads.begin(), reads.end(), 3) != reads.end();
  std::vector<Value<double>> inputs{x};
  if (decodes) inputs.push_back(target);
  const Model<double> model(inputs, outputs, {.seed = 2});
  Tensor<double, 3> in = random_tensor<double, 3>({few_samples, long_steps, 2}, 1);
  if (is_masked) in = with_padding(in);
  const auto begun = random_tensor<double, 3>({few_samples, 3, 2}, 2);
  const auto steps = random_tensor<double, 3>({few_samples, 3, 3}, 3);
  const auto state = random_tensor<double, 2>({few_samples, 3}, 4);
  std::vector<Targets> y;
  for (const std::size_t i : reads) {
    y.push_back(i < encoded.size() ? Targets(state) : Targets(steps));
  }
  std::vector<Samples> samples{Samples(in)};
  if (decodes) samples.emplace_back(begun);
  return gradient_error(model, samples, y);
}

LSTM<double> lstm(bool is_encoder) {
  return LSTM<double>{3, {.return_sequences = !is_encoder, .return_state = is_encoder}};
}
GRU<double> gru(bool is_encoder) {
  return GRU<double>{3, {.return_sequences = !is_encoder, .return_state = is_encoder}};
}
SimpleRNN<double> simple_rnn(bool is_encoder) {
  return SimpleRNN<double>{3, {.return_sequences = !is_encoder, .return_state = is_encoder}};
}

}  // namespace

TEST_SUITE("model/states") {
  TEST_CASE("states: the second half of a sequence goes on where the first one ended") {
    for (const bool is_masked : {false, true}) {
      CAPTURE(is_masked);
      CHECK(error_of_halves(LSTM<double>{3, {.return_state = true}}, is_masked) < 1e-12);
      CHECK(error_of_halves(GRU<double>{3, {.return_state = true}}, is_masked) < 1e-12);
      CHECK(error_of_halves(GRU<double>{3, {.return_state = true, .reset_after = false}},
                            is_masked) < 1e-12);
      CHECK(error_of_halves(SimpleRNN<double>{3, {.return_state = true}}, is_masked) < 1e-12);
    }
  }

  TEST_CASE("states: right gradients, whichever results are read") {
    for (const bool is_masked : {false, true}) {
      CAPTURE(is_masked);
      CHECK(translation_error(lstm, {3}, is_masked) < 1e-8);
      CHECK(translation_error(lstm, {0, 1, 2, 3}, is_masked) < 1e-8);
      CHECK(translation_error(lstm, {2}, is_masked) < 1e-8);
      CHECK(translation_error(lstm, {1, 3}, is_masked) < 1e-8);
      CHECK(translation_error(gru, {3}, is_masked) < 1e-8);
      CHECK(translation_error(gru, {0, 1, 3}, is_masked) < 1e-8);
      CHECK(translation_error(simple_rnn, {1, 3}, is_masked) < 1e-8);
    }
  }

  TEST_CASE("states: a layer of one's own with two results, used twice, and behind activations") {
    const Input<double> x{{3}};
    const FaultyFork<double> sound{ForkFault::none};
    const SharedLayer<double> fork{sound};
    const auto h = x | Dense<double>{3, {.activation = Activation::tanh}};
    const auto both = apply(fork, {h});
    const auto again = apply(fork, {both[1] | ReLU<double>{}});
    const Model<double> model(x, add({both[0] | Dense<double>{3}, again[0] | ReLU<double>{},
                                      again[1] | Dense<double>{3}}));
    const auto in = random_tensor<double, 2>({few_samples, 3}, 1);
    const auto y = random_tensor<double, 2>({few_samples, 3}, 2);
    CHECK(gradient_error(model, {Samples(in)}, {Targets(y)}) < 1e-8);
    // Only the second result, also as what the model gives.
    const Model<double> second(x, {apply(sound, {h})[1], h});
    CHECK(gradient_error(second, {Samples(in)}, {Targets(y), Targets(y)}) < 1e-8);
    const auto [three, one] = second.predict<2, 2>(in);
    for (Index i = 0; i < one.size(); ++i) CHECK(three.data()[i] == 3 * one.data()[i]);
  }

  TEST_CASE("states: the same bits for any number of threads, and no allocation once warm") {
    const auto translator = [] {
      const Input<float> x{{long_steps, 2}}, target{{3, 2}};
      const auto encoded = apply(LSTM<float>{8, {.return_state = true}}, {x});
      const auto decoded =
          apply(LSTM<float>{8, {.return_sequences = true}}, {target, encoded[1], encoded[2]});
      return Model<float>({x, target}, {decoded[0] | Dense<float>{2}, encoded[0]}, {.seed = 7});
    };
    const auto x = random_tensor<float, 3>({40, long_steps, 2}, 1);
    const auto target = random_tensor<float, 3>({40, 3, 2}, 2);
    const auto state = random_tensor<float, 2>({40, 8}, 3);
    std::vector<std::vector<float>> weights;
    const int before = num_threads();
    for (const int threads : {1, 2, 5}) {
      set_num_threads(threads);
      Model<float> model = translator();
      model.compile(Adam{}, {MeanSquaredError{}, MeanSquaredError{}});
      model.fit({x, target}, {target, state},
                {.batch_size = 16, .epochs = 2, .verbose = Verbose::silent});
      weights.push_back(weights_of(model));
    }
    set_num_threads(before);
    for (const auto& each : weights) CHECK(each == weights[0]);
    const Model<float> model = translator();
    Tensor<float, 3> y;
    Tensor<float, 2> z;
    Workspace workspace;
    model.predict({x, target}, std::tie(y, z), workspace);
    const Index allocations = testing::num_allocations();
    model.predict({x, target}, std::tie(y, z), workspace);
    CHECK(testing::num_allocations() - allocations == 0);
  }

  TEST_CASE("states: Bidirectional returns those of both directions, in files too") {
    const Input<double> x{{long_steps, 2}};
    const auto made = apply(
        Bidirectional{LSTM<double>{3, {.return_sequences = true, .return_state = true}}}, {x});
    REQUIRE(made.size() == 5);
    CHECK(made[0].shape() == Shape{long_steps, 6});
    const Model<double> model(x, made, {.seed = 4});
    const auto in = random_tensor<double, 3>({few_samples, long_steps, 2}, 1);
    const auto [y, h, c, back_h, back_c] = model.predict<3, 2, 2, 2, 2>(in);
    for (Index n = 0; n < few_samples; ++n) {
      for (Index j = 0; j < 3; ++j) {
        CHECK(h(n, j) == y(n, long_steps - 1, j));
        CHECK(back_h(n, j) == y(n, 0, 3 + j));  // it ends at the first step
      }
    }
    CHECK(c(0, 0) != back_c(0, 0));
    const testing::TemporaryFolder folder;
    model.save(folder.path("model.safetensors"));
    const auto loaded = Model<double>::load<MoreLayers<double>>(folder.path("model.safetensors"));
    const auto again = std::get<4>(loaded.predict<3, 2, 2, 2, 2>(in));
    for (Index i = 0; i < again.size(); ++i) CHECK(again.data()[i] == back_c.data()[i]);
  }

  TEST_CASE("states: a file gives back a decoder with the states that it begins with") {
    const Input<double> x{{long_steps, 2}}, target{{3, 2}};
    const auto encoded = apply(GRU<double>{3, {.return_state = true}}, {x});
    const SharedLayer<double> decoder{GRU<double>{3, {.return_sequences = true}}};
    const Model<double> model(
        {x, target}, {apply(decoder, {target, encoded[1]})[0], target | decoder, encoded[0]});
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("model.safetensors");
    model.save(path);
    const auto loaded = Model<double>::load<MoreLayers<double>>(path);
    const auto in = random_tensor<double, 3>({few_samples, long_steps, 2}, 1);
    const auto begun = random_tensor<double, 3>({few_samples, 3, 2}, 2);
    const auto [y, plain, h] = model.predict<3, 3, 2>({in, begun});
    const auto [y2, plain2, h2] = loaded.predict<3, 3, 2>({in, begun});
    for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == y2.data()[i]);
    for (Index i = 0; i < y.size(); ++i) CHECK(plain.data()[i] == plain2.data()[i]);
    for (Index i = 0; i < h.size(); ++i) CHECK(h.data()[i] == h2.data()[i]);
    CHECK(y(0, 0, 0) != plain(0, 0, 0));
  }

  TEST_CASE("states: TimeDistributed gives all results of each step") {
    const Input<double> x{{5, long_steps, 2}};
    const auto made = apply(
        TimeDistributed{LSTM<double>{3, {.return_sequences = true, .return_state = true}}}, {x});
    REQUIRE(made.size() == 3);
    CHECK(made[0].shape() == Shape{5, long_steps, 3});
    CHECK(made[2].shape() == Shape{5, 3});
    const Model<double> model(x, {made[0], made[1]});
    const auto [y, h] = model.predict<4, 3>(random_tensor<double, 4>({2, 5, long_steps, 2}, 1));
    for (Index n = 0; n < 2; ++n) {
      for (Index t = 0; t < 5; ++t) {
        for (Index j = 0; j < 3; ++j) CHECK(h(n, t, j) == y(n, t, long_steps - 1, j));
      }
    }
    const Model<double> outer(x, add({made[1], made[2]}) | GRU<double>{2}, {.seed = 3});
    const auto in = random_tensor<double, 4>({2, 5, long_steps, 2}, 1);
    const auto target = random_tensor<double, 2>({2, 2}, 2);
    CHECK(gradient_error(outer, {Samples(in)}, {Targets(target)}) < 1e-8);
  }

  TEST_CASE("states: a stateful layer begins with what it is given, and keeps what it ends with") {
    const Input<double> x{{3, 2}}, h{{3}}, c{{3}};
    const auto made =
        apply(LSTM<double>{3, {.return_state = true, .stateful = true, .batch_size = few_samples}},
              {x, h, c});
    Model<double> model({x, h, c}, made, {.seed = 6});
    const auto in = random_tensor<double, 3>({few_samples, 3, 2}, 1);
    const auto state = random_tensor<double, 2>({few_samples, 3}, 2);
    const auto [y, last_h, last_c] = model.predict<2, 2, 2>({in, state, state});
    const auto named = model.parameters().named();
    REQUIRE(named.size() == 5);  // the kernels, the bias, and two states
    model.compile(SGD{{.learning_rate = 0}},
                  {MeanSquaredError{}, MeanSquaredError{}, MeanSquaredError{}});
    model.train_on_batch({in, state, state}, {state, state, state});
    for (Index i = 0; i < last_h.size(); ++i) {
      CHECK(named[3].value().data()[i] == last_h.data()[i]);
      CHECK(named[4].value().data()[i] == last_c.data()[i]);
    }
    CHECK(std::get<0>(model.predict<2, 2, 2>({in, state, state}))(0, 0) == y(0, 0));
  }

  TEST_CASE("states: tables and drawings have all shapes") {
    const Input<float> x{{4, 2}, "x"};
    const auto made = apply(LSTM<float>{3, {.return_sequences = true, .return_state = true}}, {x});
    const Model<float> model(x, {made[0], made[2]});
    CHECK(model.summary().find("[(None, 4, 3), (None, 3), (None, 3)]") != std::string::npos);
    const Model<float> again(x, apply(GRU<float>{3}, {made[0], made[1]})[0]);
    CHECK(again.summary().find("lstm[0][0], lstm[0][1]") != std::string::npos);
    CHECK(to_svg(model).find("(None, 4, 3), (None, 3), (None, 3)") != std::string::npos);
  }

  TEST_CASE("states: chains refuse layers with several results") {
    const LSTM<float> layer{3, {.return_state = true}};
    CHECK(sentence_of([&] { Sequential{layer}; }) ==
          "Sequential: expected layers with one result each, got LSTM with 3; make an nn::Model of "
          "nn::apply(layer, {x}), which returns all");
    CHECK(sentence_of([&] {
            Residual{Dense{3}, layer};
          }) ==
          "Residual: expected layers with one result each, got LSTM with 3; make an nn::Model of "
          "nn::apply(layer, {x}), which returns all");
    CHECK(sentence_of([&] {
            Sequential{Dense{3}, Bidirectional{GRU{3, {.return_state = true}}}};
          }) ==
          "Sequential: expected layers with one result each, got Bidirectional with 3; make an "
          "nn::Model of nn::apply(layer, {x}), which returns all");
    const Input<float> x{{4, 2}}, h{{3}};
    CHECK(sentence_of([&] { static_cast<void>(x | layer); }) ==
          "nn::operator|: expected a layer or model with one result, got 3; call nn::apply(layer, "
          "{x}), which returns all");
    CHECK(sentence_of([&] {
            static_cast<void>(apply(layer, {x, h}));
          }) == "LSTM: expected one input or 3, a sequence before its first h and c, got 2");
    CHECK(sentence_of([&] {
            static_cast<void>(apply(Bidirectional{GRU{3}}, {x, h, h}));
          }) == "Bidirectional: expected 1 input, got 3");
    CHECK(sentence_of([&] {
            Bidirectional{GRU{3}, GRU{3, {.return_state = true, .go_backwards = true}}};
          }) == "Bidirectional: expected the same return_state in both directions, got another");
  }
}

}  // namespace nn
