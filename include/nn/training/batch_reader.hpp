// SPDX-License-Identifier: MIT
// The batches of a source, read in threads ahead of their use.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/float_mode.hpp"
#include "nn/core/memory.hpp"
#include "nn/core/parallel.hpp"
#include "nn/data/data_set.hpp"
#include "nn/data/sample_source.hpp"
#include "nn/model/network.hpp"
#include "nn/training/split.hpp"
#include "nn/training/target_requirements.hpp"

namespace nn::detail {

/// What a source is asked for beside x.
struct WantedTargets {
  const char* where = "";   // the call that asks
  bool are_wanted = false;  // as in fit, not in predict
  TargetRule rule{};
  Shape shape{};      // of one sample's targets
  Index classes = 0;  // that labels may name

  /// Numbers of one sample that are of this kind.
  [[nodiscard]] Index numbers_of(TargetKind asked) const {
    return are_wanted && rule.kind == asked ? shape.num_elements() : 0;
  }
};

/// What the loss of a model's first output takes. (A source has targets for one.)
template <Real T>
[[nodiscard]] NN_COLD WantedTargets wanted_targets(const char* where, const Network<T>& network,
                                                   const Compiled<T>& compiled) {
  const TargetRule rule = compiled.objectives[0].loss->targets();
  const Shape& output = network.output();
  const Index rank = output.rank() - (rule.kind == TargetKind::classes && !output.empty() ? 1 : 0);
  return {where, true, rule, Shape(output.begin(), output.begin() + rank), row_size(output)};
}

/// Reads the batches of a source one after the other. With `prefetch` above 0, so many threads read
/// a batch each, ahead of the one that is in use; with 0 the caller's thread reads. The batches are
/// the same. All memory is allocated at once: room for prefetch + 1 batches.
template <Real T>
class BatchReader final : public BatchReaderInterface<T> {
 public:
  /// `weights`: those of all samples of the source, or none given. `share`: what is read of each
  /// batch.
  NN_COLD BatchReader(const SourceView& source, WantedTargets targets, const SampleWeights& weights,
                      Index batch_size, Index prefetch, const BatchShare& share = {})
      : source_(source),
        targets_(std::move(targets)),
        weights_(weights),
        batch_size_(std::min(batch_size, source.count())),
        share_(share),
        x_size_(source.sample_shape().num_elements()) {
    if (batch_size_ == 0) return;
    num_slots_ = std::min(prefetch, count_batches(source.count(), batch_size_)) + 1;
    slots_ = std::make_unique<Slot[]>(static_cast<std::size_t>(num_slots_));
    const Index most = share_.pieces == 1 ? batch_size_ : share_.size(batch_size_) + 1;
    const auto room_for = [most](Index numbers) {
      return static_cast<std::size_t>(checked_product({most, numbers}));
    };
    for (Index i = 0; i < num_slots_; ++i) {
      Slot& slot = slot_of(i);
      slot.x = AlignedArray<T>(room_for(x_size_));
      slot.classes = AlignedArray<std::int32_t>(room_for(targets_.numbers_of(TargetKind::classes)));
      slot.values = AlignedArray<T>(room_for(targets_.numbers_of(TargetKind::values)));
      if (weights_.is_given()) {
        slot.weights = AlignedArray<T>(room_for(weights_.numbers_per_sample()));
      }
    }
  }
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;
  ~BatchReader() override { stop(); }

  /// Begins anew, with the samples order[first], order[first + 1], ... up to order[last - 1] or,
  /// without an order, samples first .. last - 1.
  NN_COLD void begin(std::vector<Index> order, Index first, Index last) override {
    stop();
    order_ = std::move(order);
    first_ = first;
    last_ = last;
    num_batches_ = batch_size_ == 0 ? 0 : count_batches(last - first, batch_size_);
    num_begun_ = num_returned_ = num_used_ = 0;
    is_stopped_.store(false);
    const Index wanted = std::min(num_slots_ - 1, num_batches_);
    try {
      for (; num_threads_ < wanted; ++num_threads_) {
        slot_of(num_threads_).thread = std::thread(&BatchReader::work, this, float_mode());
      }
    } catch (const std::system_error&) {
      // The system gives no more of them: fewer read the same batches, or the caller's thread does.
    }
  }

