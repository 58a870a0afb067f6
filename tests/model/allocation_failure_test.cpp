// SPDX-License-Identifier: MIT
// Every public call of a model, with each of its allocations failing in turn, and all after it:
// what throws leaves the model as it was.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/testing/allocations.hpp"

namespace {

using Model = nn::Sequential<float>;

template <class X>
constexpr bool moves_without_throwing =
    std::is_nothrow_move_constructible_v<X>&& std::is_nothrow_move_assignable_v<X>;
/// A copy takes memory, so one that claims not to throw would end the program where there is none.
template <class X>
constexpr bool only_moves_without_throwing =
    moves_without_throwing<X> && !std::is_nothrow_copy_constructible_v<X> &&
    !std::is_nothrow_copy_assignable_v<X>;

static_assert(only_moves_without_throwing<nn::AlignedMemory>);
static_assert(only_moves_without_throwing<nn::AlignedArray<float>>);
static_assert(only_moves_without_throwing<nn::kernels::QuantizedMatrix>);
static_assert(only_moves_without_throwing<nn::detail::Erased<nn::detail::MetricInterface>>);
static_assert(only_moves_without_throwing<nn::Metric>);
static_assert(only_moves_without_throwing<nn::Callback>);
static_assert(only_moves_without_throwing<nn::AnyLayer<float>>);
static_assert(only_moves_without_throwing<nn::Parameter<float, 2>>);
static_assert(only_moves_without_throwing<nn::Compiled<float>>);
static_assert(only_moves_without_throwing<nn::Workspace>);
static_assert(only_moves_without_throwing<nn::Plan<float>>);
static_assert(moves_without_throwing<nn::ParameterBlock<float>::Snapshot>);
// Assignment refuses models in training.
static_assert(std::is_nothrow_move_constructible_v<nn::Network<float>>);
static_assert(std::is_nothrow_move_constructible_v<Model>);
static_assert(!std::is_nothrow_copy_constructible_v<Model>);
static_assert(!std::is_nothrow_copy_assignable_v<Model>);

void append_bits(std::string& bits, const float* data, nn::Index count) {
  bits.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(count) * sizeof *data);
}

nn::Tensor<float, 4> pictures() {
  nn::Tensor<float, 4> x(4, 5, 5, 1);
  for (nn::Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i % 7) / 7;
  return x;
}
nn::Labels classes() {
  nn::Labels y(4);
  y.setValues({0, 1, 1, 0});
  return y;
}

/// All that can be seen of a model: its weights, the moment of its training and its results.
std::string bits_of(const Model& model) {
  std::string bits = nn::concat({model.size(), " layers, built ", model.is_built() ? 1 : 0});
  if (!model.is_built()) {
    for (const auto& layer : model.layers()) {
      if (const auto* inner = layer.get_if<Model>()) bits += bits_of(*inner);
    }
    return bits;
  }
  const auto& block = model.parameters();
  nn::append(bits, {" step ", block.step(), " of ", block.named().size(), " parameters "});
  append_bits(bits, block.values(), block.num_values());
  if (model.input_shape() != nn::Shape{5, 5, 1}) return bits;  // a part of another model
  const auto y = model.predict(pictures());
  append_bits(bits, y.data(), y.size());
  if (!model.is_compiled()) return bits;
  for (const auto& [name, value] : model.evaluate(pictures(), classes())) {
    nn::append(bits, {" ", name, " ", value});
  }
  return bits;
}

/// A small nested model, whose part was trained before.
Model make_model() {
  Model part{nn::Flatten{}, nn::Dense{3, {.activation = nn::Activation::relu}}};
  part.build({3, 3, 2}, {.seed = 3});
  return Model{nn::Conv2D{2, 3}, part, nn::Dense{2}, nn::Softmax{}};
}
void compile(Model& model) {
  model.compile(nn::Adam{{.learning_rate = 0.01}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}, nn::Recall{}});
}
Model make_built() {
  Model model = make_model();
  model.build({5, 5, 1}, {.seed = 1});
  compile(model);
  return model;
}
void train(Model& model) {
  const auto x = pictures();
  const auto y = classes();
  (void)model.fit(x, y,
                  {.batch_size = 2,
                   .epochs = 2,
                   .verbose = nn::Verbose::silent,
                   .callbacks = {nn::EarlyStopping{{.patience = 2, .restore_best_weights = true}}},
                   .validation_split = 0.25});
}
/// The same data, read ahead.
struct Pictures {
  [[nodiscard]] nn::Index size() const { return pictures().dimension(0); }
  [[nodiscard]] nn::Shape sample_shape() const { return nn::sample_shape_of(pictures()); }
  void read(nn::Index i, std::span<float> x, nn::TargetRow<float> y) const {
    const auto all = pictures();
    const auto size = static_cast<nn::Index>(x.size());
    std::copy_n(all.data() + i * size, size, x.data());
    y.set_class(classes()(i));
  }
};
void train_from_source(Model& model) {
  (void)model.fit(Pictures{}, {.batch_size = 2, .epochs = 2, .verbose = nn::Verbose::silent});
}
Model make_trained() {
  Model model = make_built();
  train(model);
  return model;
}

