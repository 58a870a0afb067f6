// SPDX-License-Identifier: MIT
// The one block of memory that a model's parameters lie in.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/layer/block_layout.hpp"

namespace nn {

template <Real T>
class Network;  // model/network.hpp

/// The memory of a model's parameters: values, gradients and the optimizer's moments, each one
/// contiguous block, and the number of optimizer steps taken. So an update, a snapshot or an
/// average is one pass, and the step counter is one number. Values are [trained | frozen | state],
/// so an optimizer's pass over the first `size()` elements changes what is trained and nothing
/// else. Each tensor starts on a cache line; the gaps stay 0. Layers look into their block, so it
/// is copied with its whole model only.
template <Real T>
class ParameterBlock {
 public:
  ParameterBlock() = default;
  ~ParameterBlock() = default;

  static constexpr std::size_t max_moments = 5;
  using Moments = std::array<AlignedArray<T>, max_moments>;  // empty until they are asked for
  /// The number of the moment that is a running average of the values: it starts from them.
  static constexpr std::size_t average_moment = 3;
  /// The number of the one that is a sum of gradients, which wait for those of more batches.
  static constexpr std::size_t gradient_sum_moment = 4;

  /// Allocates the listed parameters and binds the layers' views. Those without an earlier value
  /// are 0. Throws where the value that a layer brings from another model doesn't fit.
  NN_COLD void allocate(const ParameterList<T>& list) {
    ParameterBlock made;
    Layout layout = made.begin(list, NumberFormat::float32);
    for (const auto& entry : list.entries()) {
      if (entry.parameter->is_brought()) require_brought(entry);
      T* const value = made.values_.data() + layout.take(entry);
      if (entry.earlier_value == nullptr) continue;
      std::copy_n(entry.earlier_value, entry.shape.num_elements(), value);
    }
    *this = std::move(made);
    bind(list);
  }

  /// Draws the values of parameters without an earlier one, each from a stream of its own.
  [[gnu::noinline]] void initialize(const ParameterList<T>& list, std::uint64_t seed) {
    std::uint64_t user = 0;
    Layout layout(list);
    for (const auto& entry : list.entries()) {
      const Random random{seed, {RandomPurpose::initializer, user++, 0}};
      T* const value = values_.data() + layout.take(entry);
      if (entry.earlier_value == nullptr) entry.initializer.fill(random, entry.shape, value);
    }
  }

  /// Gives its values to another block, whose list has the same parameters from number `first` on.
  /// This block is empty then.
  NN_COLD void hand_over(ParameterList<T>& list, std::size_t first) {
    const std::size_t count = list.entries().size() - first;
    if (count != named_.size()) {
      refuse<ShapeError>({{"Model, as a layer"},
                          {named_.size(), " parameters, as in a model built before"},
                          count});
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Shape& shape = list.entries()[first + i].shape;
      if (shape != named_[i].shape) {
        refuse<ShapeError>({list.entries()[first + i].name,
                            {"shape ", named_[i].shape.to_string(), " of a model built before"},
                            shape.to_string()});
      }
      list.start_from(first + i, named_[i].value().data());
    }
    list.keep(std::move(values_));
    *this = {};
  }

  /// Points the layers' views into this block, which was built for these parameters. Throws
  /// nothing, so it may stand behind what does.
  // NOLINTNEXTLINE(bugprone-exception-escape): the sizes were added up when the block was made
  NN_COLD void bind(const ParameterList<T>& list) noexcept {
    NN_ASSERT(list.entries().size() == named_.size());
    Layout layout(list, format_);
    std::size_t num_quantized = 0;
    for (std::size_t i = 0; i < named_.size(); ++i) {
      const auto& entry = list.entries()[i];
      NN_ASSERT(entry.role == named_[i].role);
      if (layout.is_quantized(entry)) {
        named_[i].bind(nullptr, nullptr, &quantized_[num_quantized++], *entry.parameter);
        continue;
      }
      const Index offset = layout.take(entry);
      const bool has_gradient = !gradients_.empty() && entry.role != ParameterRole::state;
      named_[i].bind(values_.data() + offset, has_gradient ? gradients_.data() + offset : nullptr,
                     nullptr, *entry.parameter);
    }
  }

