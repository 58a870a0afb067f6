// SPDX-License-Identifier: MIT
// What `fit` asks of the other processes that train with this one.
#pragma once

#include <cstdint>

#include "nn/core/collective.hpp"
#include "nn/training/batch_feed.hpp"
#include "nn/training/communicator_ref.hpp"
#include "nn/training/history.hpp"
#include "nn/training/trainer.hpp"

namespace nn::detail {

/// What the callbacks of process 0 have decided for all.
struct RunAgreement {
  bool stop_training = false;
  bool has_other_weights = false;  // put back by a callback
  bool is_resumed = false;         // from a backup
  double learning_rate = 0;        // of the next update
  Index epoch = 0;                 // where the run is
  Index batch = 0;
  std::int64_t epoch_step = 0;
  std::int64_t step = 0;  // updates made so far
};

/// The part of one process in a `fit` by several. All processes call the same functions in the same
/// order, but for `gather`.
template <Real T>
class SharedRun {
 public:
  virtual ~SharedRun() = default;

  /// Whether this is process 0, which alone runs callbacks and shows progress.
  [[nodiscard]] virtual bool leads() const = 0;
  /// Whether process 0 has callbacks.
  [[nodiscard]] virtual bool has_callbacks() const = 0;
  /// What this process has of each batch.
  [[nodiscard]] virtual BatchShare share() const = 0;

  /// Begins with the weights, moments and step of process 0. Throws in all processes where what
  /// they are about to do differs.
  virtual void begin(const NamedTexts& identity, bool has_callbacks) = 0;
  /// Forgets loss and metrics.
  virtual void reset() = 0;
  /// One update from a batch of which this process has a part.
  virtual void train(const typename BatchFeed<T>::Part& part) = 0;
  /// Gives `merged` loss, metrics and divergence of all processes, since `reset`.
  virtual void collect(Trainer<T>& merged) = 0;
  /// The same of this process alone, for a bar that shows how far an epoch is.
  virtual void collect_own(Trainer<T>& merged) const = 0;

  /// By process 0, while its callbacks run: brings all that a backup holds into the network's block
  /// and `merged`. The others take part in `agree`.
  virtual void gather(Trainer<T>& merged) = 0;
  /// After callbacks have run: gives all what process 0 says, with the weights, and with moments,
  /// loss and metrics, which it has in its block and `merged`, where they are others.
  [[nodiscard]] virtual RunAgreement agree(const RunAgreement& leaders, Trainer<T>& merged) = 0;

  /// At the end of the training: the optimizer's last word on the weights. Process 0 then has all
  /// moments, the others none.
  virtual void finish() = 0;
  /// Gives all the History of process 0.
  virtual void share_history(History& history) = 0;
  /// Tells the others that this process has failed, unless it is because one of them has.
  virtual void fail(const char* why) noexcept = 0;
};

}  // namespace nn::detail
