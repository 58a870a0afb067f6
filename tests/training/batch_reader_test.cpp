// SPDX-License-Identifier: MIT
#include "nn/training/batch_reader.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/allocations.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using detail::BatchReader;
using detail::SourceView;
using detail::WantedTargets;
using testing::num_allocations;
using testing::random_tensor;

/// Samples {i, i / 2} with the class i modulo 5, or the values {i, -i}. Threads take their time,
/// each another one, so that batches end in any order.
template <class T>
struct Numbered {
  Index count = 0;
  Index failing = -1;  // the sample that can't be read
  std::atomic<int>* num_reads = nullptr;
  bool sleeps = true;

  [[nodiscard]] Index size() const { return count; }
  [[nodiscard]] Shape sample_shape() const { return {2, 1}; }
  void read(Index i, std::span<T> x, const TargetRow<T>& y) const {
    if (num_reads != nullptr) ++*num_reads;
    if (sleeps) std::this_thread::sleep_for(std::chrono::microseconds(37 * i % 5 * 20));
    if (i == failing) throw std::runtime_error("no sample " + std::to_string(i));
    x[0] = static_cast<T>(i);
    x[1] = static_cast<T>(i) / 2;
    if (!y.classes.empty()) y.set_class(static_cast<std::int32_t>(i % 5));
    if (!y.values.empty()) {
      y.values[0] = static_cast<T>(i);
      y.values[1] = -static_cast<T>(i);
    }
  }
};

WantedTargets classes() {
  return {"call", true, {.loss = "loss", .kind = TargetKind::classes}, {}, 5};
}
WantedTargets values() {
  return {"call", true, {.loss = "loss", .kind = TargetKind::values}, {2}, 0};
}

std::vector<Index> reversed(Index count) {
  std::vector<Index> order;
  for (Index i = count; i-- > 0;) order.push_back(i);
  return order;
}

Index count_of(Index first, Index last, Index batch_size) {
  return detail::count_batches(last - first, batch_size);
}

/// Which samples a batch of x has.
template <class T>
std::vector<Index> numbers_of(const DataSet& batch) {
  std::vector<T> buffer(static_cast<std::size_t>(2 * batch.count()));
  const T* const x = batch.x[0].gather<T>(nullptr, batch.count(), buffer.data());
  std::vector<Index> numbers;
  bool is_right = batch.x[0].sample_shape() == Shape{2, 1};
  for (Index i = 0; i < batch.count(); ++i) {
    numbers.push_back(static_cast<Index>(x[2 * i]));
    is_right = is_right && x[2 * i + 1] == x[2 * i] / 2;
  }
  CHECK(is_right);
  return numbers;
}

}  // namespace

