// SPDX-License-Identifier: MIT
// What all optimizers have in common, and the first steps of each by hand.
#include "nn/optimizers/optimizers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nn {
namespace {

/// Parameters of the given lengths in one block, without a model. Element e of all, counted
/// through, starts at e + 1.
template <Real T>
struct Block {
  explicit Block(const std::vector<Index>& lengths) : parameters(lengths.size()) {
    ParameterList<T> list;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      list.add(parameters[i], std::to_string(i), {lengths[i]}, Zeros{});
    }
    block.allocate(list);
    block.allocate_gradients(list);
    set([](const auto& p) { return p.value(); }, [](Index e) { return static_cast<T>(e + 1); });
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void set_gradients(const auto& gradient_of_element) {
    set([](const auto& p) { return p.gradient(); }, gradient_of_element);
  }
  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> all;
    for (const auto& parameter : block) {
      const auto value = parameter.value();
      all.insert(all.end(), value.data(), value.data() + value.size());
    }
    return all;
  }

  std::vector<Parameter<T, 1>> parameters;
  ParameterBlock<T> block;

 private:
  void set(const auto& part, const auto& number) {
    Index element = 0;
    for (const auto& parameter : block) {
      auto target = part(parameter);
      for (Index i = 0; i < target.size(); ++i) target(i) = static_cast<T>(number(element++));
    }
  }
};

/// Values of parameters of the given lengths after five steps.
template <Real T, class Optimizer>
std::vector<T> trained(const Optimizer& optimizer, const std::vector<Index>& lengths) {
  Block<T> block(lengths);
  for (int step = 0; step < 5; ++step) {
    block.set_gradients([&](Index e) { return std::sin(static_cast<double>(e + 7 * step)); });
    optimizer.step(block.block);
  }
  CHECK(block.block.step() == 5);
  return block.values();
}

void check_close(const std::vector<double>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(values[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  }
}

}  // namespace

