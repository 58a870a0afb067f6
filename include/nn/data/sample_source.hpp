// SPDX-License-Identifier: MIT
// Samples that are read one by one when they are needed, from files for example.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/real.hpp"
#include "nn/core/shape.hpp"
#include "nn/data/target_kind.hpp"

namespace nn {

/// Where a source writes the targets of one sample. The loss says of which kind they are: one of
/// the lists has room for them, the other is empty. In `predict` both are, as nobody asks for
/// targets; the functions then do nothing.
template <Real T = float>
struct TargetRow {
  std::span<std::int32_t> classes{};  ///< a class number, or one for each position of the output
  std::span<T> values{};    ///< as the model's output for one sample, outermost axis first
  std::string_view loss{};  ///< what takes them, for messages
  Index sample = 0;         ///< whose they are, for messages

  [[nodiscard]] bool is_wanted() const { return !classes.empty() || !values.empty(); }

  // All throw `std::invalid_argument` for the kind that the loss does not take, and for another
  // number of targets.
  void set_class(std::int32_t label) const { set_classes({&label, 1}); }
  void set_classes(std::span<const std::int32_t> labels) const {
    set(TargetKind::classes, labels, classes);
  }
  void set_value(T value) const { set_values({&value, 1}); }
  void set_values(std::span<const T> numbers) const { set(TargetKind::values, numbers, values); }

 private:
  template <class Number>
  void set(TargetKind kind, std::span<const Number> from, std::span<Number> to) const {
    if (!is_wanted()) return;
    if (from.size() != to.size()) refuse_targets(kind, from.size());
    std::copy(from.begin(), from.end(), to.begin());
  }

  [[noreturn]] NN_COLD void refuse_targets(TargetKind kind, std::size_t count) const {
    const bool are_classes = !classes.empty();
    const std::size_t wanted = are_classes ? classes.size() : values.size();
    const auto name_of = [](TargetKind of, std::size_t number) {
      if (of == TargetKind::classes) return number == 1 ? " class number" : " class numbers";
      return number == 1 ? " value" : " values";
    };
    const TargetKind own = are_classes ? TargetKind::classes : TargetKind::values;
    refuse({.where = "TargetRow",
            .expected = {wanted, name_of(own, wanted), " for ", loss},
            .got = {count, name_of(kind, count)},
            .context = {"sample ", sample}});
  }
};

/// Samples that are read when they are needed, so there may be more of them than memory holds:
///
///     nn::Index size() const;           // samples
///     nn::Shape sample_shape() const;   // of each
///     void read(nn::Index i, std::span<T> x, nn::TargetRow<T> y) const;  // 0 <= i < size()
///
/// read writes sample i, outermost axis first, to x, which is zeros before, and its targets to y.
/// It has to give the same sample for the same i; samples are asked for in any order, and in
/// several threads at once.
template <class S, class T = float>
concept SampleSource = Real<T> &&
    requires(const S& source, Index i, std::span<T> x, TargetRow<T> y) {
  { source.size() } -> std::convertible_to<Index>;
  { source.sample_shape() } -> std::convertible_to<Shape>;
  source.read(i, x, y);
};

class SampleWeights;  // data/sample_weights.hpp
struct DataSet;       // data/data_set.hpp

namespace detail {

class SourceView;
struct WantedTargets;  // training/batch_reader.hpp
struct BatchShare;     // training/split.hpp

/// What hands out the batches of a source: see training/batch_reader.hpp.
template <Real T>
struct BatchReaderInterface {
  virtual ~BatchReaderInterface() = default;
  virtual void begin(std::vector<Index> order, Index first, Index last) = 0;
  virtual const DataSet& next() = 0;
};

/// Defined there. Views of sources refer to it, so that a program without any compiles no reader.
template <Real T>
[[nodiscard]] std::unique_ptr<BatchReaderInterface<T>> make_reader(const SourceView& source,
                                                                   const WantedTargets& targets,
                                                                   const SampleWeights& weights,
                                                                   Index batch_size, Index prefetch,
                                                                   const BatchShare& share);

template <class S>
concept AnySource = SampleSource<S, float> || SampleSource<S, double>;

/// A view of a source of any type, so that what reads it is compiled once.
class SourceView {
 public:
  SourceView() = default;
  /// Throws `std::invalid_argument` for a negative number of samples.
  template <AnySource S>
  NN_COLD explicit SourceView(const S& source)
      : source_(std::addressof(source)), count_(source.size()), shape_(source.sample_shape()) {
    demand(count_ >= 0, "SampleSource::size", "0 samples or more", count_);
    if constexpr (SampleSource<S, float>) float_ = {&read_from<S, float>, &make_reader<float>};
    if constexpr (SampleSource<S, double>) double_ = {&read_from<S, double>, &make_reader<double>};
  }