  /// The same parameters after some have been frozen, or are trained again: with their values, and
  /// the moments of those that were trained and are; other moments start anew. Gradients are 0
  /// then.
  NN_COLD void rearrange(const ParameterList<T>& list) {
    ParameterBlock made;
    Layout layout = made.begin(list, format_);
    made.step_ = step_;
    made.are_moments_elsewhere_ = are_moments_elsewhere_;
    const auto trained = static_cast<std::size_t>(layout.trained_size());
    if (!gradients_.empty()) {
      made.gradients_ = AlignedArray<T>(static_cast<std::size_t>(layout.gradient_size()));
    }
    for (std::size_t m = 0; m < max_moments; ++m) {
      if (!moments_[m].empty()) made.moments_[m] = AlignedArray<T>(trained);
    }
    for (std::size_t i = 0; i < named_.size(); ++i) {
      const auto value = named_[i].value();
      const Index from = value.data() - values_.data(), to = layout.take(list.entries()[i]);
      std::copy_n(value.data(), value.size(), made.values_.data() + to);
      if (!made.named_[i].is_trained()) continue;
      if (!named_[i].is_trained()) {
        if (moments_[average_moment].empty()) continue;
        std::copy_n(value.data(), value.size(), made.moments_[average_moment].data() + to);
        continue;
      }
      for (std::size_t m = 0; m < max_moments; ++m) {
        if (moments_[m].empty()) continue;
        std::copy_n(moments_[m].data() + from, value.size(), made.moments_[m].data() + to);
      }
    }
    *this = std::move(made);
    bind(list);
  }

  /// Quantises the matrices that allow it, and frees their values, all gradients and all moments:
  /// the block is for inference from now on.
  NN_COLD void quantize(const ParameterList<T>& list,
                        NumberFormat format) requires std::same_as<T, float> {
    ParameterBlock made;
    Layout layout = made.begin(list, format);
    for (std::size_t i = 0; i < named_.size(); ++i) {
      const auto value = named_[i].value();
      const auto& entry = list.entries()[i];
      if (layout.is_quantized(entry)) {
        made.quantized_.emplace_back(
            format, kernels::Matrix<const T>(value.data(), entry.shape[0], entry.shape[1]));
      } else {
        std::copy_n(value.data(), value.size(), made.values_.data() + layout.take(entry));
      }
    }
    *this = std::move(made);
    bind(list);
  }
  /// What the quantizable matrices are stored as.
  [[nodiscard]] NumberFormat format() const { return format_; }

  /// The parameters by name, in the order of the layers.
  [[nodiscard]] const std::vector<NamedParameter<T>>& named() const { return named_; }
  [[nodiscard]] auto begin() const { return named_.begin(); }
  [[nodiscard]] auto end() const { return named_.end(); }

  /// Elements of all parameters, without gaps.
  [[nodiscard]] Index num_elements() const {
    Index count = 0;
    for (const auto& parameter : named_) count += parameter.shape.num_elements();
    return count;
  }
  /// Elements that are trained, the gaps included: the first ones of values and gradients, and all
  /// of each moment.
  [[nodiscard]] Index size() const { return trained_size_; }
  /// Elements of the values: those, what is frozen, and state.
  [[nodiscard]] Index num_values() const { return static_cast<Index>(values_.size()); }
  [[nodiscard]] T* values() { return values_.data(); }
  [[nodiscard]] const T* values() const { return values_.data(); }
  [[nodiscard]] T* gradients() { return gradients_.data(); }
  [[nodiscard]] bool has_gradients() const {
    return static_cast<Index>(gradients_.size()) == gradient_size_;
  }

  /// The first element that is infinite or NaN, as "3.dense.kernel[17]"; empty if there is none.
  [[nodiscard]] NN_COLD std::string first_non_finite() const {
    for (const NamedParameter<T>& parameter : named_) {
      if (parameter.quantized() != nullptr) continue;
      const auto value = parameter.value();
      const Index i = nn::first_non_finite(value.data(), value.size());
      if (i < value.size()) return concat({parameter.name, "[", i, "]"});
    }
    return "";
  }
  /// Throws `std::invalid_argument` if there is one.
  void require_finite(const char* where, const char* remedy) const {
    const std::string found = first_non_finite();
    if (!found.empty()) refuse({where, "finite weights", "infinity or NaN", found, remedy});
  }

  /// Makes room for gradients, which a model that only predicts does without, and points the
  /// layers' views to it.
  void allocate_gradients(const ParameterList<T>& list) {
    gradients_ = AlignedArray<T>(static_cast<std::size_t>(gradient_size_));
    bind(list);
  }
  void zero_gradients() { std::fill(gradients_.begin(), gradients_.end(), T(0)); }