  /// The next batch. It lasts until the next call. Throws what the source threw while it was read,
  /// and does so again if it is called again.
  [[nodiscard]] const DataSet& next() override {
    NN_ASSERT(num_used_ < num_batches_);
    Slot& slot = slot_of(num_used_);
    if (num_threads_ == 0) {
      fill(slot, num_used_);
    } else {
      std::unique_lock<std::mutex> lock(mutex_);
      num_returned_ = num_used_;
      has_room_.notify_all();
      has_batch_.wait(lock, [&slot] { return slot.is_full; });
      if (slot.failure) std::rethrow_exception(slot.failure);
      slot.is_full = false;
    }
    return view(slot, share_.size(size_of(num_used_++)));
  }

 private:
  struct Slot {
    AlignedArray<T> x;                   // [batch, ...]
    AlignedArray<std::int32_t> classes;  // [batch, ...], or
    AlignedArray<T> values;              // [batch, ...]
    AlignedArray<T> weights;             // [batch] or [batch, positions]
    bool is_full = false;                // read, or failed
    std::exception_ptr failure;
    std::thread thread;  // reads a batch, of this slot or another
  };

  /// What a class number is before the source sets it.
  static constexpr std::int32_t no_class = std::numeric_limits<std::int32_t>::min();

  [[nodiscard]] Slot& slot_of(Index batch) {
    return slots_[static_cast<std::size_t>(batch % num_slots_)];
  }
  [[nodiscard]] Index size_of(Index batch) const {
    return std::min(batch_size_, last_ - first_ - batch * batch_size_);
  }

