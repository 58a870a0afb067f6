// SPDX-License-Identifier: MIT
// Functions that `fit` calls while it trains.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/core/config.hpp"
#include "nn/core/erased.hpp"
#include "nn/core/has_state.hpp"
#include "nn/training/divergence.hpp"
#include "nn/training/run_state.hpp"
#include "nn/training/scores.hpp"

namespace nn {

/// What a callback sees of a training run, and what it can do. A callback may set `logs` and
/// `stop_training`; what it writes to other members has no effect.
class FitContext {
 public:
  Index epoch = 0;        ///< counted from 0
  Index epochs = 0;       ///< training ends before the epoch of this number
  Index batch = 0;        ///< within the epoch, from 0
  Index num_batches = 0;  ///< of an epoch
  /// At train_begin: NaN for each name that epochs will have. At batch_end: the epoch's values so
  /// far. At epoch_end: all values, "val_…" too; what a callback adds then goes into History.
  Scores logs;
  std::optional<Divergence> divergence;  ///< the first batch whose loss was not finite
  bool stop_training = false;            ///< set to end after this batch

  /// Keeps a copy of the weights, in place of an earlier one. Each callback of `fit`'s list has
  /// one.
  virtual void keep_weights() = 0;
  /// Puts back the weights that this callback has kept, if any.
  virtual void restore_weights() = 0;
  /// Whether a higher value of this name in `logs` is the better one: false for a loss, what a
  /// metric of `compile` says of itself, nothing for any other name.
  [[nodiscard]] virtual std::optional<bool> more_is_better(std::string_view name) const = 0;
  /// The learning rate of the next update.
  [[nodiscard]] virtual double learning_rate() const = 0;
  /// Throws `std::invalid_argument` where the rate follows a schedule.
  virtual void set_learning_rate(double rate) = 0;
  /// What the rest of the run depends on; at a checkpoint it is all.
  [[nodiscard]] virtual RunState run_state() = 0;
  /// Goes on where another run of the same model and data was. At the first checkpoint only. Throws
  /// `std::invalid_argument` for a state that does not fit.
  virtual void resume(const RunState& run) = 0;

 protected:
  FitContext() = default;
  FitContext(const FitContext&) = default;
  FitContext& operator=(const FitContext&) = default;
  ~FitContext() = default;
};

/// A class with one or more of Keras' hooks, each `void hook(nn::FitContext&)`, or with
/// `on_checkpoint`, which Keras does not have.
template <class C>
concept CallbackLike = requires(C& c, FitContext& context) {
  c.on_train_begin(context);
}
|| requires(C& c, FitContext& context) { c.on_epoch_begin(context); }
|| requires(C& c, FitContext& context) { c.on_batch_begin(context); }
|| requires(C& c, FitContext& context) { c.on_batch_end(context); }
|| requires(C& c, FitContext& context) { c.on_epoch_end(context); }
|| requires(C& c, FitContext& context) { c.on_train_end(context); }
|| requires(C& c, FitContext& context) { c.on_checkpoint(context); };

/// A callback of any type, as an element of `fit`'s list. It is a copy, and each `fit` works on a
/// copy of its own: pass `std::ref(c)` to look into c afterwards. The hooks run in this order:
/// train_begin; for each epoch epoch_begin, batch_begin and batch_end of each batch, then, after
/// validation, epoch_end; train_end. A checkpoint follows once train_begin, batch_end or epoch_end
/// has been called for all. Meanwhile the model refuses to be built, compiled, quantized,
/// fitted, trained on a batch, loaded with weights, or assigned to.
///
/// A callback that remembers something from one hook to the next, and whose training is to go on
/// after a crash, has `std::vector<double> state() const` and
/// `void set_state(const std::vector<double>&)`: see BackupAndRestore.
class Callback {
 public:
  template <class C>
  requires(!std::same_as<C, Callback>) &&
      CallbackLike<std::unwrap_reference_t<C>>&& std::copy_constructible<C> Callback(
          C callback)  // NOLINT(google-explicit-constructor): {nn::EarlyStopping{}} is a list
      : self_(new Holder<C>(std::move(callback))) {}

