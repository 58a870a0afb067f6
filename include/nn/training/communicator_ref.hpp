// SPDX-License-Identifier: MIT
// The processes that a call works with, as an option of it.
#pragma once

#include <concepts>
#include <memory>
#include <vector>

#include "nn/core/communicator.hpp"
#include "nn/core/number_format.hpp"
#include "nn/core/real.hpp"

namespace nn {

template <Real T>
class Network;  // model/network.hpp
template <Real T>
struct Compiled;  // model/compiled.hpp

/// How several processes share the work of `fit`.
struct SharingOptions {
  /// Pieces that each batch is cut in. The gradients of pieces are added along a binary tree, so
  /// the bits of a training depend on this number and not on the processes, of which there may be
  /// as many or fewer. Batch normalization takes the statistics of a piece, unless it is
  /// `synchronized`. 0: one for each process.
  Index pieces = 0;
  /// What gradients are rounded to when they are sent, for half the traffic: bfloat16. Sums,
  /// weights and moments keep their bits; results then depend on the number of processes.
  NumberFormat gradient_format = NumberFormat::float32;
};

namespace detail {

template <Real T>
class SharedRun;  // training/shared_run.hpp

/// Defined in nn/distributed/data_parallel.hpp, so that a program of one process compiles none of
/// it.
template <Real T>
[[nodiscard]] std::unique_ptr<SharedRun<T>> make_shared_run(Communicator& communicator,
                                                            Network<T>& network,
                                                            Compiled<T>& compiled,
                                                            const std::vector<T>& class_weights,
                                                            const SharingOptions& options);

}  // namespace detail

/// A view of a communicator, or of none.
class CommunicatorRef {
 public:
  CommunicatorRef() = default;
  template <std::derived_from<Communicator> C>
  CommunicatorRef(C& communicator)  // NOLINT(google-explicit-constructor): {.communicator = mpi}
      : communicator_(&communicator),
        make_float_(&detail::make_shared_run<float>),
        make_double_(&detail::make_shared_run<double>) {}

  [[nodiscard]] bool is_given() const { return communicator_ != nullptr; }

  /// The communicator, or null where there is none or only one process.
  [[nodiscard]] Communicator* others() const {
    return is_given() && communicator_->size() > 1 ? communicator_ : nullptr;
  }

  /// The part that this process has in a `fit`; null where it trains as without a communicator,
  /// alone and on whole batches.
  template <Real T>
  [[nodiscard]] std::unique_ptr<detail::SharedRun<T>> run(Network<T>& network,
                                                          Compiled<T>& compiled,
                                                          const std::vector<T>& class_weights,
                                                          const SharingOptions& options) const {
    if (others() == nullptr && (!is_given() || options.pieces == 0)) return nullptr;
    if constexpr (std::same_as<T, float>) {
      return make_float_(*communicator_, network, compiled, class_weights, options);
    } else {
      return make_double_(*communicator_, network, compiled, class_weights, options);
    }
  }

 private:
  Communicator* communicator_ = nullptr;
  decltype(&detail::make_shared_run<float>) make_float_ = nullptr;
  decltype(&detail::make_shared_run<double>) make_double_ = nullptr;
};

}  // namespace nn
