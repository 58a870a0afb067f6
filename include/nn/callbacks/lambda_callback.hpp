// SPDX-License-Identifier: MIT
// A callback of functions.
#pragma once

#include <functional>
#include <utility>

#include "nn/training/callback.hpp"

namespace nn {

/// The hooks; those that are left out do nothing.
struct LambdaCallbackOptions {
  using Hook = std::function<void(FitContext&)>;

  Hook on_train_begin{}, on_epoch_begin{}, on_batch_begin{}, on_batch_end{}, on_epoch_end{},
      on_train_end{};
};

/// Functions as a callback (Keras: LambdaCallback):
///     nn::LambdaCallback{{.on_epoch_end = [](nn::FitContext& c) { std::cout << c.logs; }}}
class LambdaCallback {
 public:
  explicit LambdaCallback(LambdaCallbackOptions hooks) : hooks_(std::move(hooks)) {}

  void on_train_begin(FitContext& context) const { call(hooks_.on_train_begin, context); }
  void on_epoch_begin(FitContext& context) const { call(hooks_.on_epoch_begin, context); }
  void on_batch_begin(FitContext& context) const { call(hooks_.on_batch_begin, context); }
  void on_batch_end(FitContext& context) const { call(hooks_.on_batch_end, context); }
  void on_epoch_end(FitContext& context) const { call(hooks_.on_epoch_end, context); }
  void on_train_end(FitContext& context) const { call(hooks_.on_train_end, context); }

 private:
  static void call(const LambdaCallbackOptions::Hook& hook, FitContext& context) {
    if (hook) hook(context);
  }

  LambdaCallbackOptions hooks_;
};

}  // namespace nn
