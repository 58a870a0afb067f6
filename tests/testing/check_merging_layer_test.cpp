// SPDX-License-Identifier: MIT
// The negative controls of the form for layers with several inputs: each fault is found, and the
// finding says where it is.
#include "nn/testing/check_merging_layer.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/testing/allocations.hpp"
#include "tests/testing/faulty_fork.hpp"
#include "tests/testing/faulty_product.hpp"

namespace {

using nn::testing::FaultyFork;
using nn::testing::FaultyProduct;
using nn::testing::ForkFault;
using nn::testing::MergingFault;

/// What the form says of the layer with that fault.
std::string findings_of(MergingFault fault) {
  return nn::testing::to_text(nn::testing::check_merging_layer(
      [=]<class T>() { return FaultyProduct<T>{fault}; }, {{4}, {4}},
      {.output = {4},
       .refusals = {{{{4}, {3}}, "FaultyProduct: expected [4], got [3]"}},
       .input = {0.5, 2},
       .allocations = nn::testing::num_allocations}));
}

/// The same of a layer with two results.
std::string findings_of(ForkFault fault, const nn::Shape& second = {4}) {
  return nn::testing::to_text(nn::testing::check_merging_layer(
      [=]<class T>() { return FaultyFork<T>{fault}; }, {{4}},
      {.output = {4},
       .further_outputs = {second},
       .refusals = {{{{4}, {4}}, "FaultyFork: expected one input, got 2"}},
       .allocations = nn::testing::num_allocations}));
}

}  // namespace

TEST_SUITE("testing/check_merging_layer") {
  TEST_CASE("check_merging_layer: finds nothing in a sound layer") {
    CHECK(findings_of(MergingFault::none) == "");
  }

  TEST_CASE("check_merging_layer: finds each fault and says where it is") {
    const struct {
      MergingFault fault;
      std::string finding;  // a part of one
    } controls[] = {
        // 4 is the first element of the second input, in the row of both.
        {MergingFault::sign_of_second_dx,
         "FaultyProduct, batch of 1: gradient of the input at [0, 4]: expected "},
        {MergingFault::first_dx_alone,
         "FaultyProduct: input 1, without dx of input 0: dx at [0, 0]: expected "},
        {MergingFault::dx_added, "FaultyProduct: dx at [0, 0]: expected a finite number, got nan"},
        {MergingFault::dx_of_one_sample,
         "FaultyProduct: dx at [1, 0]: expected a finite number, got nan"},
        {MergingFault::write_behind_second_dx,
         "FaultyProduct: input 1: dx: expected nothing written behind its end, got a write"},
        {MergingFault::write_behind_y,
         "FaultyProduct: y: expected nothing written behind its end, got a write"},
        {MergingFault::x_changed, "FaultyProduct: input 1: expected no change by a pass, got one"},
        {MergingFault::y_read, "FaultyProduct: input 0, y overwritten: dx at [0, 0]: expected "},
        {MergingFault::y_of_one_sample,
         "FaultyProduct: y at [1, 0]: expected a finite number, got nan"},
        {MergingFault::samples_mixed,
         "FaultyProduct, samples one by one at inference: y at [1, 0]"},
        {MergingFault::other_float, "FaultyProduct, float against double: y at [0, 0]"},
        {MergingFault::result_of_thread_count, "FaultyProduct, 2 threads: y at [0, 0]"},
        {MergingFault::other_sentence,
         "FaultyProduct: output_shape([4], [3]): expected the ShapeError \"FaultyProduct: expected "
         "[4], got [3]\", got \"FaultyProduct: expected [4], got [3] (another sentence)\""},
        {MergingFault::output_shape_too_large,
         "FaultyProduct: output_shape([4], [4]): expected [4], got [5]"},
        {MergingFault::no_scale_gradient,
         "FaultyProduct, batch of 1: gradient of parameter 'scale' at [0]: expected "},
        {MergingFault::scale_gradient_beside_first_dx,
         "FaultyProduct, without dx of input 0: gradients of parameters at [0]: expected "},
        {MergingFault::write_behind_memory,
         "FaultyProduct: pass.memory: expected nothing written behind its end, got a write"},
        {MergingFault::lost_argument, "FaultyProduct, loaded: arguments: expected "},
        {MergingFault::unread_argument,
         "FaultyProduct, loaded: expected all arguments read, got not axis"},
    };
    for (const auto& control : controls) {
      const std::string findings = findings_of(control.fault);
      CAPTURE(findings);
      CAPTURE(control.finding);
      CHECK(findings.find(control.finding) != std::string::npos);
    }
  }

  TEST_CASE("check_merging_layer: finds each fault of a layer with several results") {
    CHECK(findings_of(ForkFault::none) == "");
    CHECK(findings_of(ForkFault::none, {5}) ==
          "FaultyFork: output_shape([4]): expected [5], got [4]\n");
    const struct {
      ForkFault fault;
      std::string finding;  // a part of one
    } controls[] = {
        {ForkFault::sign_of_second_dy, "FaultyFork, batch of 1: gradient of the input at [0, 0]: "},
        {ForkFault::unread_result_counts,
         "FaultyFork: input 0, without dy of result 1: dx at [0, 0]: expected "},
        {ForkFault::write_behind_second_y,
         "FaultyFork: y: expected nothing written behind its end, got a write"},
        // 4 is the first element of the second result, in the row of both.
        {ForkFault::second_y_of_one_sample,
         "FaultyFork: y at [1, 4]: expected a finite number, got nan"},
    };
    for (const auto& control : controls) {
      const std::string findings = findings_of(control.fault);
      CAPTURE(findings);
      CAPTURE(control.finding);
      CHECK(findings.find(control.finding) != std::string::npos);
    }
  }
}
