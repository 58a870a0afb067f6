// SPDX-License-Identifier: MIT
#include "nn/kernels/machine/isa.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "nn/core/parallel.hpp"
#include "nn/kernels/machine/cpu.hpp"

namespace {

/// Sets NN_ISA for the life of a test.
class IsaVariable {
 public:
  explicit IsaVariable(const char* value) {
    if (const char* before = std::getenv("NN_ISA")) before_ = before;
    ::setenv("NN_ISA", value, 1);
  }
  ~IsaVariable() {
    if (before_) {
      ::setenv("NN_ISA", before_->c_str(), 1);
    } else {
      ::unsetenv("NN_ISA");
    }
  }
  IsaVariable(const IsaVariable&) = delete;
  IsaVariable& operator=(const IsaVariable&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST_SUITE("kernels/isa") {
  TEST_CASE("Isa: the choice is one that the processor has") {
    CHECK(nn::isa() <= nn::detail::detect_isa());
    CHECK(nn::isa() == nn::detail::choose_isa());
  }

  TEST_CASE("NN_ISA: names a lower instruction set") {
    const nn::Isa best = nn::detail::detect_isa();
    for (const nn::Isa isa : nn::all_isas) {
      if (isa > best) continue;
      CAPTURE(std::string{nn::to_string(isa)});
      const IsaVariable variable(nn::to_string(isa));
      CHECK(nn::detail::choose_isa() == isa);
    }
    const IsaVariable empty("");
    CHECK(nn::detail::choose_isa() == nn::detail::quickest_isa(best));
  }

  TEST_CASE("Isa: on Intel's processors rounded floats are quicker than vectors of bfloat16") {
    for (const nn::Isa best : nn::all_isas) {
      if (best == nn::Isa::avx512_bf16) continue;
      CHECK(nn::detail::quickest_isa(best) == best);
    }
    const std::string processor = nn::detail::processor_name();
    const nn::Isa quickest = nn::detail::quickest_isa(nn::Isa::avx512_bf16);
    if (processor.find("Intel") != std::string::npos) CHECK(quickest == nn::Isa::avx512);
    if (processor.find("AMD") != std::string::npos) CHECK(quickest == nn::Isa::avx512_bf16);
  }

  TEST_CASE("NN_ISA: refuses what it does not know or the processor does not have") {
    {
      const IsaVariable variable("sse9");
      CHECK_THROWS_WITH_AS(static_cast<void>(nn::detail::choose_isa()),
                           "NN_ISA: expected portable, avx2, avx512, avx512_bf16 or amx, got sse9",
                           std::invalid_argument);
    }
    if (nn::detail::detect_isa() == nn::Isa::amx) return;
    const IsaVariable variable("amx");
    const std::string expected =
        std::string{
            "NN_ISA: expected an instruction set of this processor, got amx (the best here "
            "is "} +
        nn::to_string(nn::detail::detect_isa()) + ")";
    CHECK_THROWS_WITH_AS(static_cast<void>(nn::detail::choose_isa()), expected.c_str(),
                         std::invalid_argument);
  }

  TEST_CASE("cpu: names processor, threads and instruction set") {
    const int before = nn::num_threads();
    nn::set_num_threads(1);
    const std::string one = nn::cpu();
    nn::set_num_threads(2);
    const std::string two = nn::cpu();
    nn::set_num_threads(before);
    const std::string isa = nn::to_string(nn::isa());
    CHECK(one == nn::detail::processor_name() + ", 1 thread, " + isa);
    CHECK(two == nn::detail::processor_name() + ", 2 threads, " + isa);
    CHECK_FALSE(nn::detail::processor_name().empty());
  }
}

}  // namespace