  /// The optimizer's moment number `i`, zero at first but for the average. Throws
  /// `std::invalid_argument` from `max_moments` on.
  [[nodiscard]] T* moment(std::size_t i) {
    demand(i < max_moments, "ParameterBlock::moment", "a number from 0 to 4", i);
    require_own_moments("ParameterBlock::moment");
    if (moments_[i].empty()) {
      moments_[i] = AlignedArray<T>(static_cast<std::size_t>(trained_size_));
      if (i == average_moment) std::copy_n(values_.data(), trained_size_, moments_[i].data());
    }
    return moments_[i].data();
  }
  /// Optimizer steps taken so far; one number for all parameters.
  [[nodiscard]] std::int64_t step() const { return step_; }
  std::int64_t advance_step() { return ++step_; }
  /// All moments, those that nobody has asked for empty.
  [[nodiscard]] const Moments& moments() const { return moments_; }
  /// Goes on where another training has come to. Moments that are not empty have `size()` elements.
  void resume(Moments&& moments, std::int64_t step) noexcept {
    moments_ = std::move(moments);
    step_ = step;
    are_moments_elsewhere_ = false;
  }
  /// From here on other processes keep the moments, each of its part of the parameters.
  void give_away_moments() noexcept {
    moments_ = {};
    are_moments_elsewhere_ = true;
  }
  /// Throws `std::invalid_argument` where other processes keep the moments.
  void require_own_moments(const char* where) const {
    if (!are_moments_elsewhere_) return;
    refuse({where, "the optimizer's memory in this process", "a training by several", "",
            "after fit process 0 has it; a callback of process 0 brings it by run_state()"});
  }
  void reset_moments() {
    moments_ = {};
    are_moments_elsewhere_ = false;
    step_ = 0;
  }

  /// Everything that training changes, to go back to.
  struct Snapshot {
    AlignedArray<T> values;
    Moments moments;
    std::int64_t step = 0;
    bool are_moments_elsewhere = false;
  };
  [[nodiscard]] NN_COLD Snapshot snapshot() const {
    return {values_, moments_, step_, are_moments_elsewhere_};
  }
  /// Neither allocates nor throws, as it may be needed because memory has run out.
  NN_COLD void restore(Snapshot&& snapshot) noexcept {
    NN_ASSERT(snapshot.values.size() == values_.size());
    std::copy(snapshot.values.begin(), snapshot.values.end(), values_.begin());
    moments_ = std::move(snapshot.moments);
    are_moments_elsewhere_ = snapshot.are_moments_elsewhere;
    step_ = snapshot.step;
  }

 private:
  friend class Network<T>;
  /// Throws unless the value that a layer brings from another model fits this one.
  NN_COLD static void require_brought(const typename ParameterList<T>::Entry& entry) {
    const Shape& shape = entry.parameter->shape();
    if (shape != entry.shape) {
      refuse<ShapeError>({entry.name,
                          {"shape ", shape.to_string(), ", as in the model that its layer is from"},
                          entry.shape.to_string()});
    }
    if (entry.earlier_value != nullptr || shape.num_elements() == 0) return;
    refuse({entry.name, "a layer with float32 weights", "one from a quantized model", "",
            "copy it before quantize"});
  }
  ParameterBlock(const ParameterBlock&) = default;
  ParameterBlock(ParameterBlock&&) noexcept = default;
  ParameterBlock& operator=(const ParameterBlock&) = default;
  ParameterBlock& operator=(ParameterBlock&&) noexcept = default;

  using Layout = detail::BlockLayout<T>;

  /// Allocates the values and names the parameters; `bind` then gives them their places.
  NN_COLD Layout begin(const ParameterList<T>& list, NumberFormat format) {
    const Layout layout(list, format);
    format_ = format;
    values_ = AlignedArray<T>(static_cast<std::size_t>(layout.size()));
    trained_size_ = layout.trained_size();
    gradient_size_ = layout.gradient_size();
    named_.reserve(list.entries().size());
    for (const auto& entry : list.entries()) {
      named_.emplace_back(entry.name, entry.shape, entry.role, entry.rules);
    }
    return layout;
  }

  AlignedArray<T> values_;
  AlignedArray<T> gradients_;  // empty until the model is trained
  Index trained_size_ = 0, gradient_size_ = 0;
  Moments moments_;
  bool are_moments_elsewhere_ = false;  // in other processes
  std::int64_t step_ = 0;
  std::vector<NamedParameter<T>> named_;
  NumberFormat format_ = NumberFormat::float32;
  std::vector<kernels::QuantizedMatrix> quantized_;  // in the order of their entries
};

}  // namespace nn
