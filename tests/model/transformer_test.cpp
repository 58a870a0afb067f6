// SPDX-License-Identifier: MIT
// The encoder of a transformer (Vaswani et al. 2017) as a chain and as a graph.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nn/core/num_threads.hpp"
#include "nn/nn.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/testing/allocations.hpp"

namespace nn {
namespace {

struct Sequences {
  static constexpr Index steps = 6, symbols = 4, width = steps + symbols, samples = 512;
  Tensor<float, 3> x{samples, steps, width};
  Labels y{samples};
};

/// Each step has a symbol and the number of another step: the class is the symbol of the step that
/// the first one names.
Sequences pointed_symbols() {
  Sequences data;
  data.x.setZero();
  const Random random(7, {});
  for (Index n = 0; n < Sequences::samples; ++n) {
    const auto block = random.block(static_cast<std::uint64_t>(n));
    std::uint32_t symbol = block[0];
    const Index target = block[1] % Sequences::steps;
    for (Index t = 0; t < Sequences::steps; ++t, symbol /= Sequences::symbols) {
      const Index s = symbol % Sequences::symbols;
      data.x(n, t, s) = 1;
      data.x(n, t, Sequences::symbols + (t == 0 ? target : t)) += t == 0 ? 2 : 1;
      if (t == target) data.y(n) = static_cast<std::int32_t>(s);
    }
  }
  return data;
}

Sequential<float> encoder_chain() {
  Sequential<float> model{Dense{16},
                          Residual{MultiHeadAttention{2, 8}},
                          LayerNormalization{},
                          Residual{Dense{32, {.activation = Activation::gelu}}, Dense{16}},
                          LayerNormalization{},
                          Flatten{},
                          Dense{Sequences::symbols, {.activation = Activation::softmax}}};
  model.build({Sequences::steps, Sequences::width}, {.seed = 3});
  return model;
}

Model<float> encoder_graph() {
  const Input tokens{{Sequences::steps, Sequences::width}};
  const auto embedded = tokens | Dense{16};
  const auto attended = add({embedded, apply(MultiHeadAttention{2, 8}, {embedded, embedded})[0]}) |
                        LayerNormalization{};
  const auto encoded =
      add({attended, attended | Dense{32, {.activation = Activation::gelu}} | Dense{16}}) |
      LayerNormalization{};
  return {tokens,
          encoded | Flatten{} | Dense{Sequences::symbols, {.activation = Activation::softmax}},
          {.seed = 3}};
}

template <class M>
History train_encoder(M& model, const Sequences& data, Index epochs) {
  model.compile(Adam{{.learning_rate = 0.01f}}, SparseCategoricalCrossentropy{}, {Accuracy{}});
  return model.fit(data.x, data.y,
                   {.batch_size = 32, .epochs = epochs, .verbose = Verbose::silent});
}

/// All parameters, one behind the other.
template <class M>
std::vector<float> weights_in(M& model) {
  std::vector<float> all;
  for (const NamedParameter<float>& parameter : model.parameters()) {
    const auto value = parameter.value();
    all.insert(all.end(), value.data(), value.data() + value.size());
  }
  return all;
}

}  // namespace

TEST_SUITE("model/transformer") {
  TEST_CASE("Transformer: attends to the step that another one names") {
    const Sequences data = pointed_symbols();
    Sequential<float> model = encoder_chain();
    train_encoder(model, data, 30);
    CHECK(model.evaluate(data.x, data.y)["accuracy"] > 0.95);
  }

  TEST_CASE("Transformer: two inputs of one value are as one input") {
    const Sequences data = pointed_symbols();
    Sequential<float> chain = encoder_chain();
    Model<float> graph = encoder_graph();
    const Tensor<float, 2> expected = chain.predict(data.x), actual = graph.predict(data.x);
    CHECK(std::equal(expected.data(), expected.data() + expected.size(), actual.data()));
    train_encoder(chain, data, 1);
    train_encoder(graph, data, 1);
    const double loss = chain.evaluate(data.x, data.y)["loss"];
    CHECK(graph.evaluate(data.x, data.y)["loss"] == doctest::Approx(loss).epsilon(1e-3));
  }

  TEST_CASE("Transformer: the number of threads changes no bit") {
    const Sequences data = pointed_symbols();
    const int before = num_threads();
    std::vector<std::vector<float>> trained;
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      Sequential<float> model = encoder_chain();
      train_encoder(model, data, 1);
      trained.push_back(weights_in(model));
    }
    set_num_threads(before);
    CHECK(trained[0] == trained[1]);
  }

  TEST_CASE("Transformer: a file brings it back, and predictions allocate nothing") {
    const testing::TemporaryFolder folder;
    const Sequences data = pointed_symbols();
    Sequential<float> model = encoder_chain();
    model.save(folder.path("encoder.safetensors"));
    const auto loaded =
        Sequential<float>::load<MoreLayers<float>>(folder.path("encoder.safetensors"));
    Tensor<float, 2> y, again;
    Workspace workspace;
    model.predict(data.x, y, workspace);
    const Index before = testing::num_allocations();
    model.predict(data.x, y, workspace);
    CHECK(testing::num_allocations() == before);
    loaded.predict(data.x, again, workspace);
    CHECK(std::equal(y.data(), y.data() + y.size(), again.data()));
  }

  TEST_CASE("Transformer: frozen attention stays, and the rest is trained") {
    const Sequences data = pointed_symbols();
    Sequential<float> model = encoder_chain();
    model.freeze(1);
    const std::vector<float> before = weights_in(model);
    train_encoder(model, data, 1);
    const std::vector<float> after = weights_in(model);
    std::size_t first = 0;
    for (const NamedParameter<float>& parameter : model.parameters()) {
      CAPTURE(parameter.name);
      const auto count = static_cast<std::size_t>(parameter.shape.num_elements());
      const bool is_same = std::equal(after.begin() + static_cast<std::ptrdiff_t>(first),
                                      after.begin() + static_cast<std::ptrdiff_t>(first + count),
                                      before.begin() + static_cast<std::ptrdiff_t>(first));
      CHECK(is_same == parameter.name.starts_with("1."));
      first += count;
    }
  }
}

}  // namespace nn
