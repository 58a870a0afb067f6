// SPDX-License-Identifier: MIT
// Optimizers, schedules, losses and metrics from the names and arguments in a file.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "nn/layers/layers.hpp"
#include "nn/losses/losses.hpp"
#include "nn/metrics/metrics.hpp"
#include "nn/model/compiled.hpp"
#include "nn/optimizers/optimizers.hpp"
#include "nn/schedules/schedules.hpp"

namespace nn::io {

/// What a file may name beside layers: all of the library's, and more.
#define NN_DESCRIBED_TYPE(V) V,
template <class... More>
using DescribedTypes =
    LayerTypes<NN_FOR_EACH_LOSS(NN_DESCRIBED_TYPE) NN_FOR_EACH_METRIC(NN_DESCRIBED_TYPE)
                   NN_FOR_EACH_OPTIMIZER(NN_DESCRIBED_TYPE) NN_FOR_EACH_SCHEDULE(NN_DESCRIBED_TYPE)
                       More...>;
#undef NN_DESCRIBED_TYPE

// A family: which types belong to it, and what they are held in.

template <Real T>
struct OptimizerFamily {
  static constexpr const char* kind = "optimizer";
  using Held = nn::detail::Erased<nn::detail::OptimizerInterface<T>>;
  template <class V>
  static constexpr bool has = OptimizerFor<V, T>;
  template <class V>
  [[nodiscard]] static Held hold(V value) {
    return Held{nn::detail::hold_optimizer<T>(std::move(value))};
  }
};
template <Real T>
struct LossFamily {
  static constexpr const char* kind = "loss";
  using Held = nn::detail::Erased<nn::detail::LossInterface<T>>;
  template <class V>
  static constexpr bool has = Loss<V, T>;
  template <class V>
  [[nodiscard]] static Held hold(V value) {
    return Held{nn::detail::hold_loss<T>(std::move(value))};
  }
};
struct MetricFamily {
  static constexpr const char* kind = "metric";
  using Held = Metric;
  template <class V>
  static constexpr bool has = MetricFor<V, float>&& MetricFor<V, double>;
  template <class V>
  [[nodiscard]] static Held hold(V value) {
    return Metric{std::move(value)};
  }
};
struct ScheduleFamily {
  static constexpr const char* kind = "schedule";
  using Held = Hyperparameter;
  template <class V>
  static constexpr bool has = DescribedSchedule<V>;
  template <class V>
  [[nodiscard]] static Held hold(V value) {
    return Hyperparameter{std::move(value)};
  }
};

/// Makes the one of `Types` that belongs to the family and has the name of the arguments' owner.
/// Throws `std::invalid_argument` where there is none, and for arguments that it has no use for.
template <class Family, class... Types>
[[nodiscard]] typename Family::Held make_described(const Arguments& arguments,
                                                   LayerTypes<Types...> types);

template <class Types>
[[nodiscard]] NN_COLD Hyperparameter make_schedule(const Arguments& arguments) {
  return make_described<ScheduleFamily>(arguments, Types{});
}

template <class V, class Types>
[[nodiscard]] NN_COLD V from_arguments(const Arguments& arguments, Types) {
  if constexpr (requires { V::from_arguments(arguments, make_schedule<Types>); }) {
    return V::from_arguments(arguments, make_schedule<Types>);
  } else {
    return V::from_arguments(arguments);
  }
}

template <class Family, class... Types>
[[nodiscard]] NN_COLD typename Family::Held make_described(const Arguments& arguments,
                                                           LayerTypes<Types...> types) {
  std::optional<typename Family::Held> made;
  std::string known;
  [[maybe_unused]] const auto try_type = [&]<class V>() {
    if constexpr (Described<V> && Family::template has<V>) {
      append_listed(known, V::name());
      if (V::name() == arguments.owner()) {
        made.emplace(Family::hold(from_arguments<V>(arguments, types)));
      }
    }
    return made.has_value();
  };
  if (!(try_type.template operator()<Types>() || ...)) {
    refuse({Family::kind,
            {"one of ", known},
            {"'", arguments.owner(), "'"},
            "",
            "name types of your own: load<MyOptimizer>(path)"});
  }
  if (const auto unread = arguments.unread(); !unread.empty()) {
    refuse({arguments.owner(),
            "arguments that it has",
            {"'", unread.front(), "'"},
            "",
            "the file may be of a later version of the library"});
  }
  return std::move(*made);
}

}  // namespace nn::io
