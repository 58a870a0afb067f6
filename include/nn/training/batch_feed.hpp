// SPDX-License-Identifier: MIT
// The batches of data in memory or of a source, one after the other.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "nn/training/batch_reader.hpp"

namespace nn::detail {

/// Hands out a data set in batches, whether it lies in memory or has to be read.
template <Real T>
class BatchFeed {
 public:
  /// What BatchMaker::make takes, and the number of samples of the whole batch, of which they are
  /// the share. It lasts until the next one.
  struct Part {
    const DataSet* data;
    const Index* rows;
    Index first;
    Index count;
    Index batch_count;
  };

  /// targets, prefetch, share: see BatchReader.
  NN_COLD BatchFeed(const DataSet& data, const WantedTargets& targets, Index batch_size,
                    Index prefetch, const BatchShare& share = {})
      : data_(data), batch_size_(batch_size), share_(share) {
    if (!data.source.is_given()) return;
    reader_ = data.source.reader<T>(targets, data.weights, batch_size, prefetch, share);
  }

  /// Begins with sample `first` in this order; without an order, in their own.
  NN_COLD void begin(std::vector<Index> order, Index first) {
    begin(std::move(order), first, data_.count());
  }
  /// The same, up to sample last - 1.
  NN_COLD void begin(std::vector<Index> order, Index first, Index last) {
    next_ = first;
    last_ = last;
    if (reader_) {
      reader_->begin(std::move(order), first, last);
    } else {
      order_ = std::move(order);
    }
  }

  /// The next batch. Throws what a source throws.
  [[nodiscard]] Part next() {
    const Index batch_count = std::min(batch_size_, last_ - next_);
    const Index first = next_ + share_.first(batch_count), count = share_.size(batch_count);
    next_ += batch_count;
    if (reader_) return {&reader_->next(), nullptr, 0, count, batch_count};
    const Index* const rows = order_.empty() ? nullptr : order_.data() + first;
    return {&data_, rows, first, count, batch_count};
  }

 private:
  const DataSet data_;
  const Index batch_size_;
  const BatchShare share_;
  std::vector<Index> order_;
  Index next_ = 0, last_ = 0;
  std::unique_ptr<BatchReaderInterface<T>> reader_;  // of a source
};

}  // namespace nn::detail
