// SPDX-License-Identifier: MIT
#include "nn/layers/masking.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Masking;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/masking") {
  TEST_CASE("Masking: fills the form") {
    CHECK(form([]<class T>() { return Masking<T>{}; }, {4, 2},
               {.output = {4, 2},
                .refusals = {{{2}, "Masking: expected samples [steps, features], got [2]"}}}) ==
          "");
  }

  TEST_CASE("Masking: gives the numbers of a worked example") {
    WorkedExample example(Masking<double>{7}, {3, 2}, {1, 2, 7, 7, 7, 3});
    CHECK(example.forward() == "1 2 0 0 7 3");
    CHECK(example.backward({1, 2, 3, 4, 5, 6}) == "1 2 0 0 5 6");
    bool mask[3];
    example.rig.layer().make_mask(example.batch.x.data(), {1, 3, 2}, mask);
    CHECK(mask[0]);
    CHECK(!mask[1]);
    CHECK(mask[2]);
  }

  TEST_CASE("Masking: names its argument") {
    CHECK(arguments_text(Masking<float>{-1}) == R"({"mask_value":-1.0})");
  }
}