TEST_SUITE("training/batch_reader") {
  TEST_CASE_TEMPLATE("BatchReader: gives the samples in order, the last batch smaller", T, float,
                     double) {
    const Numbered<T> source{23};
    for (const Index prefetch : {0, 1, 2, 5, 100}) {
      CAPTURE(prefetch);
      BatchReader<T> reader(SourceView(source), classes(), {}, 4, prefetch);
      for (const bool in_order : {true, false}) {  // two epochs
        CAPTURE(in_order);
        const std::vector<Index> order = reversed(23);
        reader.begin(in_order ? std::vector<Index>{} : order, 3, 21);
        std::vector<Index> seen, sizes;
        std::vector<std::int32_t> labels;
        for (Index i = 0; i < count_of(3, 21, 4); ++i) {
          const DataSet batch = reader.next();
          const std::vector<Index> numbers = numbers_of<T>(batch);
          seen.insert(seen.end(), numbers.begin(), numbers.end());
          sizes.push_back(batch.count());
          CHECK(batch.x[0].template holds<T>());
          CHECK(batch.y[0].kind() == TargetKind::classes);
          CHECK(batch.y[0].shape() == Shape{batch.count()});
          CHECK_FALSE(batch.weights.is_given());
          for (Index k = 0; k < batch.count(); ++k) labels.push_back(batch.y[0].class_of(k, 0));
        }
        CHECK(sizes == std::vector<Index>{4, 4, 4, 4, 2});
        std::vector<Index> expected;
        std::vector<std::int32_t> expected_labels;
        for (Index i = 3; i < 21; ++i) {
          expected.push_back(in_order ? i : order[static_cast<std::size_t>(i)]);
          expected_labels.push_back(static_cast<std::int32_t>(expected.back() % 5));
        }
        CHECK(seen == expected);
        CHECK(labels == expected_labels);
      }
    }
  }

  TEST_CASE("BatchReader: values, and the weights of the samples that it reads") {
    const Numbered<float> source{7};
    const std::vector<double> weights{0, 1, 2, 3, 4, 5, 6};
    const auto rows = random_tensor<float, 2>({7, 3}, 4);
    for (const Index prefetch : {0, 2}) {
      CAPTURE(prefetch);
      for (const bool in_order : {true, false}) {
        BatchReader<float> reader(SourceView(source), values(), weights, 3, prefetch);
        BatchReader<float> second(SourceView(source), values(), rows, 3, prefetch);
        reader.begin(in_order ? std::vector<Index>{} : reversed(7), 0, 7);
        second.begin(in_order ? std::vector<Index>{} : reversed(7), 0, 7);
        for (Index i = 0; i < 3; ++i) {
          const DataSet batch = reader.next(), other = second.next();
          const std::vector<Index> numbers = numbers_of<float>(batch);
          const auto count = static_cast<Index>(numbers.size());
          CHECK(batch.y[0].shape() == Shape{count, 2});
          CHECK(other.weights.numbers_per_sample() == 3);
          float room[9];
          const float* const y = batch.y[0].gather_values<float>(nullptr, count, room);
          const float* const w = batch.weights.gather<float>(nullptr, count, room);
          const float* const v = other.weights.gather<float>(nullptr, count, room);
          for (Index k = 0; k < count; ++k) {
            const Index number = numbers[static_cast<std::size_t>(k)];
            CHECK(y[2 * k] == static_cast<float>(number));
            CHECK(y[2 * k + 1] == -static_cast<float>(number));
            CHECK(w[k] == static_cast<float>(number));
            for (Index j = 0; j < 3; ++j) CHECK(v[3 * k + j] == rows(number, j));
          }
        }
      }
    }
  }

  TEST_CASE("BatchReader: what a source throws comes with its batch, after those before") {
    for (const Index prefetch : {0, 1, 2, 5}) {
      CAPTURE(prefetch);
      const Numbered<float> source{23, 13};
      BatchReader<float> reader(SourceView(source), classes(), {}, 4, prefetch);
      reader.begin({}, 0, 23);
      for (Index i = 0; i < 3; ++i) CHECK(numbers_of<float>(reader.next()).front() == 4 * i);
      for (int repeat = 0; repeat < 2; ++repeat) {
        CHECK_THROWS_WITH_AS(static_cast<void>(reader.next()), "no sample 13", std::runtime_error);
      }
      reader.begin({}, 16, 20);  // and it can begin anew
      CHECK(numbers_of<float>(reader.next()) == std::vector<Index>{16, 17, 18, 19});
    }
  }

  TEST_CASE("BatchReader: reads no more than so many batches ahead") {
    for (const Index prefetch : {0, 1, 3}) {
      CAPTURE(prefetch);
      std::atomic<int> num_reads = 0;
      const Numbered<float> source{100, -1, &num_reads, false};
      BatchReader<float> reader(SourceView(source), classes(), {}, 2, prefetch);
      reader.begin({}, 0, 100);
      static_cast<void>(reader.next());
      static_cast<void>(reader.next());
      const int most = static_cast<int>(4 + 2 * prefetch);
      for (int ms = 0; ms < 10'000 && num_reads < most; ++ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      CHECK(num_reads == most);
    }
  }

  TEST_CASE("BatchReader: reads batches side by side, in threads that compute alone") {
    /// Ends a read only when another one has begun too, and runs a loop meanwhile.
    struct Meeting {
      std::atomic<int>* arrived;
      std::atomic<bool>* is_alone;
      [[nodiscard]] Index size() const { return 2; }
      [[nodiscard]] Shape sample_shape() const { return {}; }
      void read(Index, std::span<float> x, const TargetRow<float>&) const {
        ++*arrived;
        while (*arrived < 2) std::this_thread::yield();
        const auto self = std::this_thread::get_id();
        parallel_for(64, [&](Index) {
          if (std::this_thread::get_id() != self) *is_alone = false;
        });
        x[0] = 1;
      }
    };
    std::atomic<int> arrived = 0;
    std::atomic<bool> is_alone = true;
    const Meeting source{&arrived, &is_alone};
    BatchReader<float> reader(SourceView(source), {}, {}, 1, 2);
    reader.begin({}, 0, 2);
    CHECK(reader.next().count() == 1);
    CHECK(reader.next().count() == 1);
    CHECK(is_alone);
  }

  TEST_CASE("BatchReader: its end, or a new beginning, waits for no batch") {
    for (const Index prefetch : {1, 4}) {
      CAPTURE(prefetch);
      std::atomic<int> num_reads = 0;
      const Numbered<float> source{1'000'000'000, -1, &num_reads};
      // A batch takes seconds to read.
      BatchReader<float> reader(SourceView(source), classes(), {}, 100'000, prefetch);
      reader.begin({}, 0, 1'000'000'000);
      while (num_reads < 10) std::this_thread::yield();
      reader.begin({}, 0, 3);
      CHECK(numbers_of<float>(reader.next()) == std::vector<Index>{0, 1, 2});
      reader.begin({}, 0, 1'000'000'000);
      while (num_reads < 20) std::this_thread::yield();
      reader.begin({}, 0, 0);
      CHECK(num_reads < 50'000);
    }
  }

  TEST_CASE("BatchReader: takes no memory once it has begun") {
    const Numbered<float> source{40, -1, nullptr, false};
    BatchReader<float> reader(SourceView(source), values(), {}, 4, 0);
    reader.begin({}, 0, 40);
    static_cast<void>(reader.next());
    const Index before = num_allocations();
    for (int i = 1; i < 10; ++i) static_cast<void>(reader.next());
    CHECK(num_allocations() - before == 0);
  }

  TEST_CASE("BatchReader: a source of no samples, and samples of no numbers") {
    const Numbered<float> none{0};
    BatchReader<float> reader(SourceView(none), classes(), {}, 4, 2);
    reader.begin({}, 0, 0);
    struct Empty {
      [[nodiscard]] Index size() const { return 3; }
      [[nodiscard]] Shape sample_shape() const { return {0}; }
      void read(Index, std::span<float> x, const TargetRow<float>& y) const {
        CHECK(x.empty());
        CHECK_FALSE(y.is_wanted());
      }
    };
    const Empty source;
    BatchReader<float> without(SourceView(source), {}, {}, 2, 2);
    without.begin({}, 0, 3);
    CHECK(without.next().x[0].shape() == Shape{2, 0});
    const DataSet last = without.next();
    CHECK(last.x[0].shape() == Shape{1, 0});
    CHECK(last.y.empty());
  }

  TEST_CASE("BatchReader: what a source leaves out is zero in x, and refused in targets") {
    struct Sparse {
      [[nodiscard]] Index size() const { return 4; }
      [[nodiscard]] Shape sample_shape() const { return {3}; }
      void read(Index i, std::span<float> x, const TargetRow<float>& y) const {
        x[static_cast<std::size_t>(i % 3)] = 1;
        if (i == 3) return;
        if (!y.classes.empty()) y.set_class(2);
        for (float& value : y.values) value = 2;
      }
    };
    const Sparse source;
    for (const Index prefetch : {0, 2}) {
      CAPTURE(prefetch);
      BatchReader<float> reader(SourceView(source), classes(), {}, 1, prefetch);
      reader.begin({0, 1, 2, 3, 0}, 0, 4);
      for (Index i = 0; i < 3; ++i) {
        float unused[3];
        const DataSet batch = reader.next();
        const float* const x = batch.x[0].gather<float>(nullptr, 1, unused);
        for (Index k = 0; k < 3; ++k) CHECK(x[k] == (k == i ? 1.0f : 0.0f));
      }
      CHECK_THROWS_WITH_AS(static_cast<void>(reader.next()),
                           "call: expected a source that sets each class number for loss, got one "
                           "that does not (sample 3)",
                           std::invalid_argument);
      BatchReader<float> other(SourceView(source), values(), {}, 4, prefetch);
      other.begin({}, 0, 4);
      CHECK_THROWS_WITH_AS(static_cast<void>(other.next()),
                           "call: expected a source that sets each value for loss, got one that "
                           "does not (sample 3)",
                           std::invalid_argument);
    }
  }
}

}  // namespace nn
