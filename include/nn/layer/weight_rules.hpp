// SPDX-License-Identifier: MIT
// The regularizer and the constraint of a weight, and how files name them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/layer/constraint.hpp"
#include "nn/layer/regularizer.hpp"

namespace nn {

[[nodiscard]] constexpr const char* to_string(OrthogonalMode mode) {
  return mode == OrthogonalMode::of_rows ? "rows" : "columns";
}

namespace detail {

/// Keras' class and, where it takes a string, its other name.
struct RuleNames {
  const char* class_name;
  const char* short_name;
};
// In the order of `Regularizer::Rule` and of `Constraint::Rule`.
inline constexpr RuleNames regularizer_names[] = {
    {"none", "none"},
    {"L1", "l1"},
    {"L2", "l2"},
    {"L1L2", "l1_l2"},
    {"OrthogonalRegularizer", "orthogonal_regularizer"},
    {"own", "own"}};
inline constexpr RuleNames constraint_names[] = {
    {"none", "none"},          {"MaxNorm", "max_norm"}, {"MinMaxNorm", "min_max_norm"},
    {"UnitNorm", "unit_norm"}, {"NonNeg", "non_neg"},   {"own", "own"}};

/// An object of Keras, {"class_name": "L2", "config": {"l2": 0.01}}, or the name alone.
[[nodiscard]] NN_COLD inline Arguments rule_object(const Arguments& a, std::string_view name) {
  if (a.has_object(name)) return a.get<Arguments>(name);
  return Arguments{a.get<std::string>(name)};
}

/// The place of the object's class among the names, from 1 on.
template <std::size_t N>
[[nodiscard]] NN_COLD std::size_t rule_number(const Arguments& object, const char* kind,
                                              const RuleNames (&names)[N]) {
  std::string known;
  for (std::size_t i = 1; i < N; ++i) {
    const RuleNames& rule = names[i];
    if (object.owner() == rule.class_name || object.owner() == rule.short_name) return i;
    append_listed(known, rule.class_name);
  }
  refuse({kind, {"one of ", known}, {"'", object.owner(), "'"}});
}

NN_COLD inline void require_all_read(const char* kind, const Arguments& object) {
  const std::vector<std::string> unread = object.unread();
  if (unread.empty()) return;
  refuse({{kind, " ", object.owner()}, "arguments that it has", {"'", unread.front(), "'"}});
}

NN_COLD inline void read_number(const Arguments& object, std::string_view name, double& number) {
  if (object.has(name)) number = object.get<double>(name);
}

/// As Keras writes it.
[[nodiscard]] NN_COLD inline Arguments describe_rule(const Regularizer& regularizer) {
  using Rule = Regularizer::Rule;
  const Rule rule = regularizer.rule();
  Arguments object{regularizer_names[static_cast<std::size_t>(rule)].class_name};
  if (rule == Rule::l1 || rule == Rule::l1_l2) object.set("l1", regularizer.l1());
  if (rule == Rule::l2 || rule == Rule::l1_l2) object.set("l2", regularizer.l2());
  if (rule == Rule::orthogonal) {
    object.set("factor", regularizer.l1()).set("mode", to_string(regularizer.mode()));
  }
  return object;
}
[[nodiscard]] NN_COLD inline Arguments describe_rule(const Constraint& constraint) {
  using Rule = Constraint::Rule;
  const Rule rule = constraint.rule();
  Arguments object{constraint_names[static_cast<std::size_t>(rule)].class_name};
  if (rule == Rule::non_neg || rule == Rule::own) return object;
  const MinMaxNorm& lengths = constraint.lengths();
  if (rule == Rule::min_max_norm) object.set("min_value", lengths.min_value);
  if (rule != Rule::unit_norm) object.set("max_value", lengths.max_value);
  if (rule == Rule::min_max_norm) object.set("rate", lengths.rate);
  return object.set("axis", std::vector<Index>(lengths.axis.begin(), lengths.axis.end()));
}

/// What `describe_rule` has written, or Keras; none where there is no argument of that name. Throws
/// `std::invalid_argument` for an unknown one, and for arguments that it does not have.
NN_COLD inline void read_rule(const Arguments& a, std::string_view name, Regularizer& regularizer) {
  if (!a.has(name)) return;
  using Rule = Regularizer::Rule;
  const Arguments object = rule_object(a, name);
  const auto rule = static_cast<Rule>(rule_number(object, "Regularizer", regularizer_names));
  const double by_default = rule == Rule::l1_l2 ? 0 : 0.01;
  OrthogonalRegularizer orthogonal;
  double l1 = by_default, l2 = by_default;
  if (rule == Rule::l1 || rule == Rule::l1_l2) read_number(object, "l1", l1);
  if (rule == Rule::l2 || rule == Rule::l1_l2) read_number(object, "l2", l2);
  if (rule == Rule::orthogonal) {
    read_number(object, "factor", orthogonal.factor);
    if (object.has("mode")) {
      orthogonal.mode =
          object.one_of("mode", {OrthogonalMode::of_rows, OrthogonalMode::of_columns});
    }
  }
  require_all_read("Regularizer", object);
  regularizer = rule == Rule::l1           ? Regularizer(L1{l1})
                : rule == Rule::l2         ? Regularizer(L2{l2})
                : rule == Rule::l1_l2      ? Regularizer(L1L2{l1, l2})
                : rule == Rule::orthogonal ? Regularizer(orthogonal)
                                           : Regularizer(Regularizer::Function{nullptr});
}
NN_COLD inline void read_rule(const Arguments& a, std::string_view name, Constraint& constraint) {
  if (!a.has(name)) return;
  using Rule = Constraint::Rule;
  const Arguments object = rule_object(a, name);
  const auto rule = static_cast<Rule>(rule_number(object, "Constraint", constraint_names));
  MinMaxNorm lengths{.max_value = rule == Rule::max_norm ? 2.0 : 1.0};
  if (rule == Rule::min_max_norm) {
    read_number(object, "min_value", lengths.min_value);
    read_number(object, "rate", lengths.rate);
  }
  if (rule == Rule::max_norm || rule == Rule::min_max_norm) {
    read_number(object, "max_value", lengths.max_value);
  }
  if (rule != Rule::non_neg && rule != Rule::own && object.has("axis")) {
    std::vector<Index> axes;
    if (object.has_list("axis")) axes = object.get<std::vector<Index>>("axis");
    if (axes.empty()) axes = {object.get<Index>("axis")};
    lengths.axis = Axes(axes.data(), axes.data() + axes.size());
  }
  require_all_read("Constraint", object);
  constraint = rule == Rule::max_norm       ? Constraint(MaxNorm{lengths.max_value, lengths.axis})
               : rule == Rule::min_max_norm ? Constraint(lengths)
               : rule == Rule::unit_norm    ? Constraint(UnitNorm{lengths.axis})
               : rule == Rule::non_neg      ? Constraint(NonNeg{})
                                            : Constraint(Constraint::Function{nullptr});
}

/// Calls use(name, option) for each regularizer and constraint among a layer's options, by Keras'
/// names: "kernel_regularizer".
template <class Options, class Use>
void for_each_rule(Options& o, const Use& use) {
#define NN_RULE_OF(prefix, kind) \
  if constexpr (requires { o.prefix##_##kind; }) use(#prefix "_" #kind, o.prefix##_##kind);
#define NN_RULES_OF(prefix) NN_RULE_OF(prefix, regularizer) NN_RULE_OF(prefix, constraint)
  NN_RULES_OF(kernel)
  NN_RULES_OF(recurrent)
  NN_RULES_OF(depthwise)
  NN_RULES_OF(pointwise)
  NN_RULES_OF(embeddings)
  NN_RULES_OF(gamma)
  NN_RULES_OF(beta)
  NN_RULES_OF(alpha)
  NN_RULES_OF(bias)
#undef NN_RULES_OF
#undef NN_RULE_OF
}

}  // namespace detail

template <class Options>
NN_COLD Arguments& Arguments::set_rules(const Options& options) {
  detail::for_each_rule(options, [this](const char* name, const auto& rule) {
    if (rule) this->set(name, detail::describe_rule(rule));
  });
  return *this;
}

template <class Options>
NN_COLD Options Arguments::with_rules(Options options) const {
  if (has("activity_regularizer")) {
    refuse({owner_, "no activity_regularizer", "one", "",
            "put an ActivityRegularization layer behind this one"});
  }
  detail::for_each_rule(
      options, [this](const char* name, auto& rule) { detail::read_rule(*this, name, rule); });
  return options;
}

}  // namespace nn
