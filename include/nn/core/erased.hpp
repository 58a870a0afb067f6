// SPDX-License-Identifier: MIT
// Values of any type that fits an interface.
#pragma once

#include <utility>

#include "nn/core/cold.hpp"

namespace nn::detail {

/// A copyable value behind a virtual interface, which has a virtual destructor and a
/// `clone() const` that returns a copy made with `new`. (A `std::unique_ptr` would be one more
/// class to compile for each interface.)
template <class Interface>
class Erased {
 public:
  Erased() = default;
  /// Owns `self`, which was made with `new`.
  explicit Erased(Interface* self) : self_(self) {}
  NN_COLD Erased(const Erased& other)
      : self_(other.self_ == nullptr ? nullptr : other.self_->clone()) {}
  Erased(Erased&& other) noexcept : self_(std::exchange(other.self_, nullptr)) {}
  // Two functions, so that only the one that moves is noexcept.
  Erased& operator=(const Erased& other) { return *this = Erased(other); }
  Erased& operator=(Erased&& other) noexcept {
    Erased taken = std::move(other);
    std::swap(self_, taken.self_);
    return *this;
  }
  ~Erased() { delete self_; }

  [[nodiscard]] Interface* operator->() const { return self_; }
  [[nodiscard]] Interface* get() const { return self_; }

 private:
  Interface* self_ = nullptr;
};

}  // namespace nn::detail