struct Outcome {
  bool failed = false;  // an allocation did
  bool threw = false;   // and the call with it
};

/// Makes a call whose allocations fail, but for the first few.
template <class Call>
Outcome call_with(nn::Index allocations, const Call& call) {
  Outcome outcome;
  const nn::testing::HeapRunsOut heap(allocations);
  try {
    call();
  } catch (const std::exception&) {
    outcome.threw = true;
  }
  outcome.failed = heap.did();
  return outcome;
}
/// The same in a thread of its own, which has no memory from before.
template <class Call>
Outcome call_afresh_with(nn::Index allocations, const Call& call) {
  Outcome outcome;
  std::thread([&] { outcome = call_with(allocations, call); }).join();
  return outcome;
}

/// Calls `call(model)` on copies of `start` while fewer and fewer of its allocations fail.
template <class Call>
void let_each_allocation_fail(const Model& start, const Call& call) {
  const std::string before = bits_of(start);
  Model succeeded = start;
  call(succeeded);
  const std::string after = bits_of(succeeded);
  Outcome outcome{.failed = true};
  for (nn::Index n = 0; outcome.failed; ++n) {
    CAPTURE(n);
    Model model = start;
    outcome = call_afresh_with(n, [&] { call(model); });
    REQUIRE((outcome.failed || !outcome.threw));
    REQUIRE(bits_of(model) == (outcome.threw ? before : after));
    if (!outcome.threw) continue;
    call(model);
    REQUIRE(bits_of(model) == after);
    REQUIRE(n < 10000);
  }
}

const auto skip_without_counter = doctest::skip(!nn::testing::counts_allocations);

}  // namespace

