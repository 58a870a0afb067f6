// SPDX-License-Identifier: MIT
#include "nn/kernels/update/update.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

template <class T>
constexpr double rounding = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());

/// Weights, gradients and moments of `count` parameters; v is positive.
template <class T>
struct State {
  std::vector<T> w, g, m, v, v_max;

  explicit State(Index count)
      : w(random_values<T>(count, 1)),
        g(random_values<T>(count, 2)),
        m(random_values<T>(count, 3)),
        v(random_values<T>(count, 4)),
        v_max(random_values<T>(count, 5)) {
    for (T& value : v) value = std::abs(value) + T(0.01);
    for (T& value : v_max) value = std::abs(value) + T(0.01);
  }
};

template <class T>
void check_close(const State<T>& actual, const State<T>& expected, double tolerance) {
  CHECK(largest_difference(actual.w, expected.w) <= tolerance);
  CHECK(largest_difference(actual.m, expected.m) <= tolerance);
  CHECK(largest_difference(actual.v, expected.v) <= tolerance);
  CHECK(largest_difference(actual.v_max, expected.v_max) <= tolerance);
}

}  // namespace

TEST_SUITE("kernels/update") {
  TEST_CASE_TEMPLATE("Update: every instruction set agrees with the naive loops", T, float,
                     double) {
    const AdamFactors<T> factors{T(0.01), T(0.1), T(0.001), T(1e-7)};
    for (const Isa isa : available_isas())
      for (const Index count : {0, 1, 5, 16, 37, 100}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(count);
        State<T> s(count), e(count);
        NN_DISPATCH_TO(isa, sgd_update, count, s.w.data(), s.g.data(), T(0.1));
        naive::sgd_update(count, e.w.data(), e.g.data(), T(0.1));
        check_close(s, e, rounding<T>);
        for (const bool nesterov : {false, true}) {
          NN_DISPATCH_TO(isa, momentum_update, count, s.w.data(), s.g.data(), s.m.data(), T(0.1),
                         T(0.9), nesterov);
          naive::momentum_update(count, e.w.data(), e.g.data(), e.m.data(), T(0.1), T(0.9),
                                 nesterov);
          check_close(s, e, rounding<T>);
        }
        for (const bool overwrites : {false, true}) {
          NN_DISPATCH_TO(isa, average_update, count, s.w.data(), s.v_max.data(), T(0.9),
                         overwrites);
          naive::average_update(count, e.w.data(), e.v_max.data(), T(0.9), overwrites);
          check_close(s, e, rounding<T>);
        }
        for (const bool amsgrad : {false, true}) {
          T* const largest = amsgrad ? s.v_max.data() : nullptr;
          NN_DISPATCH_TO(isa, adam_update, count, s.w.data(), s.g.data(), s.m.data(), s.v.data(),
                         factors, largest);
          naive::adam_update(count, e.w.data(), e.g.data(), e.m.data(), e.v.data(), factors,
                             amsgrad ? e.v_max.data() : nullptr);
          check_close(s, e, rounding<T>);
        }
      }
  }

  TEST_CASE("Update: one step by hand") {
    double w = 1, g = 0.5, m = 0.2;
    sgd_update(1, &w, &g, 0.1);
    CHECK(w == doctest::Approx(0.95));
    w = 1;
    momentum_update(1, &w, &g, &m, 0.1, 0.9, false);  // m = 0.18 - 0.05
    CHECK(m == doctest::Approx(0.13));
    CHECK(w == doctest::Approx(1.13));
    w = 1, m = 0.2;
    momentum_update(1, &w, &g, &m, 0.1, 0.9, true);  // w += 0.9 0.13 - 0.05
    CHECK(w == doctest::Approx(1.067));
    double average = 3;
    w = 1;
    average_update(1, &w, &average, 0.75, false);
    CHECK(average == 2.5);
    CHECK(w == 1);
    average_update(1, &w, &average, 0, true);  // the first step, whatever the average was
    CHECK(average == 1);
  }

  TEST_CASE("Update: Adam's first step moves by the learning rate") {
    const double learning_rate = 1e-3, beta_1 = 0.9, beta_2 = 0.999;
    const double alpha = learning_rate * std::sqrt(1 - beta_2) / (1 - beta_1);
    double w[] = {1, 1}, m[] = {0, 0}, v[] = {0, 0};
    const double g[] = {0.3, -20};
    adam_update(2, w, g, m, v, {alpha, 1 - beta_1, 1 - beta_2, 1e-7});
    CHECK(m[0] == doctest::Approx(0.03));
    CHECK(v[1] == doctest::Approx(0.4));
    CHECK(w[0] == doctest::Approx(1 - 1e-3).epsilon(1e-7));
    CHECK(w[1] == doctest::Approx(1 + 1e-3).epsilon(1e-7));
  }

  TEST_CASE("Update: epsilon is added to the root, not under it") {
    double w = 0, m = 0, v = 0;
    const double g = 1e-6;
    adam_update(1, &w, &g, &m, &v, {1.0, 1.0, 1.0, 1e-6});  // m = g, v = g^2
    CHECK(w == doctest::Approx(-0.5));
  }

  TEST_CASE("Update: any cut gives the same bits") {
    const Index count = 177, cut = 67;
    const AdamFactors<float> factors{0.01f, 0.1f, 0.001f, 1e-7f};
    State<float> whole(count), s(count);
    adam_update(count, whole.w.data(), whole.g.data(), whole.m.data(), whole.v.data(), factors,
                whole.v_max.data());
    for (const Index from : {Index{0}, cut}) {
      adam_update(from == 0 ? cut : count - cut, s.w.data() + from, s.g.data() + from,
                  s.m.data() + from, s.v.data() + from, factors, s.v_max.data() + from);
    }
    CHECK(s.w == whole.w);
    CHECK(s.v == whole.v);
    CHECK(s.v_max == whole.v_max);
  }
}