  [[nodiscard]] bool is_given() const { return source_ != nullptr; }
  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] const Shape& sample_shape() const { return shape_; }

  /// Samples first .. first + count - 1.
  [[nodiscard]] SourceView slice(Index first, Index count) const {
    SourceView part = *this;
    part.first_ += first;
    part.count_ = count;
    return part;
  }
  /// The number that the source itself has for sample i of this view.
  [[nodiscard]] Index number_of(Index i) const { return first_ + i; }

  /// Throws `std::invalid_argument` for a source that gives no samples of T.
  template <Real T>
  NN_COLD void check_type(const char* where) const {
    if (functions<T>().read != nullptr) return;
    refuse({where,
            {"a source of ", std::same_as<T, double> ? "double" : "float"},
            {"one of ", double_.read != nullptr ? "double" : "float"}});
  }

  /// Throws `ShapeError` for samples of another shape.
  NN_COLD void check_shape(const char* where, const Shape& sample) const {
    if (shape_ == sample) return;
    refuse<ShapeError>({where,
                        {"samples of shape ", sample.to_string()},
                        shape_.to_string(),
                        "by the source's sample_shape"});
  }

  /// Sample i of a source whose type was checked.
  template <Real T>
  void read(Index i, std::span<T> x, const TargetRow<T>& y) const {
    functions<T>().read(source_, number_of(i), x, y);
  }
  /// What reads its batches; the arguments are those of BatchReader.
  template <Real T>
  [[nodiscard]] std::unique_ptr<BatchReaderInterface<T>> reader(const WantedTargets& targets,
                                                                const SampleWeights& weights,
                                                                Index batch_size, Index prefetch,
                                                                const BatchShare& share) const {
    return functions<T>().make(*this, targets, weights, batch_size, prefetch, share);
  }

 private:
  /// For samples of T; null for a source that gives none.
  template <class T>
  struct Functions {
    void (*read)(const void* source, Index i, std::span<T> x, const TargetRow<T>& y) = nullptr;
    decltype(&make_reader<T>) make = nullptr;
  };

  template <class S, class T>
  static void read_from(const void* source, Index i, std::span<T> x, const TargetRow<T>& y) {
    static_cast<const S*>(source)->read(i, x, y);
  }

  template <class T>
  [[nodiscard]] Functions<T> functions() const {
    if constexpr (std::same_as<T, float>) return float_;
    if constexpr (std::same_as<T, double>) return double_;
    return {};
  }

  const void* source_ = nullptr;
  Index first_ = 0;
  Index count_ = 0;
  Shape shape_;
  Functions<float> float_;
  Functions<double> double_;
};

/// A view of the source that a call over T was given. For anything else, the compiler's error is a
/// sentence.
template <Real T, class S>
[[nodiscard]] SourceView source_of(const S& source) {
  static_assert(SampleSource<S, T>,
                "nn: without targets beside it, this has to be a source of samples: size(), "
                "sample_shape() and read(nn::Index, std::span<T>, nn::TargetRow<T>), all const, "
                "where T is the model's scalar type");
  if constexpr (SampleSource<S, T>) return SourceView(source);
  return {};
}

}  // namespace detail
}  // namespace nn
