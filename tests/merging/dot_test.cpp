// SPDX-License-Identifier: MIT
#include "nn/merging/dot.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::Dot;
using nn::DotAxes;
using nn::DotOptions;
using nn::Shape;
using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

std::string dot_form(DotAxes axes, const std::vector<Shape>& samples,
                     nn::testing::MergingExpectations expected, const DotOptions& options = {}) {
  return merging_form([=]<class T>() { return Dot<T>(axes, options); }, samples, expected);
}

}  // namespace

TEST_SUITE("merging/dot") {
  TEST_CASE("Dot: fills the form") {
    CHECK(
        dot_form(
            1, {{5}, {5}},
            {.output = {1},
             .refusals =
                 {{{{5}, {5}, {5}}, "Dot: expected two inputs, got 3"},
                  {{{5}, {4}},
                   "Dot: expected one size along axis 1 of the first input and axis 1 of the "
                   "second, got [5] and [4] (axis 0 is that of the batch)"},
                  {{{}, {4}},
                   "Dot: expected samples with axis 1, got [] (axis 0 is that of the batch)"}}}) ==
        "");
    CHECK(dot_form({2, 1}, {{2, 4}, {4, 3}}, {.output = {2, 3}}) == "");
    CHECK(dot_form({1, 2}, {{4, 2}, {3, 4}}, {.output = {2, 3}}) == "");
    CHECK(dot_form(-1, {{2, 4}, {3, 4}}, {.output = {2, 3}}) == "");
    CHECK(dot_form({2, 1}, {{2, 4}, {4}}, {.output = {2}}) == "");
    CHECK(dot_form({-2, 2}, {{2, 4, 3}, {3, 4, 2}}, {.output = {2, 3, 3, 2}}) == "");
  }

  TEST_CASE("Dot: fills the form with lines of length 1") {
    CHECK(dot_form(1, {{5}, {5}}, {.output = {1}}, {.normalize = true}) == "");
    CHECK(dot_form({2, 1}, {{2, 4, 3}, {4, 3}}, {.output = {2, 3, 3}}, {.normalize = true}) == "");
  }

  TEST_CASE("Dot: gives the numbers of worked examples") {
    MergingExample vectors(Dot<double>{1}, {{2, 2}, {2, 2}}, {{1, 2, 3, 4}, {5, 6, 7, 8}});
    CHECK(vectors.forward() == Numbers{17, 53});
    CHECK(vectors.backward({1, 10}) == std::vector<Numbers>{{5, 6, 70, 80}, {1, 2, 30, 40}});
    MergingExample matrices(Dot<double>{{2, 1}}, {{1, 2, 2}, {1, 2, 2}},
                            {{1, 2, 3, 4}, {5, 6, 7, 8}});
    CHECK(matrices.forward() == Numbers{19, 22, 43, 50});
    CHECK(matrices.backward({1, 0, 0, 0}) == std::vector<Numbers>{{5, 7, 0, 0}, {1, 0, 2, 0}});
    MergingExample cosine(Dot<double>{1, {.normalize = true}}, {{1, 2}, {1, 2}}, {{3, 4}, {0, 5}});
    CHECK(cosine.forward()[0] == doctest::Approx(0.8));
    const std::vector<Numbers> dx = cosine.backward({1});
    CHECK(dx[0][0] == doctest::Approx(-0.096));  // (0 - 0.6 0.8) / 5
    CHECK(dx[0][1] == doctest::Approx(0.072));   // (1 - 0.8 0.8) / 5
    CHECK(dx[1][0] == doctest::Approx(0.12));
    CHECK(dx[1][1] == doctest::Approx(0).epsilon(1e-12));
  }

  TEST_CASE("Dot: lines that are too short for a direction are divided by 1e-7") {
    MergingExample example(Dot<double>{1, {.normalize = true}}, {{1, 2}, {1, 2}}, {{0, 0}, {3, 4}});
    CHECK(example.forward() == Numbers{0});
    const std::vector<Numbers> dx = example.backward({1});
    CHECK(dx[0][0] == doctest::Approx(0.6e7));
    CHECK(dx[1] == Numbers{0, 0});
  }

  TEST_CASE("Dot: samples without elements") {
    MergingExample none(Dot<double>{1}, {{2, 0, 3}, {2, 0, 2}}, {{}, {}});
    CHECK(none.forward() == Numbers(12, 0.0));
    MergingExample empty(Dot<double>{{1, 2}}, {{1, 2}, {1, 0, 2, 3}}, {{1, 2}, {}});
    CHECK(empty.forward().empty());
    CHECK(empty.backward({}) == std::vector<Numbers>{{0, 0}, {}});
  }

  TEST_CASE("Dot: refuses the axis of the batch") {
    CHECK_THROWS_WITH_AS(Dot<float>(0),
                         "Dot: expected axes of samples, got 0, the axis of the batch",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Dot<float>({1, 0})),
                         "Dot: expected axes of samples, got 0, the axis of the batch",
                         std::invalid_argument);
  }

  TEST_CASE("Dot: names its arguments in Keras' words") {
    CHECK(nn::io::arguments_to_json(Dot<float>({2, -1}, {.normalize = true}).arguments()) ==
          R"({"axes":[2,-1],"normalize":true})");
    const auto both = nn::Arguments{"Dot"}.set("axes", -1).set("normalize", false);
    CHECK(nn::io::arguments_to_json(Dot<float>::from_arguments(both).arguments()) ==
          R"({"axes":[-1,-1],"normalize":false})");
  }
}