  /// For what is no callback, the compiler's error is a sentence.
  template <class C>
  requires(!std::same_as<C, Callback> && std::is_class_v<C> &&
           !CallbackLike<std::unwrap_reference_t<C>> && !requires(const C& c) { c.begin(); })
      Callback(C) {  // NOLINT(google-explicit-constructor)
    static_assert(CallbackLike<C>,
                  "nn: a callback is a class with one or more of the hooks on_train_begin, "
                  "on_epoch_begin, on_batch_begin, on_batch_end, on_epoch_end and on_train_end, "
                  "each void hook(nn::FitContext&)");
  }

  void on_train_begin(FitContext& context) const { self_->call(Hook::train_begin, context); }
  void on_epoch_begin(FitContext& context) const { self_->call(Hook::epoch_begin, context); }
  void on_batch_begin(FitContext& context) const { self_->call(Hook::batch_begin, context); }
  void on_batch_end(FitContext& context) const { self_->call(Hook::batch_end, context); }
  void on_epoch_end(FitContext& context) const { self_->call(Hook::epoch_end, context); }
  void on_train_end(FitContext& context) const { self_->call(Hook::train_end, context); }
  void on_checkpoint(FitContext& context) const { self_->call(Hook::checkpoint, context); }

  /// What it remembers; nothing for a callback that does not say.
  [[nodiscard]] std::optional<std::vector<double>> state() const { return self_->state(); }
  void set_state(const std::vector<double>& state) const { self_->set_state(state); }

 private:
  enum class Hook {
    train_begin,
    epoch_begin,
    batch_begin,
    batch_end,
    epoch_end,
    train_end,
    checkpoint
  };

  struct Interface {
    virtual ~Interface() = default;
    virtual void call(Hook hook, FitContext& context) = 0;
    [[nodiscard]] virtual std::optional<std::vector<double>> state() const = 0;
    virtual void set_state(const std::vector<double>& state) = 0;
    [[nodiscard]] virtual Interface* clone() const = 0;
  };
  template <class C>
  struct Holder final : Interface {
    explicit Holder(C held) : callback(std::move(held)) {}
    void call(Hook hook, FitContext& context) override {
      std::unwrap_reference_t<C>& c = callback;
      switch (hook) {
        case Hook::train_begin:
          if constexpr (requires { c.on_train_begin(context); }) c.on_train_begin(context);
          break;
        case Hook::epoch_begin:
          if constexpr (requires { c.on_epoch_begin(context); }) c.on_epoch_begin(context);
          break;
        case Hook::batch_begin:
          if constexpr (requires { c.on_batch_begin(context); }) c.on_batch_begin(context);
          break;
        case Hook::batch_end:
          if constexpr (requires { c.on_batch_end(context); }) c.on_batch_end(context);
          break;
        case Hook::epoch_end:
          if constexpr (requires { c.on_epoch_end(context); }) c.on_epoch_end(context);
          break;
        case Hook::train_end:
          if constexpr (requires { c.on_train_end(context); }) c.on_train_end(context);
          break;
        case Hook::checkpoint:
          if constexpr (requires { c.on_checkpoint(context); }) c.on_checkpoint(context);
          break;
      }
    }
    [[nodiscard]] NN_COLD std::optional<std::vector<double>> state() const override {
      if constexpr (HasState<std::unwrap_reference_t<C>>) {
        const std::unwrap_reference_t<C>& c = callback;
        return c.state();
      }
      return std::nullopt;
    }
    NN_COLD void set_state(const std::vector<double>& state) override {
      if constexpr (HasState<std::unwrap_reference_t<C>>) {
        std::unwrap_reference_t<C>& c = callback;
        c.set_state(state);
      }
    }
    [[nodiscard]] NN_COLD Interface* clone() const override { return new Holder(callback); }
    C callback;
  };

  detail::Erased<Interface> self_;
};

}  // namespace nn
