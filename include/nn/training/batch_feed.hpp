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
  /// What BatchMaker::make takes. It lasts until the next one.
  struct Part {
    const DataSet* data;
    const Index* rows;
    Index first;
    Index count;
  };

  /// targets, prefetch: see BatchReader.
  NN_COLD BatchFeed(const DataSet& data, const WantedTargets& targets, Index batch_size,
                    Index prefetch)
      : data_(data), batch_size_(batch_size) {
    if (!data.source.is_given()) return;
    reader_ = data.source.reader<T>(targets, data.weights, batch_size, prefetch);
  }

  /// Begins with sample `first` in this order; without an order, in their own.
  NN_COLD void begin(std::vector<Index> order, Index first) {
    next_ = first;
    if (reader_) {
      reader_->begin(std::move(order), first, data_.count());
    } else {
      order_ = std::move(order);
    }
  }

  /// The next batch. Throws what a source throws.
  [[nodiscard]] Part next() {
    const Index first = next_;
    const Index count = std::min(batch_size_, data_.count() - first);
    next_ += count;
    if (!reader_) return {&data_, order_.empty() ? nullptr : order_.data() + first, first, count};
    return {&reader_->next(), nullptr, 0, count};
  }

 private:
  const DataSet data_;
  const Index batch_size_;
  std::vector<Index> order_;
  Index next_ = 0;
  std::unique_ptr<BatchReaderInterface<T>> reader_;  // of a source
};

}  // namespace nn::detail