TEST_SUITE("model/allocation_failure") {
  TEST_CASE("Memory runs out: a model that is put together is as it was" * skip_without_counter) {
    let_each_allocation_fail(make_model(), [](Model& m) { m.add(nn::Dense{4}); });
    let_each_allocation_fail(make_model(), [](Model& m) { m.build({5, 5, 1}, {.seed = 2}); });
    let_each_allocation_fail(make_model(), [](Model& m) { compile(m); });
    let_each_allocation_fail(make_built(), [](Model& m) { m.build({5, 5, 1}, {.seed = 2}); });
    let_each_allocation_fail(make_trained(), [](Model& m) { compile(m); });
    let_each_allocation_fail(make_built(), [](Model& m) { m.quantize(nn::NumberFormat::int8); });
    let_each_allocation_fail(make_trained(),
                             [](Model& m) { m.quantize(nn::NumberFormat::bfloat16); });
    let_each_allocation_fail(make_model(), [](Model& m) { m.freeze(1); });
    let_each_allocation_fail(make_trained(), [](Model& m) { m.freeze(1); });
  }

  TEST_CASE("Memory runs out: a model in training is as it was" * skip_without_counter) {
    Model unbuilt = make_model();
    compile(unbuilt);
    const auto x = pictures();
    const auto y = classes();
    const auto train_on_batch = [&](Model& m) { (void)m.train_on_batch(x, y); };
    let_each_allocation_fail(unbuilt, train);
    let_each_allocation_fail(make_built(), train);
    let_each_allocation_fail(make_trained(), train);
    let_each_allocation_fail(make_built(), train_from_source);
    let_each_allocation_fail(unbuilt, train_on_batch);
    let_each_allocation_fail(make_built(), train_on_batch);
    let_each_allocation_fail(make_built(), [](Model& m) { m.zero_gradients(); });
    let_each_allocation_fail(make_built(), [](Model& m) {
      nn::SGD optimizer{{.learning_rate = 0.1, .momentum = 0.9}};
      auto& block = m.parameters();
      std::fill_n(block.gradients(), block.size(), 0.5f);
      optimizer.step(block);
    });
  }

  TEST_CASE("Memory runs out: an update after others of its kind changes all or nothing" *
            skip_without_counter) {
    const auto x = pictures();
    const auto y = classes();
    Model start = make_built();
    (void)start.train_on_batch(x, y);
    const std::string before = bits_of(start);
    Outcome outcome{.failed = true};
    for (nn::Index n = 0; outcome.failed; ++n) {
      CAPTURE(n);
      Model model = start;
      // In this thread, which has made such an update.
      outcome = call_with(n, [&] { (void)model.train_on_batch(x, y); });
      REQUIRE((bits_of(model) == before) == outcome.threw);
      REQUIRE(n < 10000);
    }
  }

  TEST_CASE("Memory runs out: copies and files leave both models as they were" *
            skip_without_counter) {
    const nn::testing::TemporaryFolder folder;
    const std::string file = folder.path("model.safetensors");
    const Model trained = make_trained();
    trained.save(file);
    Model other{nn::Flatten{}, nn::Dense{3}, nn::Softmax{}};
    other.build({5, 5, 1});
    other.compile(nn::SGD{}, nn::SparseCategoricalCrossentropy{}, {nn::Precision{}});
    let_each_allocation_fail(other, [&](Model& m) { m = trained; });
    let_each_allocation_fail(other, [&](Model& m) { m = Model(trained); });
    let_each_allocation_fail(other, [&](Model& m) { m = Model::load(file); });
    let_each_allocation_fail(make_built(), [&](Model& m) { m.load_weights(file); });
    let_each_allocation_fail(trained, [&](Model& m) { m.save(folder.path("again.safetensors")); });
    CHECK(bits_of(Model::load(folder.path("again.safetensors"))) == bits_of(Model::load(file)));
  }

  TEST_CASE("Memory runs out: what only reads gives the same afterwards" * skip_without_counter) {
    const auto x = pictures();
    const auto y = classes();
    const Model trained = make_trained();
    const auto check = [&](const auto& call) {
      let_each_allocation_fail(trained, [&](const Model& m) { call(m); });
    };
    check([&](const Model& m) { (void)m.predict(x); });
    check([&](const Model& m) { (void)m.predict(x, {.batch_size = 2}); });
    check([&](const Model& m) { (void)m.evaluate(x, y); });
    check([&](const Model& m) { (void)m.test_on_batch(x, y); });
    check([&](const Model& m) { (void)m.summary(); });
  }

  TEST_CASE("Memory runs out: predict leaves the caller's tensor of another size as it was" *
            skip_without_counter) {
    const auto x = pictures();
    const Model model = make_built();
    Outcome outcome{.failed = true};
    for (nn::Index n = 0; outcome.failed; ++n) {
      CAPTURE(n);
      nn::Tensor<float, 2> result(1, 3);
      result.setConstant(7);
      const nn::Tensor<float, 2> before = result;
      nn::Workspace workspace;
      outcome = call_afresh_with(n, [&] { model.predict(x, result, workspace); });
      const nn::Tensor<float, 2> expected = outcome.threw ? before : model.predict(x);
      REQUIRE(result.size() == expected.size());
      REQUIRE(std::equal(expected.data(), expected.data() + expected.size(), result.data()));
    }
  }

  TEST_CASE("Memory runs out: backward finds all gradients or none, and can run again" *
            skip_without_counter) {
    const auto x = pictures();
    nn::Tensor<float, 2> dy(4, 2);
    dy.setConstant(0.5f);
    const auto run = [&](Model& m) {
      nn::Workspace workspace;
      (void)m.forward(x, workspace);
      m.zero_gradients();
      m.backward(dy, workspace);
    };
    const Model start = make_built();
    Model succeeded = start;
    run(succeeded);
    auto& expected = succeeded.parameters();
    Outcome outcome{.failed = true};
    for (nn::Index n = 0; outcome.failed; ++n) {
      CAPTURE(n);
      Model model = start;
      outcome = call_afresh_with(n, [&] { run(model); });
      REQUIRE(bits_of(model) == bits_of(start));
      run(model);
      auto& block = model.parameters();
      REQUIRE(
          std::equal(block.gradients(), block.gradients() + block.size(), expected.gradients()));
    }
  }

  TEST_CASE("Memory runs out in a callback: fit puts back what it found" * skip_without_counter) {
    struct RunOut {
      bool throws;
      std::optional<nn::testing::HeapRunsOut>* heap;
      void on_batch_end(nn::FitContext& context) const {
        if (context.batch == 0) return;
        heap->emplace(0);
        if (throws) throw 7;
      }
    };
    const auto x = pictures();
    const auto y = classes();
    for (const bool throws : {false, true}) {
      CAPTURE(throws);
      std::optional<nn::testing::HeapRunsOut> heap;
      Model model = make_trained();
      nn::FitOptions options{.batch_size = 1, .verbose = nn::Verbose::silent};
      options.callbacks = {RunOut{throws, &heap}};
      bool threw = false;
      try {
        (void)model.fit(x, y, options);
      } catch (...) {
        threw = true;
      }
      heap.reset();
      CHECK(threw);
      CHECK(bits_of(model) == bits_of(make_trained()));
    }
  }
}
