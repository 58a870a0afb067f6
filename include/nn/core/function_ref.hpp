// SPDX-License-Identifier: MIT
// Something to call, without its type.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

#include "nn/core/cxx20.hpp"

namespace nn {

template <class Signature>
class FunctionRef;

/// A view of something that can be called, to pass it on for the time of a call: what takes one is
/// compiled once, and not for each function that it is given. It must not outlive the function.
template <class Result, class... Parameters>
class FunctionRef<Result(Parameters...)> {
 public:
  template <class Function>
  requires(!std::same_as<Function, FunctionRef>)
      FunctionRef(const Function& function)  // NOLINT(google-explicit-constructor): a lambda fits
      : function_(std::addressof(function)),
        call_([](const void* of, Parameters... parameters) -> Result {
          return (*static_cast<const Function*>(of))(parameters...);
        }) {}

  Result operator()(Parameters... parameters) const { return call_(function_, parameters...); }

 private:
  const void* function_;
  Result (*call_)(const void*, Parameters...);
};

}  // namespace nn
