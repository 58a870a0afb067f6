// SPDX-License-Identifier: MIT
#include "tests/layers/tracker.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::Tracker;
using nn::testing::WorkedExample;

/// Forgets whose batch it was.
template <class T>
class Forgetful : public Tracker<T> {
 public:
  [[nodiscard]] static std::string name() { return "Forgetful"; }
  [[nodiscard]] static Forgetful from_arguments(const nn::Arguments&) { return {}; }
  void forward(nn::ConstTensorMap<T, 2> x, nn::TensorMap<T, 2> y, const nn::Pass& pass) const {
    Tracker<T>::forward(x, y, pass);
    if (pass.training) *latest_ = static_cast<double>(x(0, 0));
  }
  void update_state(const nn::Shape& x, const nn::Pass& pass) {
    Tracker<T>::update_state(x, pass);
    this->mean().value()(0) = T(*latest_);
  }

 private:
  std::shared_ptr<double> latest_ = std::make_shared<double>(0);
};

/// Updates its state in forward.
template <class T>
class Hasty : public Tracker<T> {
 public:
  [[nodiscard]] static std::string name() { return "Hasty"; }
  [[nodiscard]] static Hasty from_arguments(const nn::Arguments&) { return {}; }
  void forward(nn::ConstTensorMap<T, 2> x, nn::TensorMap<T, 2> y, const nn::Pass& pass) const {
    Tracker<T>::forward(x, y, pass);
    const_cast<Hasty*>(this)->mean().value()(0) += T(1);
  }
};

/// Updates what is trained.
template <class T>
class Meddler : public Tracker<T> {
 public:
  [[nodiscard]] static std::string name() { return "Meddler"; }
  [[nodiscard]] static Meddler from_arguments(const nn::Arguments&) { return {}; }
  void update_state(const nn::Shape& x, const nn::Pass& pass) {
    Tracker<T>::update_state(x, pass);
    const_cast<T*>(this->shift().value().data())[0] += T(1);
  }
};

/// Gives no gradient on while it is frozen, and changes all the same.
template <class T>
class Unfreezable : public Tracker<T> {
 public:
  static constexpr nn::Promises promises{.updates_parameters = true};
  [[nodiscard]] static std::string name() { return "Unfreezable"; }
  [[nodiscard]] static Unfreezable from_arguments(const nn::Arguments&) { return {}; }
  void backward(nn::ConstTensorMap<T, 2> x, nn::ConstTensorMap<T, 2> y, nn::TensorMap<T, 2> dy,
                nn::TensorMap<T, 2> dx, const nn::Pass& pass) const {
    Tracker<T>::backward(x, y, dy, dx, pass);
    if (pass.update != nullptr) this->shift().update(*pass.update);
    if (!pass.is_frozen) return;
    dx.setConstant(T(0));
    const_cast<T*>(this->shift().value().data())[0] += T(1);
  }
};

}  // namespace

TEST_SUITE("layers/tracker") {
  TEST_CASE("Tracker: fills the form") {
    CHECK(form([]<class T>() { return Tracker<T>{}; }, {4}, {.output = {4}}) == "");
  }

  TEST_CASE("Tracker: gives the numbers of a worked example") {
    WorkedExample example(Tracker<double>{}, {2}, {1, 2, 3, 6}, {{10, 20}}, {{4, 8}});
    CHECK(example.forward() == "11 22 13 26");
    CHECK(example.backward({1, 2, 3, 4}) == "1 2 3 4");
    CHECK(example.state(0) == "4 8");
    example.rig.update_state(example.batch);
    CHECK(example.state(0) == "3 6");
    CHECK(example.gradient(0) == "4 6");
  }

  TEST_CASE("check_layer: finds state that is not kept as it should be") {
    const auto findings = []<template <class> class L>() {
      return form([]<class T>() { return L<T>{}; }, {3}, {.output = {3}});
    };
    const auto mentions = [](const std::string& text, const char* part) {
      CAPTURE(text);
      return text.find(part) != std::string::npos;
    };
    CHECK(mentions(findings.operator()<Forgetful>(),
                   "Forgetful, another pass before update_state: state 'mean' at [0]: expected "));
    CHECK(mentions(findings.operator()<Hasty>(),
                   "Hasty, after passes: state 'mean' at [0]: expected "));
    CHECK(mentions(findings.operator()<Meddler>(),
                   "Meddler, after update_state: parameter 'shift' at [0]: expected "));
    CHECK(mentions(findings.operator()<Unfreezable>(),
                   "Unfreezable, frozen: gradient of the input at [0, 0]: expected "));
    CHECK(mentions(findings.operator()<Unfreezable>(),
                   "Unfreezable, frozen: parameter 'shift' at [0]: expected "));
  }
}
