// SPDX-License-Identifier: MIT
#include "nn/data/sample_source.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace nn {
namespace {

/// Sample i is {i, i + 0.5}, and its target 3 i.
template <class T>
struct Pairs {
  Index count = 4;
  [[nodiscard]] Index size() const { return count; }
  [[nodiscard]] Shape sample_shape() const { return {2}; }
  void read(Index i, std::span<T> x, TargetRow<T> y) const {
    x[0] = static_cast<T>(i);
    x[1] = static_cast<T>(i) + T(0.5);
    y.set_value(static_cast<T>(3 * i));
  }
};

/// Of both types.
struct Blank {
  [[nodiscard]] static int size() { return 1; }
  [[nodiscard]] static Shape sample_shape() { return {1}; }
  template <class T>
  void read(Index, std::span<T> x, const TargetRow<T>&) const {
    x[0] = 0;
  }
};

struct WithoutShape {
  [[nodiscard]] Index size() const { return 1; }
  void read(Index, std::span<float>, TargetRow<float>) const {}
};

struct NotConst {
  [[nodiscard]] Index size() const { return 1; }
  [[nodiscard]] Shape sample_shape() const { return {1}; }
  void read(Index, std::span<float>, TargetRow<float>) {}
};

Index size_of(const SampleSource<float> auto& source) { return source.size(); }

}  // namespace

TEST_SUITE("data/sample_source") {
  TEST_CASE("SampleSource: is a concept for each type of number") {
    CHECK(SampleSource<Pairs<float>>);
    CHECK(SampleSource<Pairs<double>, double>);
    CHECK_FALSE(SampleSource<Pairs<double>, float>);
    CHECK(SampleSource<Blank, float>);
    CHECK(SampleSource<Blank, double>);
    CHECK_FALSE(SampleSource<WithoutShape, float>);
    CHECK_FALSE(SampleSource<NotConst, float>);
    CHECK_FALSE(SampleSource<std::vector<float>, float>);
    CHECK(size_of(Pairs<float>{}) == 4);
  }

  TEST_CASE("SourceView: reads through a source of any type") {
    const Pairs<double> pairs;
    const detail::SourceView view(pairs);
    CHECK(view.is_given());
    CHECK(view.count() == 4);
    CHECK(view.sample_shape() == Shape{2});
    std::array<double, 2> x{};
    double y = 0;
    view.read<double>(3, x, {.values = {&y, 1}, .loss = "loss"});
    CHECK(x == std::array<double, 2>{3, 3.5});
    CHECK(y == 9);
    CHECK_FALSE(detail::SourceView().is_given());
  }

  TEST_CASE("SourceView: refuses another type of number, and a negative size") {
    const Pairs<double> pairs;
    detail::SourceView(pairs).check_type<double>("model");
    CHECK_THROWS_WITH_AS(detail::SourceView(pairs).check_type<float>("model"),
                         "model: expected a source of float, got one of double",
                         std::invalid_argument);
    const Pairs<float> floats;
    CHECK_THROWS_WITH_AS(detail::SourceView(floats).check_type<double>("model"),
                         "model: expected a source of double, got one of float",
                         std::invalid_argument);
    const Blank both;
    detail::SourceView(both).check_type<float>("model");
    detail::SourceView(both).check_type<double>("model");
    const Pairs<float> none{-1};
    CHECK_THROWS_WITH_AS(detail::SourceView{none},
                         "SampleSource::size: expected 0 samples or more, got -1",
                         std::invalid_argument);
  }

  TEST_CASE("TargetRow: takes class numbers for a loss of classes") {
    std::array<std::int32_t, 2> room{};
    const TargetRow<float> one{.classes = std::span(room).first(1), .loss = "loss", .sample = 5};
    CHECK(one.is_wanted());
    one.set_class(7);
    CHECK(room == std::array<std::int32_t, 2>{7, 0});
    const TargetRow<float> two{.classes = room, .loss = "loss", .sample = 5};
    two.set_classes(std::array<std::int32_t, 2>{1, 2});
    CHECK(room == std::array<std::int32_t, 2>{1, 2});
    CHECK_THROWS_WITH_AS(
        two.set_class(3),
        "TargetRow: expected 2 class numbers for loss, got 1 class number (sample 5)",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(one.set_value(3),
                         "TargetRow: expected 1 class number for loss, got 1 value (sample 5)",
                         std::invalid_argument);
    CHECK(room == std::array<std::int32_t, 2>{1, 2});
  }

  TEST_CASE("TargetRow: takes values for a loss of values") {
    std::array<double, 3> room{};
    const TargetRow<double> row{.values = room, .loss = "loss", .sample = 5};
    row.set_values(std::vector<double>{1, 2, 3});
    CHECK(room == std::array<double, 3>{1, 2, 3});
    CHECK_THROWS_WITH_AS(row.set_class(1),
                         "TargetRow: expected 3 values for loss, got 1 class number (sample 5)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(row.set_values(std::vector<double>{1, 2}),
                         "TargetRow: expected 3 values for loss, got 2 values (sample 5)",
                         std::invalid_argument);
    const TargetRow<double> one{.values = std::span(room).first(1), .loss = "loss", .sample = 5};
    one.set_value(9);
    CHECK(room == std::array<double, 3>{9, 2, 3});
  }

  TEST_CASE("TargetRow: does nothing where no targets are wanted") {
    const TargetRow<float> row;
    CHECK_FALSE(row.is_wanted());
    row.set_class(3);
    row.set_value(3);
    row.set_values(std::vector<float>{1, 2});
  }
}

}  // namespace nn
