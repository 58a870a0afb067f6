// SPDX-License-Identifier: MIT
// An encoder and a decoder of sequences (Sutskever, Vinyals and Le 2014): the decoder begins with
// the states that the encoder ends with.
#include <doctest/doctest.h>

#include <cstdint>

#include "nn/layers/embedding.hpp"
#include "nn/layers/recurrent/lstm.hpp"
#include "nn/model/value.hpp"
#include "nn/sequential.hpp"

namespace nn {
namespace {

using Words = Tensor<std::int32_t, 2>;

constexpr Index length = 4;
constexpr std::int32_t num_words = 5, start = num_words;  // the word in front of a sentence

/// Sentences of random words.
Words random_sentences(Index count, std::uint64_t seed) {
  const Random random(seed, {RandomPurpose::user});
  Words x(count, length);
  for (Index i = 0; i < x.size(); ++i) {
    x.data()[i] =
        static_cast<std::int32_t>(num_words * random.uniform(static_cast<std::uint64_t>(i)));
  }
  return x;
}

Words reversed(const Words& x) {
  Words y(x.dimension(0), length);
  for (Index n = 0; n < x.dimension(0); ++n) {
    for (Index t = 0; t < length; ++t) y(n, t) = x(n, length - 1 - t);
  }
  return y;
}

/// What the decoder reads: at each step the word before.
Words shifted(const Words& y) {
  Words x(y.dimension(0), length);
  for (Index n = 0; n < y.dimension(0); ++n) {
    for (Index t = 0; t < length; ++t) x(n, t) = t == 0 ? start : y(n, t - 1);
  }
  return x;
}

/// The sentences that a model makes, word by word, of what it has made itself so far.
Words translated(const Model<float>& model, const Words& x) {
  Words y(x.dimension(0), length);
  y.setZero();
  for (Index t = 0; t < length; ++t) {
    const Words before = shifted(y);
    const Tensor<float, 3> words = model.predict<3>({x, before});
    for (Index n = 0; n < x.dimension(0); ++n) {
      for (std::int32_t word = 1; word < num_words; ++word) {
        if (words(n, t, word) > words(n, t, y(n, t))) y(n, t) = word;
      }
    }
  }
  return y;
}

}  // namespace

TEST_SUITE("training/encoder_decoder") {
  TEST_CASE("Encoder and decoder: learn to reverse sentences") {
    const Input<float> source{{length}}, target{{length}};
    const auto encoded =
        apply(LSTM{32, {.return_state = true}}, {source | Embedding{num_words, 8}});
    const auto decoded = apply(LSTM{32, {.return_sequences = true}},
                               {target | Embedding{num_words + 1, 8}, encoded[1], encoded[2]});
    Model<float> model({source, target}, decoded[0] | Dense{num_words} | Softmax{}, {.seed = 1});
    model.compile(Adam{{.learning_rate = 0.01F}}, SparseCategoricalCrossentropy{});
    const Words x = random_sentences(800, 1), y = reversed(x), before = shifted(y);
    model.fit({x, before}, y, {.batch_size = 32, .epochs = 20, .verbose = Verbose::silent});
    const Words fresh = random_sentences(100, 2), expected = reversed(fresh);
    const Words made = translated(model, fresh);
    Index num_right = 0;
    for (Index i = 0; i < made.size(); ++i) {
      if (made.data()[i] == expected.data()[i]) ++num_right;
    }
    CAPTURE(num_right);
    CHECK(num_right >= 380);  // of 400 words; 80 would be chance
  }
}

}  // namespace nn
