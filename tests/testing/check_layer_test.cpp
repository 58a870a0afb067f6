// SPDX-License-Identifier: MIT
// The form's negative controls: each fault is found, and the finding says where it is.
#include "nn/testing/check_layer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <concepts>

#include "tests/testing/allocations.hpp"
#include "tests/testing/faulty_dense.hpp"

namespace {

using nn::testing::Fault;
using nn::testing::FaultyDense;

nn::testing::LayerExpectations expectations() {
  return {.output = {2},
          .refusals = {{{3, 4}, "FaultyDense: expected samples of rank 1, got [3, 4]"}},
          .allocations = nn::testing::num_allocations};
}

/// What the form says of the layer with that fault.
std::string findings_of(Fault fault) {
  return nn::testing::to_text(nn::testing::check_layer(
      [=]<class T>() { return FaultyDense<T>{fault}; }, {3}, expectations()));
}

bool mention(const std::string& findings, const std::string& text) {
  return findings.find(text) != std::string::npos;
}

// Layers that break a promise.
template <nn::Real T>
struct WithoutStep : FaultyDense<T> {
  static constexpr nn::Promises promises{.assigns_gradients = true, .updates_parameters = true};
  WithoutStep() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "WithoutStep"; }
};
template <nn::Real T>
struct NothingOfDy : FaultyDense<T> {  // whose reader ignores it
  static constexpr nn::Promises promises{.assigns_gradients = true, .takes_dy_in_columns = true};
  struct Reader final : nn::kernels::ColumnReader<T> {
    Reader() : nn::kernels::ColumnReader<T>(1) {}
    void begin(nn::Index) override {}
    void read(nn::Index, nn::Index, nn::kernels::Matrix<const T>) override {}
    void end() override {}
  };
  NothingOfDy() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "NothingOfDy"; }
  [[nodiscard]] nn::kernels::ColumnReader<T>* dy_reader(nn::ConstTensorMap<T, 2>,
                                                        nn::ConstTensorMap<T, 2>,
                                                        const nn::Pass&) const {
    static Reader reader;
    return &reader;
  }
};
/// A whole product says that it is a map of each feature.
template <nn::Real T>
struct NoAffineMap : FaultyDense<T> {
  static constexpr nn::Promises promises{.is_affine = true};
  NoAffineMap() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "NoAffineMap"; }
  void affine(T* scale, T* shift) const {
    std::fill_n(scale, 2, T(1));
    std::fill_n(shift, 2, T(0));
  }
};
template <nn::Real T>
struct NothingOfDx : FaultyDense<T> {  // which hands out nothing
  static constexpr nn::Promises promises{
      .assigns_gradients = true, .updates_parameters = true, .gives_dx_in_columns = true};
  using FaultyDense<T>::backward;
  NothingOfDx() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "NothingOfDx"; }
  void backward(nn::ConstTensorMap<T, 2>, nn::ConstTensorMap<T, 2>, nn::TensorMap<T, 2>,
                nn::kernels::ColumnReader<T>&, const nn::Pass&) const {}
};

// Sound layers that describe themselves in part.
template <nn::Real T>
struct WithOwnName : FaultyDense<T> {  // whose name() is not static
  WithOwnName() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] std::string name() const { return "WithOwnName"; }
  [[nodiscard]] static WithOwnName from_arguments(const nn::Arguments&) { return {}; }
};
template <nn::Real T>
struct WithOtherType : FaultyDense<T> {  // whose from_arguments() makes a FaultyDense
  WithOtherType() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "WithOtherType"; }
};
template <nn::Real T>
struct WithoutArguments : FaultyDense<T> {
  WithoutArguments() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "WithoutArguments"; }
  [[nodiscard]] static WithoutArguments from_arguments(const nn::Arguments&) { return {}; }

 private:
  using FaultyDense<T>::arguments;
};
template <nn::Real T>
struct WithArgumentsAlone : FaultyDense<T> {
  WithArgumentsAlone() : FaultyDense<T>(Fault::none) {}
  [[nodiscard]] static std::string name() { return "WithArgumentsAlone"; }

 private:
  using FaultyDense<T>::from_arguments;
};
template <nn::Real T>
struct WithNoDescription : FaultyDense<T> {
  WithNoDescription() : FaultyDense<T>(Fault::none) {}

 private:
  using FaultyDense<T>::arguments;
  using FaultyDense<T>::from_arguments;
};