TEST_SUITE("optimizers") {
  TEST_CASE_TEMPLATE("Optimizers: two tensors move as one of both lengths", T, float, double) {
    // A counter for each tensor would give the second one another bias correction.
    const std::vector<Index> apart{19, 24}, together{43};
    CHECK(trained<T>(Adam{}, apart) == trained<T>(Adam{}, together));
    CHECK(trained<T>(Adam{{.amsgrad = true}}, apart) ==
          trained<T>(Adam{{.amsgrad = true}}, together));
    CHECK(trained<T>(SGD{}, apart) == trained<T>(SGD{}, together));
    const SGD nesterov{{.momentum = 0.9, .nesterov = true}};
    CHECK(trained<T>(nesterov, apart) == trained<T>(nesterov, together));
    CHECK(trained<T>(Nadam{}, apart) == trained<T>(Nadam{}, together));
    CHECK(trained<T>(Adamax{}, apart) == trained<T>(Adamax{}, together));
  }

  TEST_CASE("SGD: steps by hand") {
    Block<double> plain({2}), momentum({2}), nesterov({2});
    for (Block<double>* each : {&plain, &momentum, &nesterov}) {
      each->set_gradients([](Index e) { return e == 0 ? 1.0 : -2.0; });
      for (int step = 0; step < 2; ++step) {
        if (each == &plain) SGD{{.learning_rate = 0.5}}.step(each->block);
        if (each == &momentum) SGD{{.learning_rate = 0.5, .momentum = 0.5}}.step(each->block);
        if (each == &nesterov) {
          SGD{{.learning_rate = 0.5, .momentum = 0.5, .nesterov = true}}.step(each->block);
        }
      }
    }
    CHECK(plain.values() == std::vector<double>{1 - 0.5 - 0.5, 2 + 1 + 1});
    // m: -0.5, then 0.5 * -0.5 - 0.5 = -0.75
    CHECK(momentum.values() == std::vector<double>{1 - 0.5 - 0.75, 2 + 1 + 1.5});
    // w += 0.5 m - 0.5 g: -0.25 - 0.5, then -0.375 - 0.5
    CHECK(nesterov.values() == std::vector<double>{1 - 0.75 - 0.875, 2 + 1.5 + 1.75});
  }

  TEST_CASE("Adam: the first step goes by the learning rate, whatever the gradient's size") {
    Block<double> block({2});
    block.set_gradients([](Index e) { return e == 0 ? 1000.0 : -0.5; });
    Adam{{.learning_rate = 0.25}}.step(block.block);
    CHECK(block.values()[0] == doctest::Approx(0.75).epsilon(1e-7));
    CHECK(block.values()[1] == doctest::Approx(2.25).epsilon(1e-5));
  }

  TEST_CASE("Adam: epsilon stands beside the root of the uncorrected second moment") {
    Block<double> block({1});
    block.set_gradients([](Index) { return 3.0; });
    Adam{{.learning_rate = 0.1, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 1}}.step(block.block);
    // m = 1.5, v = 2.25, a = 0.1 sqrt(0.25) / 0.5 = 0.1
    CHECK(block.values()[0] == doctest::Approx(1 - 0.1 * 1.5 / (1.5 + 1)).epsilon(1e-14));
  }

  TEST_CASE("Adam: amsgrad remembers the largest second moment") {
    Block<double> plain({1}), amsgrad({1});
    const AdamOptions options{.beta_1 = 0, .beta_2 = 0.5};
    AdamOptions with_memory = options;
    with_memory.amsgrad = true;
    for (const double gradient : {10.0, 0.1}) {
      for (Block<double>* each : {&plain, &amsgrad}) {
        each->set_gradients([&](Index) { return gradient; });
        Adam{each == &plain ? options : with_memory}.step(each->block);
      }
    }
    // v: 50, then 25.005; amsgrad keeps 50. Step 2: a = rate sqrt(0.75)
    const double first = 1 - 0.001 * std::sqrt(0.5) * 10 / (std::sqrt(50.0) + 1e-7);
    const double a = 0.001 * std::sqrt(0.75) * 0.1;
    CHECK(plain.values()[0] ==
          doctest::Approx(first - a / (std::sqrt(25.005) + 1e-7)).epsilon(1e-12));
    CHECK(amsgrad.values()[0] ==
          doctest::Approx(first - a / (std::sqrt(50.0) + 1e-7)).epsilon(1e-12));
  }

  TEST_CASE("Optimizers: the average begins with the first step and replaces the weights") {
    Block<double> block({1});
    block.set_gradients([](Index) { return 1.0; });
    const SGD sgd{{.learning_rate = 1, .use_ema = true, .ema_momentum = 0.75}};
    sgd.step(block.block);  // w = 0, average = 0
    sgd.step(block.block);  // w = -1, average = -0.25
    CHECK(block.values()[0] == -1);
    sgd.finalize_variable_values(block.block);
    CHECK(block.values()[0] == -0.25);
    sgd.step(block.block);  // w = -1.25, average = 0.75 * -0.25 + 0.25 * -1.25
    sgd.finalize_variable_values(block.block);
    CHECK(block.values()[0] == -0.5);
    SGD{}.finalize_variable_values(block.block);
    CHECK(block.values()[0] == -0.5);
  }

  TEST_CASE("Optimizers: an average of weights that were trained without begins with them") {
    Block<double> block({1});
    block.set_gradients([](Index) { return 1.0; });
    SGD{{.learning_rate = 1}}.step(block.block);  // w = 0
    const SGD sgd{{.learning_rate = 1, .use_ema = true, .ema_momentum = 0.75}};
    sgd.step(block.block);  // w = -1
    sgd.finalize_variable_values(block.block);
    CHECK(block.values()[0] == -0.25);
  }

  TEST_CASE("Optimizers: a frequency replaces the weights on the way") {
    Block<double> block({1});
    block.set_gradients([](Index) { return 1.0; });
    const SGD sgd{
        {.learning_rate = 1, .use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 2}};
    std::vector<double> values;
    for (int step = 0; step < 4; ++step) {
      sgd.step(block.block);
      values.push_back(block.values()[0]);
    }
    // averages: 0, then the mean with -1; that with -1.5, then with -2.5
    CHECK(values == std::vector<double>{0, -0.5, -1.5, -1.75});
  }

  TEST_CASE("Optimizers: pieces of any size move as the whole does") {
    const auto check = [](const auto& optimizer) {
      CAPTURE(optimizer.name());
      Block<float> whole({700}), pieces({700});
      for (int step = 0; step < 4; ++step) {
        for (Block<float>* each : {&whole, &pieces}) {
          each->set_gradients([&](Index e) { return std::sin(static_cast<double>(e + 7 * step)); });
        }
        optimizer.step(whole.block);
        const auto update = optimizer.begin_step(pieces.block);
        REQUIRE(update.has_value());
        float *const w = pieces.block.values(), *const g = pieces.block.gradients();
        for (const auto& [first, count] : {std::pair{600, 100}, {0, 3}, {3, 597}}) {
          update->apply(w + first, g + first, count);
        }
      }
      CHECK(whole.values() == pieces.values());
      CHECK(pieces.block.step() == 4);
    };
#define NN_CHECK_PIECES(Optimizer)                                                      \
  if constexpr (!std::is_same_v<Optimizer, Lamb> && !std::is_same_v<Optimizer, Muon>) { \
    check(Optimizer{{.weight_decay = 0.1, .clipvalue = 0.5, .use_ema = true}});         \
    check(Optimizer{{.gradient_accumulation_steps = 3}});                               \
  }
    NN_FOR_EACH_OPTIMIZER(NN_CHECK_PIECES)
#undef NN_CHECK_PIECES
  }

  TEST_CASE("Optimizers: what depends on whole gradients is no rule for pieces") {
    Block<float> block({2});
    CHECK_FALSE(Lamb{}.begin_step(block.block).has_value());
    CHECK_FALSE(Muon{}.begin_step(block.block).has_value());
    CHECK_FALSE(SGD{{.clipnorm = 1}}.begin_step(block.block).has_value());
    CHECK_FALSE(SGD{{.global_clipnorm = 1}}.begin_step(block.block).has_value());
    CHECK_FALSE(AdamW{{.exclude_from_weight_decay = {"bias"}}}.begin_step(block.block).has_value());
    CHECK(block.block.step() == 0);
  }

  TEST_CASE("Optimizers: gradients are cut or scaled") {
    const auto moved = [](SGDOptions options) {
      Block<double> block({2, 1});
      block.set_gradients([](Index e) { return e == 0 ? 3.0 : e == 1 ? 4.0 : 12.0; });
      options.learning_rate = 1;
      SGD{options}.step(block.block);
      std::vector<double> moves = block.values();
      for (std::size_t e = 0; e < 3; ++e) moves[e] = static_cast<double>(e + 1) - moves[e];
      return moves;
    };
    CHECK(moved({.clipvalue = 3.5}) == std::vector<double>{3, 3.5, 3.5});
    check_close(moved({.clipnorm = 1}), {0.6, 0.8, 1});
    check_close(moved({.clipnorm = 6}), {3, 4, 6});
    check_close(moved({.global_clipnorm = 6.5}), {1.5, 2, 6});
    check_close(moved({.global_clipnorm = 13}), {3, 4, 12});
  }

  TEST_CASE("Optimizers: weights decay before the update, but for those that are named") {
    Block<double> block({1, 1});  // named "0" and "1", of 1 and 2
    block.set_gradients([](Index) { return 1.0; });
    SGD{{.learning_rate = 0.5, .weight_decay = 0.5}}.step(block.block);
    CHECK(block.values() == std::vector<double>{1 - 0.25 - 0.5, 2 - 0.5 - 0.5});
    SGD{{.learning_rate = 0.5, .weight_decay = 0.5, .exclude_from_weight_decay = {"2", "1"}}}.step(
        block.block);
    CHECK(block.values() == std::vector<double>{0.25 - 0.0625 - 0.5, 1 - 0.5});
  }

  TEST_CASE("Optimizers: gradients of several batches make one update by their mean") {
    Block<double> block({1});
    const auto rate = [](std::int64_t step) { return step == 1 ? 1.0 : 100.0; };
    const SGD sgd{{.learning_rate = rate, .clipnorm = 2.5, .gradient_accumulation_steps = 2}};
    for (const double gradient : {1.0, 3.0, 7.0}) {
      block.set_gradients([&](Index) { return gradient; });
      sgd.step(block.block);
    }
    CHECK(block.values()[0] == -1);  // one step by 2; 7 waits
    CHECK(block.block.step() == 3);
  }

  TEST_CASE("Lamb: a tensor moves by its length times the rate") {
    Block<double> block({2});  // 1 and 2
    block.set_gradients([](Index e) { return e == 0 ? 1.0 : -1.0; });
    Lamb{{.learning_rate = 0.1, .epsilon = 0}}.step(block.block);
    const double move = 0.1 * std::sqrt(5.0) / std::sqrt(2.0);
    check_close(block.values(), {1 - move, 2 + move});
    Block<double> zero({1});
    zero.set_gradients([](Index) { return 1.0; });
    zero.block.values()[0] = 0;
    Lamb{{.learning_rate = 0.1, .epsilon = 0}}.step(zero.block);
    check_close(zero.values(), {-0.1});
  }

  TEST_CASE("Lamb: a tensor whose gradient is cut is a whole one all the same") {
    // regression: it was cut in pieces of 256
    Block<double> cut({600}), small({600});
    cut.set_gradients([](Index) { return 5.0; });
    small.set_gradients([](Index) { return 1.0; });
    Lamb{{.clipvalue = 1}}.step(cut.block);
    Lamb{}.step(small.block);
    CHECK(cut.values() == small.values());
  }

  TEST_CASE("Muon: matrices move as PyTorch's do") {
    // torch.optim.Muon of PyTorch 2.15 on the transposed matrices, learning rate 0.1, three steps:
    // element e is cos(e) at first, its gradient sin(e + 7 t) at step t. The first numbers are
    // PyTorch's, which iterates in bfloat16; the second those of its formula in double.
    const auto check = [](const Shape& shape, MuonOptions options, const std::vector<double>& torch,
                          const std::vector<double>& exact) {
      options.learning_rate = 0.1;
      Parameter<double, 2> parameter;
      ParameterList<double> list;
      list.add(parameter, "kernel", shape, Zeros{});
      ParameterBlock<double> block;
      block.allocate(list);
      block.allocate_gradients(list);
      for (int i = 0; i < 6; ++i) block.values()[i] = std::cos(i);
      for (int t = 0; t < 3; ++t) {
        for (int i = 0; i < 6; ++i) block.gradients()[i] = std::sin(i + 7 * t);
        Muon{options}.step(block);
      }
      for (std::size_t i = 0; i < 6; ++i) {
        CHECK(std::abs(block.values()[i] - torch[i]) < 0.006);  // bfloat16 has 8 bits
        CHECK(std::abs(block.values()[i] - exact[i]) < 2e-6);
      }
    };
    check({2, 3}, {}, {0.7115591, 0.3555233, -0.3186709, -1.111937, -0.5396044, 0.5377757},
          {0.7099463, 0.3604184, -0.3204763, -1.114528, -0.5350889, 0.5363082});
    check(
        {3, 2},
        {.nesterov = false, .adjust_lr_fn = AdjustLearningRate::match_rms_adamw, .weight_decay = 0},
        {1.011062, 0.4727794, -0.4928713, -0.9385384, -0.6005996, 0.308387},
        {1.011555, 0.4722501, -0.4922835, -0.9377699, -0.601831, 0.30825});
    check({3, 2},
          {.momentum = 0.5, .ns_steps = 3, .adjust_lr_fn = AdjustLearningRate::spectral_unclamped},
          {0.940055, 0.3879294, -0.5304904, -0.8361737, -0.4986787, 0.3075241},
          {0.9406528, 0.3881846, -0.5305883, -0.8356749, -0.4990475, 0.3073424});
  }

  TEST_CASE("Muon: what is no matrix, or is excluded, takes steps of AdamW") {
    std::array<Parameter<float, 2>, 2> matrices;
    Parameter<float, 1> bias;
    ParameterList<float> list;
    list.add(matrices[0], "0.embedding.embeddings", {3, 4}, Zeros{});
    list.add(matrices[1], "1.dense.kernel", {3, 4}, Zeros{});
    list.add(bias, "1.dense.bias", {4}, Zeros{});
    const auto trained_by = [&list](const auto& optimizer) {
      ParameterBlock<float> block;
      block.allocate(list);
      block.allocate_gradients(list);
      for (int t = 0; t < 3; ++t) {
        for (Index i = 0; i < block.size(); ++i) {
          block.gradients()[i] = static_cast<float>(std::sin(i + 7 * t));
        }
        optimizer.step(block);
      }
      std::vector<std::vector<float>> values;
      for (const auto& parameter : block) {
        const auto value = parameter.value();
        values.emplace_back(value.data(), value.data() + value.size());
      }
      return values;
    };
    const auto muon = trained_by(Muon{{.learning_rate = 0.02, .adam_lr_ratio = 0.5}});
    const auto adam = trained_by(AdamW{{.learning_rate = 0.01, .weight_decay = 0.2}});
    CHECK(muon[0] == adam[0]);
    CHECK(muon[1] != adam[1]);
    CHECK(muon[2] == adam[2]);
    const auto excluded = trained_by(Muon{{.learning_rate = 0.01, .exclude = {"kernel"}}});
    CHECK(excluded[1] == trained_by(AdamW{{.learning_rate = 0.01, .weight_decay = 0.1}})[1]);
    CHECK(excluded[0] != muon[0]);
  }

  TEST_CASE("Muon: files have its choices by name") {
    const Muon muon{{.ns_steps = 3,
                     .adjust_lr_fn = AdjustLearningRate::match_rms_adamw,
                     .exclude = {"embeddings", "0."}}};
    const Arguments arguments = muon.arguments();
    CHECK(arguments.get<std::string>("adjust_lr_fn") == "match_rms_adamw");
    CHECK(arguments.get<std::string>("exclude") == "embeddings, 0.");
    const Arguments again = Muon::from_arguments(arguments, nullptr).arguments();
    CHECK(again.get<std::string>("adjust_lr_fn") == "match_rms_adamw");
    CHECK(again.get<double>("ns_steps") == 3);
    Arguments other{"muon"};
    for (const char* name : {"momentum", "epsilon", "ns_steps"}) other.set(name, 1);
    other.set("adjust_lr_fn", "none");
    CHECK_THROWS_WITH_AS(static_cast<void>(Muon::from_arguments(other, nullptr)),
                         "muon, argument 'adjust_lr_fn': expected one of original, "
                         "match_rms_adamw, spectral_unclamped, got 'none'",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Muon({.ns_steps = 100}), "Muon: expected ns_steps from 0 to 99, got 100",
                         std::invalid_argument);
  }

  TEST_CASE("Optimizers: gaps and what has no gradient stay as they are") {
#define NN_CHECK_ZEROS(Optimizer)                                                       \
  {                                                                                     \
    Block<float> block({3});                                                            \
    std::fill_n(block.block.values(), block.block.size(), 0.0f);                        \
    block.set_gradients([](Index) { return 0.0; });                                     \
    const Optimizer optimizer;                                                          \
    CAPTURE(optimizer.name());                                                          \
    for (int step = 0; step < 3; ++step) optimizer.step(block.block);                   \
    for (Index i = 0; i < block.block.size(); ++i) CHECK(block.block.values()[i] == 0); \
  }
    NN_FOR_EACH_OPTIMIZER(NN_CHECK_ZEROS)
#undef NN_CHECK_ZEROS
    Block<float> block({1});
    block.set_gradients([](Index) { return 0.0; });
    for (int step = 0; step < 2; ++step) {
      Adagrad{{.initial_accumulator_value = 0, .epsilon = 0}}.step(block.block);
      Nadam{{.epsilon = 0}}.step(block.block);
      Adamax{{.epsilon = 0}}.step(block.block);
    }
    CHECK(block.values()[0] == 1);
  }

  TEST_CASE("Optimizers: names and learning rates") {
    SGD sgd;
    Adam adam;
    CHECK(sgd.name() == "sgd");
    CHECK(adam.name() == "adam");
    CHECK(sgd.learning_rate() == 0.01);
    CHECK(adam.learning_rate() == 0.001);
    adam.set_learning_rate(0.5);
    CHECK(adam.learning_rate() == 0.5);
  }

  TEST_CASE("Optimizers: a learning rate of 0 takes steps and leaves the weights as they are") {
    Block<double> block({2});
    const std::vector<double> before = block.values();
    for (const bool is_adam : {false, true}) {
      block.set_gradients([](Index) { return 3.0; });
      is_adam ? Adam{{.learning_rate = 0}}.step(block.block)
              : SGD{{.learning_rate = 0}}.step(block.block);
    }
    CHECK(block.values() == before);
    CHECK(block.block.step() == 2);
  }

  TEST_CASE("SGD: rate and momentum follow the steps taken before") {
    const auto rate = [](std::int64_t step) { return step == 0 ? 0.5 : 0.25; };
    const auto momentum = [](std::int64_t step) { return 0.5 * static_cast<double>(step); };
    Block<double> plain({1}), scheduled({1});
    for (int step = 0; step < 2; ++step) {
      plain.set_gradients([](Index) { return 1.0; });
      scheduled.set_gradients([](Index) { return 1.0; });
      SGD{{.learning_rate = rate}}.step(plain.block);
      SGD{{.learning_rate = rate, .momentum = momentum}}.step(scheduled.block);
    }
    CHECK(plain.values()[0] == 1 - 0.5 - 0.25);
    // m: -0.5, then 0.5 * -0.5 - 0.25 = -0.5
    CHECK(scheduled.values()[0] == 1 - 0.5 - 0.5);
  }

  TEST_CASE("Adam: rate and beta_1 follow the steps taken before") {
    const auto rate = [](std::int64_t step) { return step == 0 ? 0.5 : 0.25; };
    const auto beta_1 = [](std::int64_t step) { return step == 0 ? 0.75 : 0.5; };
    Block<double> block({1});
    for (const double gradient : {1.0, 4.0}) {
      block.set_gradients([&](Index) { return gradient; });
      Adam{{.learning_rate = rate, .beta_1 = beta_1, .beta_2 = 0, .epsilon = 0}}.step(block.block);
    }
    // m: 0.25, then 0.5 * 0.25 + 0.5 * 4 = 2.125; the root of v is 1, then 4
    const double first = 1 - 0.5 / 0.25 * 0.25, second = 0.25 / (1 - 0.25) * 2.125 / 4;
    CHECK(block.values()[0] == doctest::Approx(first - second).epsilon(1e-14));
  }

  TEST_CASE("Optimizers: a schedule tells its rate and can't be set") {
    const auto schedule = [](std::int64_t step) { return 0.5 / static_cast<double>(1 + step); };
    SGD sgd{{.learning_rate = schedule}};
    Adam adam{{.learning_rate = schedule}};
    CHECK(sgd.learning_rate() == 0.5);
    CHECK(sgd.learning_rate(4) == 0.1);
    CHECK(adam.learning_rate(4) == 0.1);
    CHECK_THROWS_WITH_AS(
        sgd.set_learning_rate(0.1),
        "SGD: expected a learning_rate that was given as a number, got a schedule; "
        "a schedule can't be set; compile with a number",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(adam.set_learning_rate(0.1),
                         "Adam: expected a learning_rate that was given as a number, got a "
                         "schedule; a schedule can't be set; compile with a number",
                         std::invalid_argument);
  }

  TEST_CASE("Optimizers: refuse what a schedule must not give, with the step not taken") {
    const auto late = [](std::int64_t step) { return step < 1 ? 0.5 : 1.5; };
    Block<double> block({1});
    block.set_gradients([](Index) { return 1.0; });
    Adam{{.beta_1 = late}}.step(block.block);
    const auto before = block.values();
    CHECK_THROWS_WITH_AS(Adam{{.beta_1 = late}}.step(block.block),
                         "Adam: expected beta_1 in [0, 1), got 1.5", std::invalid_argument);
    CHECK_THROWS_WITH_AS(SGD{{.momentum = late}}.step(block.block),
                         "SGD: expected a momentum from 0 to 1, got 1.5", std::invalid_argument);
    CHECK(block.values() == before);
    CHECK(block.block.step() == 1);
  }

  TEST_CASE("Optimizers: refuse options out of range") {
    CHECK_THROWS_WITH_AS(SGD({.learning_rate = std::nan("")}),
                         "SGD: expected a finite learning_rate of 0 or more, got nan",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(SGD({.momentum = 1.5}), "SGD: expected a momentum from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adam({.learning_rate = -1}),
                         "Adam: expected a finite learning_rate of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adam({.beta_1 = 1}), "Adam: expected beta_1 in [0, 1), got 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adam({.beta_2 = -0.5}), "Adam: expected beta_2 in [0, 1), got -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adam({.epsilon = -1}), "Adam: expected an epsilon of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adam({.ema_momentum = 1.5}),
                         "Adam: expected an ema_momentum from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(SGD({.ema_overwrite_frequency = -1}),
                         "SGD: expected an ema_overwrite_frequency of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(SGD({.clipvalue = 1, .clipnorm = 1}),
                         "SGD: expected one of clipvalue, clipnorm and global_clipnorm, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Lion({.weight_decay = -1}),
                         "Lion: expected a finite weight_decay of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(RMSprop({.rho = 1}), "RMSprop: expected a rho in [0, 1), got 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Ftrl({.learning_rate_power = 0.5}),
                         "Ftrl: expected a learning_rate_power of 0 or less, got 0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(Adagrad({.gradient_accumulation_steps = -2}),
                         "Adagrad: expected gradient_accumulation_steps of 0 or more, got -2",
                         std::invalid_argument);
    Adam adam;
    CHECK_THROWS_WITH_AS(adam.set_learning_rate(std::numeric_limits<double>::infinity()),
                         "Adam: expected a finite learning_rate of 0 or more, got inf",
                         std::invalid_argument);
    CHECK(adam.learning_rate() == 0.001);
  }
}

}  // namespace nn
