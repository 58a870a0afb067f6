// SPDX-License-Identifier: MIT
// Optimizers, schedules, losses and metrics from the names and arguments in a file.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "nn/io/names.hpp"
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
  [[nodiscard, gnu::always_inline]] static Held hold(V value) {
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
  [[nodiscard, gnu::always_inline]] static Held hold(V value) {
    return Held{nn::detail::hold_loss<T>(std::move(value))};
  }
};
struct MetricFamily {
  static constexpr const char* kind = "metric";
  using Held = Metric;
  template <class V>
  static constexpr bool has = MetricFor<V, float>&& MetricFor<V, double>;
  template <class V>
  [[nodiscard, gnu::always_inline]] static Held hold(V value) {
    return Metric{std::move(value)};
  }
};
struct ScheduleFamily {
  static constexpr const char* kind = "schedule";
  using Held = Hyperparameter;
  template <class V>
  static constexpr bool has = DescribedSchedule<V>;
  template <class V>
  [[nodiscard, gnu::always_inline]] static Held hold(V value) {
    return Hyperparameter{std::move(value)};
  }
};

/// The place among `names` of the one that the arguments' owner has. Throws `std::invalid_argument`
/// where there is none; `kind` says what was looked for.
[[nodiscard]] NN_COLD inline std::size_t find_described(const char* kind,
                                                        const Arguments& arguments,
                                                        std::span<const NameOf> names) {
  const std::size_t i = find_name(arguments.owner(), names);
  if (i < names.size()) return i;
  refuse({kind,
          {"one of ", list_names(names)},
          {"'", arguments.owner(), "'"},
          "",
          "name types of your own: load<MyOptimizer>(path)"});
}

/// Throws `std::invalid_argument` for arguments that what was made had no use for.
NN_COLD inline void require_all_read(const Arguments& arguments) {
  if (const auto unread = arguments.unread(); !unread.empty()) {
    refuse({arguments.owner(),
            "arguments that it has",
            {"'", unread.front(), "'"},
            "",
            "the file may be of a later version of the library"});
  }
}

/// Makes the one of `Types` that belongs to the family and has the name of the arguments' owner.
/// Throws `std::invalid_argument` where there is none, and for arguments that it has no use for.
template <class Family, class... Types>
[[nodiscard]] typename Family::Held make_described(const Arguments& arguments,
                                                   LayerTypes<Types...> types);

template <class Types>
[[nodiscard]] NN_COLD Hyperparameter make_schedule(const Arguments& arguments) {
  return make_described<ScheduleFamily>(arguments, Types{});
}

/// Functions of one type in a family of all `Types`, for tables.
template <class Family, class V, class Types>
struct DescribedType {
  static constexpr bool is_of_family = [] {
    if constexpr (Described<V>) return Family::template has<V>;
    return false;
  }();

  [[nodiscard]] static constexpr NameOf name() {
    if constexpr (is_of_family) return &name_of<V>;
    return nullptr;
  }
  [[nodiscard]] NN_COLD static typename Family::Held make(const Arguments& arguments) {
    if constexpr (requires { V::from_arguments(arguments, make_schedule<Types>); }) {
      return Family::hold(V::from_arguments(arguments, make_schedule<Types>));
    } else {
      return Family::hold(V::from_arguments(arguments));
    }
  }
  [[nodiscard]] static constexpr auto maker() -> typename Family::Held (*)(const Arguments&) {
    if constexpr (is_of_family) return &make;
    return nullptr;
  }
};

template <class Family, class... Types>
[[nodiscard]] NN_COLD typename Family::Held make_described(const Arguments& arguments,
                                                           LayerTypes<Types...>) {
  static constexpr NameOf names[] = {DescribedType<Family, Types, LayerTypes<Types...>>::name()...};
  static constexpr typename Family::Held (*makers[])(const Arguments&) = {
      DescribedType<Family, Types, LayerTypes<Types...>>::maker()...};
  typename Family::Held made = makers[find_described(Family::kind, arguments, names)](arguments);
  require_all_read(arguments);
  return made;
}

}  // namespace nn::io