struct Control {
  Fault fault;
  std::string finding;  // a part of one
};

}  // namespace

TEST_SUITE("testing/check_layer") {
  TEST_CASE("check_layer: finds nothing in a sound layer") {
    CHECK(findings_of(Fault::none) == "");
  }

  TEST_CASE("check_layer: finds wrong gradients and says whose") {
    const Control controls[] = {
        {Fault::sign_of_dx, "FaultyDense, batch of 1: gradient of the input at [0, 0]: expected "},
        {Fault::sign_of_kernel_gradient,
         "FaultyDense, batch of 1: gradient of parameter 'kernel' at [0, 0]: expected "},
        {Fault::no_bias_gradient, "FaultyDense, batch of 1: gradient of parameter 'bias' at [0]"},
        {Fault::bias_gradient_of_one_sample,
         "FaultyDense, batch of 3: gradient of parameter 'bias' at [0]"},
        {Fault::constant_dx, "FaultyDense, batch of 1: gradient of the input at [0, 0]"},
        {Fault::mask_ignored,
         "FaultyDense, behind a Dense with ReLU: gradient of parameter '0.dense.kernel' at"},
        {Fault::activation_ignored,
         "FaultyDense, before a ReLU and a Dense: gradient of the input at"},
        {Fault::no_activation_but_relu,
         "FaultyDense, before a tanh and a Dense: gradient of the input at"},
        {Fault::gradient_doubled_by_activation,
         "FaultyDense, before a ReLU and a Dense: gradient of the input at"},
    };
    for (const Control& control : controls) {
      const std::string findings = findings_of(control.fault);
      CAPTURE(findings);
      CAPTURE(control.finding);
      CHECK(mention(findings, control.finding));
    }
  }

  TEST_CASE("check_layer: finds gradients and results in the wrong place") {
    const Control controls[] = {
        {Fault::gradient_assigned,
         "FaultyDense, accumulate onto 5: gradient of parameter 'kernel' at [0, 0]: expected"},
        {Fault::gradient_always_added,
         "FaultyDense, accumulate false: gradient of parameter 'kernel' at [0, 0]: expected"},
        {Fault::kernel_gradient_only_with_dx,
         "FaultyDense, without dx: gradient of parameter 'kernel' at [0, 0]: expected"},
        {Fault::dx_added, "FaultyDense: dx at [0, 0]: expected a finite number, got nan"},
        {Fault::dx_of_one_sample, "FaultyDense: dx at [1, 0]: expected a finite number, got nan"},
        {Fault::y_of_one_sample, "FaultyDense: y at [1, 0]: expected a finite number, got nan"},
        {Fault::write_behind_dx,
         "FaultyDense: dx: expected nothing written behind its end, got a write"},
        {Fault::write_behind_memory,
         "FaultyDense: pass.memory: expected nothing written behind its end, got a write "
         "(workspace_bytes: 8)"},
        {Fault::output_shape_too_large,
         "FaultyDense: output_shape: expected [2], got [3] (sample [3])"},
        {Fault::other_sentence,
         "FaultyDense: output_shape([3, 4]): expected the ShapeError \"FaultyDense: expected "
         "samples of rank 1, got [3, 4]\", got \"FaultyDense: expected samples of rank 1, got [3, "
         "4] (another sentence)\""},
    };
    for (const Control& control : controls) {
      const std::string findings = findings_of(control.fault);
      CAPTURE(findings);
      CAPTURE(control.finding);
      CHECK(mention(findings, control.finding));
    }
  }

  TEST_CASE("check_layer: finds results that depend on more than the pass") {
    const Control controls[] = {
        {Fault::state_for_backward,
         "FaultyDense, another pass between forward and backward: gradient of parameter 'kernel'"},
        {Fault::state_in_forward, "FaultyDense, second pass over the same batch: y at [0, 0]"},
        {Fault::allocation, "FaultyDense, second pass: expected no allocation, got 2"},
        {Fault::result_of_thread_count, "FaultyDense, 2 threads: y at [0, 0]"},
        {Fault::samples_mixed, "FaultyDense, samples one by one at inference: y at [1, 0]"},
        {Fault::other_float, "FaultyDense, float against double: y at [0, 0]"},
        {Fault::other_inference, "FaultyDense: y at inference: expected the same y, got another"},
        {Fault::other_each_step,
         "FaultyDense: y at another step: expected the same y, got another"},
        {Fault::lost_argument, "FaultyDense, loaded: arguments: expected "},
    };
    for (const Control& control : controls) {
      if (control.fault == Fault::allocation && !nn::testing::counts_allocations) continue;
      const std::string findings = findings_of(control.fault);
      CAPTURE(findings);
      CAPTURE(control.finding);
      CHECK(mention(findings, control.finding));
    }
  }

  TEST_CASE("check_layer: finds affine maps that are others than promised") {
    CHECK(mention(findings_of(Fault::affine_ignored),
                  "FaultyDense, with an affine map: y at [0, 0]: expected "));
    const std::string findings = nn::testing::to_text(
        nn::testing::check_layer([]<class T>() { return NoAffineMap<T>{}; }, {2}, expectations()));
    CHECK(mention(findings, "NoAffineMap, as an affine map: y at [0, 0]: expected "));
  }

  TEST_CASE("check_layer: finds a promise that is not kept") {
    const auto findings = []<template <class> class L>() {
      return nn::testing::to_text(
          nn::testing::check_layer([]<class T>() { return L<T>{}; }, {3}, expectations()));
    };
    CHECK(mention(findings.operator()<WithoutStep>(),
                  "WithoutStep, step in backward: parameter 'kernel' at [0, 0]: expected "));
    CHECK(
        mention(findings.operator()<NothingOfDx>(), "NothingOfDx, dx in columns: dx at [0, 0]: "));
    CHECK(mention(findings.operator()<NothingOfDy>(),
                  "NothingOfDy, dy in columns: gradient of parameter 'kernel' at [0, 0]: "));
  }

  TEST_CASE("check_layer: says what a layer lacks to be saved") {
    const auto findings = []<template <class> class L>() {
      return nn::testing::to_text(
          nn::testing::check_layer([]<class T>() { return L<T>{}; }, {3}, expectations()));
    };
    const std::string expected =
        ": expected a static name(), arguments() and from_arguments(), to "
        "be saved, got ";
    CHECK(findings.operator()<WithOwnName>() == "WithOwnName" + expected + "no static name()\n");
    CHECK(findings.operator()<WithArgumentsAlone>() ==
          "WithArgumentsAlone" + expected + "no static from_arguments(const Arguments&)\n");
    CHECK(findings.operator()<WithoutArguments>() ==
          "WithoutArguments" + expected + "no arguments() const\n");
    CHECK(findings.operator()<WithOtherType>() ==
          "WithOtherType" + expected + "another type from one of them\n");
    CHECK(findings.operator()<WithNoDescription>() == "");
  }

  TEST_CASE("check_layer: expects random numbers where it is told of them") {
    auto expected = expectations();
    expected.is_random = true;
    const std::string findings = nn::testing::to_text(nn::testing::check_layer(
        []<class T>() { return FaultyDense<T>{Fault::none}; }, {3}, expected));
    CHECK(mention(findings, "FaultyDense: y at another step: expected another y, got the same"));
  }

  TEST_CASE("check_sharing: finds what goes wrong where a graph uses a layer twice") {
    const auto findings = [](Fault fault) {
      nn::testing::Findings found;
      nn::testing::check_sharing(found, "FaultyDense",
                                 nn::AnyLayer<double>(FaultyDense<double>{fault}), {3}, {});
      return nn::testing::to_text(found);
    };
    CHECK(findings(Fault::none) == "");
    for (const Fault fault : {Fault::gradient_assigned, Fault::state_for_backward}) {
      CHECK(mention(findings(fault),
                    "FaultyDense, used twice: gradient of parameter '0.faultydense.kernel' at"));
    }
  }

  TEST_CASE("check_layer: does without dual numbers for a layer that has none") {
    const auto findings = [](Fault fault) {
      return nn::testing::to_text(nn::testing::check_layer(
          [=]<std::floating_point T>() { return FaultyDense<T>{fault}; }, {3}, expectations()));
    };
    CHECK(findings(Fault::none) == "");
    CHECK(mention(findings(Fault::sign_of_dx), "(central differences)"));
  }

  TEST_CASE("check_layer: leaves the number of threads as it was") {
    const int before = nn::num_threads();
    static_cast<void>(findings_of(Fault::none));
    CHECK(nn::num_threads() == before);
  }
}
