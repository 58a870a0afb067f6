// SPDX-License-Identifier: MIT
#include "nn/layer/weight_rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/layers/convolution/conv2d.hpp"
#include "nn/layers/dense.hpp"
#include "tests/testing/allocations.hpp"

namespace nn {
namespace {

double sum_penalty(const Shape&, std::span<const double> w, std::span<double> gradient) {
  for (double& slope : gradient) slope += 3;
  return 3 * (w[0] + w[1]);
}

/// The largest difference between a penalty's gradient and central differences.
double penalty_error(const Regularizer& regularizer, const Shape& shape) {
  const auto count = static_cast<std::size_t>(shape.num_elements());
  const Random random{5, {}};
  std::vector<double> w(count), gradient(count, 7), ahead, behind;  // gradients are added
  for (std::size_t i = 0; i < count; ++i) w[i] = random.normal(i);
  const double* const none = nullptr;
  const double value = regularizer(shape, w.data(), gradient.data());
  CHECK(value == regularizer(shape, w.data(), const_cast<double*>(none)));
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    ahead = behind = w;
    ahead[i] += 1e-5;
    behind[i] -= 1e-5;
    const double slope = (regularizer(shape, ahead.data(), const_cast<double*>(none)) -
                          regularizer(shape, behind.data(), const_cast<double*>(none))) /
                         2e-5;
    largest = std::max(largest, std::abs(7 + slope - gradient[i]));
  }
  return largest;
}

template <class Make>
void check_rule_refusal(const Make& make, const char* expected) {
  CHECK_THROWS_WITH_AS(static_cast<void>(make()), expected, std::invalid_argument);
}

}  // namespace

