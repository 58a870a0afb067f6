// SPDX-License-Identifier: MIT
// What a model is trained with, and how far it has come, in the metadata of its file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/io/described.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/stored_weights.hpp"

namespace nn::io {

/// The longest text, in bytes, and the most metrics that are written or read.
inline constexpr std::size_t max_training_size = std::size_t{1} << 20;
inline constexpr Index max_metrics = 100;

/// What `compile` gave a model, and how far it has been trained.
template <Real T>
struct TrainingState {
  Compiled<T> compiled{};
  std::int64_t step = 0;
  std::vector<Index> moments{};  // the numbers of those that the optimizer has
};

/// Appends the name and the arguments of an optimizer, a loss or a metric. Throws
/// `std::invalid_argument` where it does not name them.
template <class Part>
NN_COLD void append_part(std::string& text, const char* kind, const Part& part) {
  const std::optional<Arguments> arguments = part.arguments();
  if (!arguments) {
    refuse({.where = "Model::save",
            .expected = {kind, " that names its arguments"},
            .got = part.name(),
            .remedy = "give it arguments(), from_arguments() and a static name(), or leave out "
                      "optimizer"});
  }
  append_described(text, *arguments);
}

/// Appends "loss":{...},"metrics":[...].
template <Real T>
NN_COLD void append_objective(std::string& text, const Objective<T>& objective) {
  demand(std::ssize(objective.metrics) <= max_metrics, "Model::save", "at most 100 metrics",
         objective.metrics.size());
  append_key(text, "loss");
  append_part(text, "a loss", *objective.loss);
  append_key(text, "metrics");
  text += '[';
  for (const Metric& metric : objective.metrics) {
    append_comma(text);
    append_part(text, "a metric", metric);
  }
  text += ']';
}

/// {"step":12,"moments":[0,1],"precision":"float32","optimizer":{...},"loss":{...},"metrics":[...]}
/// Of a model with several outputs, "outputs":[{"name":"price","weight":0.5,"loss":...},...] stands
/// in place of loss and metrics.
template <Real T>
[[nodiscard]] NN_COLD std::string describe_training(const Compiled<T>& compiled,
                                                    const ParameterBlock<T>& block) {
  std::string text = "{";
  append_key(text, "step");
  append(text, block.step());
  append_key(text, "moments");
  append_list(text, moments_of(block));
  append_key(text, "precision");
  append_quoted(text, to_string(compiled.options.precision));
  append_key(text, "optimizer");
  append_part(text, "an optimizer", *compiled.optimizer.get());
  if (compiled.objectives.size() == 1) {
    append_objective(text, compiled.objectives.front());
  } else {
    append_key(text, "outputs");
    text += '[';
    for (const Objective<T>& objective : compiled.objectives) {
      append_comma(text);
      text += '{';
      append_key(text, "name");
      append_quoted(text, objective.name);
      append_key(text, "weight");
      append_number(text, objective.weight);
      append_objective(text, objective);
      text += '}';
    }
    text += ']';
  }
  text += '}';
  demand(text.size() <= max_training_size, "Model::save",
         "at most 1048576 characters of optimizer, loss and metrics", text.size());
  return text;
}

/// Moment numbers: ascending, each one that a block can have.
NN_COLD inline void require_moment_numbers(const std::vector<Index>& moments,
                                           const JsonReader& reader, std::size_t start) {
  Index least = 0;
  for (const Index number : moments) {
    if (number < least || number >= Index{ParameterBlock<float>::max_moments}) {
      reader.fail("ascending numbers from 0 to 4", concat({number}), start);
    }
    least = number + 1;
  }
}

[[nodiscard]] NN_COLD inline ProductPrecision read_precision(JsonReader& reader) {
  const std::size_t start = reader.position();
  const std::string name = reader.read_string();
  if (name == to_string(NumberFormat::bfloat16)) return ProductPrecision::bfloat16();
  if (name != to_string(NumberFormat::float32)) {
    reader.fail("\"float32\" or \"bfloat16\"", abbreviate(name), start);
  }
  return {};
}

inline constexpr const char* training_keys =
    "step, moments, precision, optimizer, loss and metrics, once each";

/// What a file says of one output.
template <Real T>
struct StoredObjective {
  nn::detail::Erased<nn::detail::LossInterface<T>> loss{};
  std::vector<Metric> metrics{};
  double weight = 1;
  std::string name{};
};

/// Reads the value of a key of an objective; false for other keys.
template <Real T, class Types>
[[nodiscard]] NN_COLD bool read_objective_value(JsonReader& reader, const std::string& key,
                                                StoredObjective<T>& objective, Types types) {
  const std::size_t start = reader.position();
  if (key == "loss") {
    objective.loss = make_described<LossFamily<T>>(read_described(reader), types);
  } else if (key == "metrics") {
    reader.read_array([&] {
      const Arguments arguments = read_described(reader);
      const bool is_weighted = arguments.has("weighted") && arguments.get<bool>("weighted");
      Metric metric = make_described<MetricFamily>(arguments, types);
      objective.metrics.push_back(is_weighted ? weighted(std::move(metric)) : std::move(metric));
      if (std::ssize(objective.metrics) <= max_metrics) return;
      reader.fail("at most 100 metrics", "more", start);
    });
  } else {
    return false;
  }
  return true;
}

template <Real T, class Types>
NN_COLD void read_objective(JsonReader& reader, StoredObjective<T>& objective, Types types) {
  constexpr const char* keys = "name, weight, loss and metrics, once each";
  const std::size_t start = reader.position();
  std::set<std::string> known;
  reader.read_object([&](const std::string& key) {
    const std::size_t place = reader.position();
    if (!known.insert(key).second) reader.fail(keys, abbreviate(key), place);
    if (key == "name") {
      objective.name = reader.read_string();
    } else if (key == "weight") {
      const JsonNumber number = reader.read_number();
      objective.weight = number.is_integer ? static_cast<double>(number.integer) : number.real;
      if (!(objective.weight >= 0)) reader.fail("a weight of 0 or more", "another", place);
    } else if (!read_objective_value(reader, key, objective, types)) {
      reader.fail(keys, abbreviate(key), place);
    }
  });
  if (known.size() != 4) reader.fail(keys, concat({known.size(), " of them"}), start);
}

/// Reads the value of one key.
template <Real T, class Types>
NN_COLD void read_training_value(JsonReader& reader, const std::string& key,
                                 TrainingState<T>& state, std::list<StoredObjective<T>>& objectives,
                                 Types types) {
  constexpr std::int64_t most_steps = std::int64_t{1} << 60;
  const std::size_t start = reader.position();
  Compiled<T>& compiled = state.compiled;
  if (key == "step") {
    state.step = reader.read_integer();
    if (state.step >= 0 && state.step <= most_steps) return;
    reader.fail("a step from 0 to 2^60", concat({state.step}), start);
  } else if (key == "moments") {
    reader.read_array([&] { state.moments.push_back(reader.read_integer()); });
    require_moment_numbers(state.moments, reader, start);
  } else if (key == "precision") {
    compiled.options.precision = read_precision(reader);
  } else if (key == "optimizer") {
    compiled.optimizer = make_described<OptimizerFamily<T>>(read_described(reader), types);
  } else if (key == "outputs") {
    reader.read_array([&] { read_objective(reader, objectives.emplace_back(), types); });
  } else {
    if (objectives.empty()) objectives.emplace_back();
    if (!read_objective_value(reader, key, objectives.front(), types)) {
      reader.fail(training_keys, abbreviate(key), start);
    }
  }
}

/// The reverse of `describe_training`, made of these types. Throws `IoError`, or
/// `std::invalid_argument` from a constructor.
template <Real T, class Types>
[[nodiscard]] NN_COLD TrainingState<T> read_training(std::string_view text,
                                                     const std::string& where, Types types) {
  demand<IoError>(text.size() <= max_training_size, where.c_str(), "at most 1048576 characters",
                  text.size());
  JsonReader reader(text, where);
  TrainingState<T> state;
  std::list<StoredObjective<T>> objectives;
  std::set<std::string> known;
  reader.read_object([&](const std::string& key) {
    const std::size_t start = reader.position();
    if (!known.insert(key).second) reader.fail(training_keys, abbreviate(key), start);
    read_training_value(reader, key, state, objectives, types);
  });
  reader.finish();
  const bool has_outputs = known.contains("outputs");
  const bool has_loss = known.contains("loss") || known.contains("metrics");
  if (known.size() != (has_outputs ? 5U : 6U) || has_outputs == has_loss || objectives.empty()) {
    reader.fail(training_keys, concat({known.size(), " of them"}), 0);
  }
  require_precision<T>("Model::load", state.compiled.options.precision);
  for (StoredObjective<T>& each : objectives) {
    state.compiled.objectives.push_back({.loss = AnyLoss<T>(std::move(each.loss)),
                                         .metrics = std::move(each.metrics),
                                         .weight = each.weight,
                                         .name = std::move(each.name)});
    if (has_outputs) state.compiled.options.loss_weights.push_back(each.weight);
  }
  return state;
}

}  // namespace nn::io