  /// Ends the threads, even those in the middle of a batch.
  NN_COLD void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopped_.store(true);
    }
    has_room_.notify_all();
    for (; num_threads_ > 0; --num_threads_) slot_of(num_threads_ - 1).thread.join();
    for (Index i = 0; i < num_slots_; ++i) {
      slot_of(i).is_full = false;
      slot_of(i).failure = nullptr;
    }
  }

  /// What a thread does. Loops of the library that a source runs stay in it: helpers are for the
  /// model, which trains meanwhile.
  NN_COLD void work(FloatMode mode) {
    inside_piece() = true;
    set_float_mode(mode);
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      has_room_.wait(lock, [this] {
        return is_stopped_.load() || num_begun_ == num_batches_ ||
               num_begun_ - num_returned_ < num_slots_;
      });
      if (is_stopped_.load() || num_begun_ == num_batches_) return;
      const Index number = num_begun_++;
      Slot& slot = slot_of(number);
      lock.unlock();
      std::exception_ptr failure;
      try {
        fill(slot, number);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) num_begun_ = num_batches_;  // the others need not begin new batches
      slot.failure = std::move(failure);
      slot.is_full = true;
      has_batch_.notify_one();
    }
  }

  void fill(Slot& slot, Index batch) {
    const Index start = first_ + batch * batch_size_ + share_.first(size_of(batch));
    const Index count = share_.size(size_of(batch));
    const Index num_classes = targets_.numbers_of(TargetKind::classes);
    const Index num_values = targets_.numbers_of(TargetKind::values);
    std::fill_n(slot.x.data(), count * x_size_, T(0));
    std::fill_n(slot.classes.data(), count * num_classes, no_class);
    std::fill_n(slot.values.data(), count * num_values, not_a_number<T>);
    for (Index i = 0; i < count; ++i) {
      if (is_stopped_.load(std::memory_order_relaxed)) return;
      const Index sample = sample_of(start + i);
      const TargetRow<T> y{span_of(slot.classes.data(), i, num_classes),
                           span_of(slot.values.data(), i, num_values), targets_.rule.loss,
                           source_.number_of(sample)};
      source_.template read<T>(sample, span_of(slot.x.data(), i, x_size_), y);
      require_set(y);
    }
    if (!weights_.is_given()) return;
    const Index* const rows = order_.empty() ? nullptr : order_.data() + start;
    const SampleWeights part = order_.empty() ? weights_.slice(start, count) : weights_;
    const T* const weights = part.gather(rows, count, slot.weights.data());
    if (weights == slot.weights.data()) return;
    std::copy_n(weights, count * weights_.numbers_per_sample(), slot.weights.data());
  }

  [[nodiscard]] Index sample_of(Index place) const {
    return order_.empty() ? place : order_[static_cast<std::size_t>(place)];
  }
  template <class Number>
  [[nodiscard]] static std::span<Number> span_of(Number* all, Index i, Index size) {
    return {all + i * size, static_cast<std::size_t>(size)};
  }

  /// Throws for a target that the source has left out, and for a label that is no class.
  void require_set(const TargetRow<T>& y) const {
    for (const std::int32_t label : y.classes) {
      if (label == no_class && label != targets_.rule.ignore_class) refuse_unset(y, "class number");
      require_class(targets_.where, label, y.sample, targets_.classes, targets_.rule);
    }
    for (const T value : y.values) {
      if (is_nan(static_cast<double>(value))) refuse_unset(y, "value");
    }
  }
  [[noreturn]] NN_COLD void refuse_unset(const TargetRow<T>& y, const char* what) const {
    refuse({targets_.where,
            {"a source that sets each ", what, " for ", y.loss},
            "one that does not",
            {"sample ", y.sample}});
  }

  /// Makes `batch_` a view of the slot, in the memory that it has.
  [[nodiscard]] NN_COLD const DataSet& view(Slot& slot, Index count) {
    const auto all = [count](auto& array, Index numbers) {
      return std::span(array.data(), static_cast<std::size_t>(count * numbers));
    };
    batch_.x.clear();
    batch_.y.clear();
    batch_.x.emplace_back(all(slot.x, x_size_), source_.sample_shape().with_batch(count));
    const Index num_classes = targets_.numbers_of(TargetKind::classes);
    const Index num_values = targets_.numbers_of(TargetKind::values);
    const Shape shape = targets_.shape.with_batch(count);
    if (num_classes > 0) batch_.y.emplace_back(all(slot.classes, num_classes), shape);
    if (num_values > 0) batch_.y.emplace_back(all(slot.values, num_values), shape);
    if (weights_.is_given()) {
      batch_.weights =
          SampleWeights(map_tensor<2>(slot.weights.data(), {count, weights_.numbers_per_sample()}));
    }
    return batch_;
  }

  const SourceView source_;
  const WantedTargets targets_;
  const SampleWeights weights_;
  const Index batch_size_;
  const BatchShare share_;
  const Index x_size_;
  DataSet batch_;
  Index num_slots_ = 0;
  std::unique_ptr<Slot[]> slots_;  // batch i lies in slot i modulo their number
  std::vector<Index> order_;
  Index first_ = 0;
  Index last_ = 0;
  Index num_batches_ = 0;
  Index num_used_ = 0;  // batches that were handed out, by the caller's count

  std::mutex mutex_;                    // of what follows, and of the slots' flags
  std::condition_variable has_room_;    // a batch was returned, or it is time to stop
  std::condition_variable has_batch_;   // a slot is full
  Index num_begun_ = 0;                 // batches that some thread has taken on
  Index num_returned_ = 0;              // batches whose slot is free again
  std::atomic<bool> is_stopped_{true};  // read without the lock too, within a batch
  Index num_threads_ = 0;               // in the first slots
};

template <Real T>
NN_COLD std::unique_ptr<BatchReaderInterface<T>> make_reader(const SourceView& source,
                                                             const WantedTargets& targets,
                                                             const SampleWeights& weights,
                                                             Index batch_size, Index prefetch,
                                                             const BatchShare& share) {
  return std::make_unique<BatchReader<T>>(source, targets, weights, batch_size, prefetch, share);
}

}  // namespace nn::detail