TEST_SUITE("layer/weight_rules") {
  TEST_CASE("Regularizer: gradients are those of the penalties") {
    CHECK(penalty_error(L1{0.3}, {4, 5}) < 1e-9);
    CHECK(penalty_error(L2{0.3}, {4, 5}) < 1e-9);
    CHECK(penalty_error(L1L2{0.2, 0.5}, {3, 1, 7}) < 1e-9);
    CHECK(penalty_error(OrthogonalRegularizer{0.7}, {4, 5}) < 1e-9);
    CHECK(penalty_error(OrthogonalRegularizer{0.7, OrthogonalMode::of_columns}, {4, 5}) < 1e-9);
    CHECK(penalty_error(sum_penalty, {2}) < 1e-9);
    CHECK(penalty_error({}, {2}) == 0);
  }

  TEST_CASE("Regularizer: large weights are added up in blocks") {
    const Index count = 3 * kernels::block_size + 5;
    const std::vector<float> w(static_cast<std::size_t>(count), -0.5f);
    std::vector<float> gradient(w.size());
    const double penalty = Regularizer(L1L2{2, 4})({count}, w.data(), gradient.data());
    CHECK(penalty == static_cast<double>(count) * 2);
    CHECK(std::all_of(gradient.begin(), gradient.end(), [](float g) { return g == -6; }));
    const float zero = 0;
    float slope = 0;
    static_cast<void>(Regularizer(L1{2})({1}, &zero, &slope));
    CHECK(slope == 0);
  }

  TEST_CASE("Regularizer: angles between rows, by hand") {
    const double w[] = {3, 0, 1, 1, 0, 2};  // angles of 45, 90 and 45 degrees
    double* const none = nullptr;
    CHECK(Regularizer(OrthogonalRegularizer{1.5})({3, 2}, w, none) ==
          doctest::Approx(std::sqrt(0.5)));
    CHECK(Regularizer(OrthogonalRegularizer{})({1, 6}, w, none) == 0);
    check_rule_refusal([&] { return Regularizer(OrthogonalRegularizer{})({6}, w, none); },
                       "OrthogonalRegularizer: expected a matrix, got [6]");
  }

  TEST_CASE("Regularizer, Constraint: take no memory once they have had some") {
    std::vector<float> w{3, 0, 1, 1, 0, 2}, gradient(w.size());
    const std::vector<Regularizer> regularizers{
        L1L2{1, 1}, OrthogonalRegularizer{},
        OrthogonalRegularizer{0.1, OrthogonalMode::of_columns}};
    const Constraint constraint = MaxNorm{1};
    const auto apply_all = [&] {
      for (const Regularizer& each : regularizers) {
        static_cast<void>(each(Shape{3, 2}, w.data(), gradient.data()));
      }
      constraint(Shape{3, 2}, w.data());
    };
    apply_all();
    const Index before = testing::num_allocations();
    apply_all();
    CHECK(testing::num_allocations() == before);
  }

  TEST_CASE("Constraint: vectors run along any axes") {
    const auto after = [](const Constraint& constraint, const Shape& shape, std::vector<double> w) {
      constraint(shape, w.data());
      for (double& value : w) value = std::round(value * 1e4) / 1e4;
      return w;
    };
    using Values = std::vector<double>;
    CHECK(after(MaxNorm{1}, {2, 2}, {3, 0.5, 4, 0.5}) == Values{0.6, 0.5, 0.8, 0.5});
    CHECK(after(MaxNorm{1, -1}, {2, 2}, {3, 4, 0.5, 0.5}) == Values{0.6, 0.8, 0.5, 0.5});
    CHECK(after(UnitNorm{{0, 2}}, {2, 2, 2}, {1, 1, 3, 0, 1, 1, 0, 4}) ==
          Values{0.5, 0.5, 0.6, 0, 0.5, 0.5, 0, 0.8});
    CHECK(after(MinMaxNorm{2, 4, 0.5}, {2, 1}, {0, 1}) == Values{0, 1.5});
    CHECK(after(NonNeg{}, {3}, {-1, 0, 2}) == Values{0, 0, 2});
    CHECK(after(+[](const Shape&, std::span<double> w) { w[1] = 9; }, {2}, {1, 2}) == Values{1, 9});
    CHECK(after({}, {2}, {1, -2}) == Values{1, -2});
    check_rule_refusal(
        [&] {
          return after(MaxNorm{1, 2}, {2, 2}, {1, 1, 1, 1});
        },
        "Constraint: expected an axis of rank 2, got 2");
    check_rule_refusal([] { return Axes(8); }, "Axes: expected axes from -8 to 7, got 8");
    check_rule_refusal([] { return Axes{0, 1, 2, 3, 4, 5, 6, 7, -1}; },
                       "Axes: expected at most 8 axes, got more");
  }

  TEST_CASE("Regularizer, Constraint: a model refuses those that don't fit a weight") {
    const auto build = [](const DenseOptions& options) {
      Dense<float> dense{3, options};
      ParameterList<float> list;
      dense.parameters({2}, list);
      return list.entries().size();
    };
    CHECK(build({.kernel_regularizer = OrthogonalRegularizer{}, .bias_constraint = NonNeg{}}) == 2);
    check_rule_refusal(
        [&] {
          return build({.bias_constraint = MaxNorm{1, {0, 1}}});
        },
        "bias: expected an axis of rank 1, got 1");
    check_rule_refusal([&] { return build({.bias_regularizer = OrthogonalRegularizer{}}); },
                       "bias: expected a matrix for an OrthogonalRegularizer, got [3]");
  }

  TEST_CASE("Regularizer, Constraint: numbers out of their range are refused") {
    check_rule_refusal([] { return Regularizer(L2{-1}); },
                       "L2: expected finite factors of 0 or more, got -1");
    check_rule_refusal(
        [] {
          return Regularizer(L1L2{0, std::numeric_limits<double>::infinity()});
        },
        "L1L2: expected finite factors of 0 or more, got inf");
    check_rule_refusal([] { return Constraint(MaxNorm{-1}); },
                       "MaxNorm: expected a finite max_value of 0 or more, got -1");
    check_rule_refusal([] { return Constraint(MinMaxNorm{-1}); },
                       "MinMaxNorm: expected a min_value of 0 or more, got -1");
    check_rule_refusal(
        [] {
          return Constraint(MinMaxNorm{2, 1});
        },
        "MinMaxNorm: expected a finite max_value of min_value or more, got 1");
    check_rule_refusal(
        [] {
          return Constraint(MinMaxNorm{0, 1, 2});
        },
        "MinMaxNorm: expected a rate in [0, 1], got 2");
  }

  TEST_CASE("Regularizer, Constraint: files name them as Keras does") {
    const Dense<float> dense{3,
                             {.kernel_regularizer = L1L2{0.5, 0.25},
                              .bias_regularizer = L2{},
                              .kernel_constraint = MinMaxNorm{0.5, 2, 0.25, {0, 1}},
                              .bias_constraint = NonNeg{}}};
    const std::string text = io::arguments_to_json(dense.arguments());
    CHECK(text == R"({"units":3,"activation":"linear","use_bias":true,)"
                  R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros",)"
                  R"("kernel_regularizer":{"class_name":"L1L2","config":{"l1":0.5,"l2":0.25}},)"
                  R"("kernel_constraint":{"class_name":"MinMaxNorm","config":{"min_value":0.5,)"
                  R"("max_value":2.0,"rate":0.25,"axis":[0,1]}},)"
                  R"("bias_regularizer":{"class_name":"L2","config":{"l2":0.01}},)"
                  R"("bias_constraint":{"class_name":"NonNeg","config":{}}})");
    CHECK(io::arguments_to_json(Dense<float>::from_arguments(dense.arguments()).arguments()) ==
          text);
    const Conv2D<double> conv{
        2,
        1,
        {.kernel_regularizer = OrthogonalRegularizer{0.5, OrthogonalMode::of_columns},
         .bias_regularizer = L1{},
         .kernel_constraint = MaxNorm{3, {0, 1, 2}},
         .bias_constraint = UnitNorm{}}};
    CHECK(io::arguments_to_json(Conv2D<double>::from_arguments(conv.arguments()).arguments()) ==
          io::arguments_to_json(conv.arguments()));
    CHECK(io::arguments_to_json(Dense<float>{1}.arguments()).find("constraint") ==
          std::string::npos);
  }

  TEST_CASE("Regularizer, Constraint: Keras' short names mean its defaults") {
    const auto named = [](const char* name, auto rule) {
      detail::read_rule(Arguments{"Dense"}.set("rule", name), "rule", rule);
      return io::arguments_to_json(detail::describe_rule(rule));
    };
    CHECK(named("l2", Regularizer{}) == R"({"l2":0.01})");
    CHECK(named("L1", Regularizer{}) == R"({"l1":0.01})");
    CHECK(named("l1_l2", Regularizer{}) == R"({"l1":0.0,"l2":0.0})");
    CHECK(named("max_norm", Constraint{}) == R"({"max_value":2.0,"axis":[0]})");
    check_rule_refusal([&] { return named("l3", Regularizer{}); },
                       "Regularizer: expected one of L1, L2, L1L2, OrthogonalRegularizer, own, got "
                       "'l3'");
    check_rule_refusal(
        [&] { return named("none", Constraint{}); },
        "Constraint: expected one of MaxNorm, MinMaxNorm, UnitNorm, NonNeg, own, got "
        "'none'");
    Constraint constraint;
    const auto with_rate =
        Arguments{"Dense"}.set("rule", Arguments{"MaxNorm"}.set("axis", 1).set("rate", 0.5));
    check_rule_refusal(
        [&] {
          detail::read_rule(with_rate, "rule", constraint);
          return 0;
        },
        "Constraint MaxNorm: expected arguments that it has, got 'rate'");
  }

  TEST_CASE("Layers: a regularizer of what they give is a layer of its own") {
    const auto arguments =
        Dense<float>{3}.arguments().set("activity_regularizer", Arguments{"L2"}.set("l2", 0.5));
    check_rule_refusal([&] { return Dense<float>::from_arguments(arguments); },
                       "Dense: expected no activity_regularizer, got one; put an "
                       "ActivityRegularization layer behind this one");
  }

  TEST_CASE(
      "Regularizer, Constraint: a function has no name, so a file only says that it was one") {
    Regularizer regularizer = sum_penalty;
    Constraint constraint = +[](const Shape&, std::span<double>) {};
    CHECK(detail::describe_rule(regularizer).owner() == "own");
    detail::read_rule(Arguments{"Dense"}.set("rule", detail::describe_rule(regularizer)), "rule",
                      regularizer);
    detail::read_rule(Arguments{"Dense"}.set("rule", detail::describe_rule(constraint)), "rule",
                      constraint);
    double w = 1, *const none = nullptr;
    const char* const rest =
        ": expected one that a file can name, got 'own', a function of the program; make the "
        "model in the program, and load its weights";
    check_rule_refusal([&] { return regularizer({1}, &w, none); },
                       (std::string("Regularizer") + rest).c_str());
    check_rule_refusal(
        [&] {
          constraint({1}, &w);
          return 0;
        },
        (std::string("Constraint") + rest).c_str());
  }
}

}  // namespace nn
