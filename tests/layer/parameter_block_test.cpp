// SPDX-License-Identifier: MIT
#include "nn/layer/parameter_block.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

namespace {

struct TwoParameters {
  nn::Parameter<float, 2> kernel;
  nn::Parameter<float, 1> bias;
  nn::ParameterList<float> list;

  TwoParameters() {
    list.set_scope("0.dense.");
    list.add(kernel, "kernel", {3, 5}, nn::GlorotUniform{});
    list.add(bias, "bias", {5}, nn::Constant{0.5});
  }
};

}  // namespace

TEST_SUITE("layer/parameter_block") {
  TEST_CASE("ParameterList: refuses what a layer has listed before") {
    TwoParameters p;
    CHECK_THROWS_WITH_AS(p.list.add(p.bias, "more_bias", {5}, nn::Zeros{}),
                         "0.dense.more_bias: expected a parameter that is listed once, got twice",
                         std::invalid_argument);
    nn::Parameter<float, 1> other;
    CHECK_THROWS_WITH_AS(p.list.add(other, "bias", {5}, nn::Zeros{}),
                         "0.dense.bias: expected a name of its own, got that of another parameter",
                         std::invalid_argument);
    p.list.set_scope("1.dense.");
    CHECK_THROWS_WITH_AS(p.list.add(p.bias, "bias", {5}, nn::Zeros{}),
                         "1.dense.bias: expected a parameter that is listed once, got twice",
                         std::invalid_argument);
    p.list.add(other, "bias", {5}, nn::Zeros{});
    CHECK(p.list.entries().size() == 3);
  }

  TEST_CASE("ParameterBlock: refuses more elements than bytes can be counted of") {
    nn::Parameter<float, 1> most, more;
    nn::ParameterList<float> list;
    list.add(most, "most", {nn::Index{1} << 59}, nn::Zeros{});
    list.add(more, "more", {nn::Index{1} << 60}, nn::Zeros{});
    nn::ParameterBlock<float> block;
    CHECK_THROWS_WITH_AS(block.allocate(list),
                         "more: expected parameters of a size that memory can have, got "
                         "[1152921504606846976]",
                         nn::ShapeError);
  }

  TEST_CASE("ParameterBlock: layers' views look into one block, each on a cache line") {
    TwoParameters p;
    CHECK_FALSE(p.kernel.is_bound());
    nn::ParameterBlock<float> block;
    block.allocate(p.list);
    CHECK(p.kernel.is_bound());
    CHECK(p.kernel.value().data() == block.values());
    CHECK(p.bias.value().data() == block.values() + 16);  // 15 floats, and one that stays 0
    CHECK(block.size() == 32);
    CHECK(p.kernel.shape() == nn::Shape{3, 5});
  }

  TEST_CASE("ParameterBlock: gradients are there once they are asked for") {
    TwoParameters p;
    nn::ParameterBlock<float> block;
    block.allocate(p.list);
    CHECK_FALSE(block.has_gradients());
    block.allocate_gradients(p.list);
    CHECK(block.has_gradients());
    p.bias.gradient()(4) = 3;
    CHECK(block.gradients()[20] == 3);
    block.zero_gradients();
    CHECK(p.bias.gradient()(4) == 0);
  }

  TEST_CASE("ParameterBlock: first values follow from the seed and leave the gaps 0") {
    TwoParameters p;
    nn::ParameterBlock<float> a, b, c;
    a.allocate(p.list);
    b.allocate(p.list);
    c.allocate(p.list);
    a.initialize(p.list, 1);
    b.initialize(p.list, 1);
    c.initialize(p.list, 2);
    CHECK(std::equal(a.values(), a.values() + a.size(), b.values()));
    CHECK_FALSE(std::equal(a.values(), a.values() + a.size(), c.values()));
    CHECK(a.values()[15] == 0);
    CHECK(a.values()[16] == 0.5f);
    CHECK(a.values()[21] == 0);
  }

#ifndef NN_SANITIZER  // 65,537 parameters take long to make
  TEST_CASE("regression: the first values of parameter 65536 are not those of parameter 0") {
    std::vector<nn::Parameter<float, 1>> parameters(65537);
    nn::ParameterList<float> list;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      list.set_scope(nn::concat({i, '.'}));
      list.add(parameters[i], "bias", {1}, nn::GlorotUniform{});
    }
    nn::ParameterBlock<float> block;
    block.allocate(list);
    block.initialize(list, 1);
    CHECK(parameters[0].value()(0) != parameters[65536].value()(0));
  }
#endif

  TEST_CASE("ParameterBlock: names its parameters") {
    TwoParameters p;
    nn::ParameterBlock<float> block;
    block.allocate(p.list);
    REQUIRE(block.named().size() == 2);
    CHECK(block.named()[0].name == "0.dense.kernel");
    CHECK(block.named()[1].name == "0.dense.bias");
    CHECK(block.named()[0].value<2>().dimension(1) == 5);
    CHECK_THROWS_WITH_AS(static_cast<void>(block.named()[0].value<3>()),
                         "0.dense.kernel: expected a map of rank 2, got rank 3 (shape [3, 5])",
                         nn::ShapeError);
  }

  TEST_CASE("ParameterBlock: has five moments and refuses to make more") {
    nn::ParameterBlock<float> block;
    CHECK(block.moment(4) == nullptr);  // of no parameters
    CHECK_THROWS_WITH_AS(static_cast<void>(block.moment(5)),
                         "ParameterBlock::moment: expected a number from 0 to 4, got 5",
                         std::invalid_argument);
  }

  TEST_CASE("ParameterBlock: a snapshot brings back values, moments and the step") {
    TwoParameters p;
    nn::ParameterBlock<float> block;
    block.allocate(p.list);
    block.values()[0] = 1;
    block.moment(1)[3] = 2;
    CHECK(block.advance_step() == 1);
    auto snapshot = block.snapshot();
    block.values()[0] = 9;
    block.moment(1)[3] = 9;
    block.advance_step();
    block.restore(std::move(snapshot));
    CHECK(block.values()[0] == 1);
    CHECK(block.moment(1)[3] == 2);
    CHECK(block.step() == 1);
    CHECK(p.kernel.value().data() == block.values());
    block.reset_moments();
    CHECK(block.step() == 0);
    CHECK(block.moment(1)[3] == 0);
  }
}
