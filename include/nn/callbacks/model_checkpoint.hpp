// SPDX-License-Identifier: MIT
// Saves the model as it is trained.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/callbacks/monitor.hpp"
#include "nn/io/model_file.hpp"

namespace nn {

struct ModelCheckpointOptions {
  std::string monitor = "val_loss";  ///< what decides which model is the best one
  bool save_best_only = false;       ///< else each epoch is saved
  Mode mode = Mode::automatic;
  std::optional<double> initial_value_threshold{};  ///< what the first model has to beat
  bool save_weights_only = false;                   ///< by save_weights
  bool optimizer = false;  ///< with what training goes on from: see SaveOptions
};

namespace detail {

/// A path with fields: "run-{epoch:02d}-{val_loss:.4f}.safetensors". Inside the braces stand
/// "epoch", counted from 1, or a name of the epoch's logs, and after a colon, as in Python, how
/// many digits a whole number has at least (`02d`), or a number behind its point (`.4f`).
class PathPattern {
 public:
  /// Throws `std::invalid_argument` for what is no such pattern.
  NN_COLD PathPattern(const char* where, std::string_view pattern) : where_(where) {
    for (std::size_t at = 0; at < pattern.size();) {
      const std::size_t open = std::min(pattern.find('{', at), pattern.size());
      Field field{.text = std::string(pattern.substr(at, open - at))};
      at = open;
      if (open < pattern.size()) {
        const std::size_t close = pattern.find('}', open);
        if (close == std::string_view::npos) refuse_pattern(pattern.substr(open));
        read(pattern.substr(open + 1, close - open - 1), field);
        at = close + 1;
      }
      fields_.push_back(std::move(field));
    }
  }

  /// Throws `std::invalid_argument` for a name that is not among the logs.
  [[nodiscard]] NN_COLD std::string at(Index epoch, const Scores& logs) const {
    std::string path;
    for (const Field& field : fields_) {
      path += field.text;
      if (field.name.empty()) continue;
      if (field.name == "epoch") {
        const std::string digits = concat({epoch});
        path.append(static_cast<std::size_t>(std::max<Index>(0, field.digits - std::ssize(digits))),
                    '0');
        path += digits;
        continue;
      }
      const double* const value = logs.find(field.name);
      if (value == nullptr) {
        std::string known = "epoch";
        for (const auto& [name, number] : logs) append_listed(known, name);
        refuse({where_, {"fields among ", known}, {"'", field.name, "'"}});
      }
      path += with_digits(*value, static_cast<int>(field.digits));
    }
    return path;
  }

 private:
  struct Field {
    std::string text;  // in front of it
    std::string name{};
    Index digits = 0;
  };

  NN_COLD void read(std::string_view inside, Field& field) const {
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    field.name = std::string(inside.substr(0, colon));
    const bool is_epoch = field.name == "epoch";
    field.digits = is_epoch ? 0 : 6;
    if (field.name.empty()) refuse_pattern(inside);
    if (colon == inside.size()) return;
    std::string_view spec = inside.substr(colon + 1);
    if (!spec.starts_with(is_epoch ? '0' : '.') || !spec.ends_with(is_epoch ? 'd' : 'f')) {
      refuse_pattern(inside);
    }
    spec = spec.substr(1, spec.size() - 2);
    const char* const end = spec.data() + spec.size();
    const auto [stop, error] = std::from_chars(spec.data(), end, field.digits);
    constexpr Index most_digits = 20;
    if (error != std::errc{} || stop != end || field.digits < 0 || field.digits > most_digits) {
      refuse_pattern(inside);
    }
  }
  [[noreturn]] NN_COLD void refuse_pattern(std::string_view text) const {
    refuse(
        {where_, "fields such as {epoch:02d} and {val_loss:.4f}", {"'", std::string(text), "'"}});
  }

  const char* where_;
  std::vector<Field> fields_;
};

}  // namespace detail

/// Saves the model at the end of each epoch, or of those with the best monitored value so far
/// (Keras: ModelCheckpoint). It is given the model that `fit` trains:
///     nn::ModelCheckpoint{model, "best.safetensors", {.save_best_only = true}}
/// The path may have fields, as "run-{epoch:02d}-{val_loss:.4f}.safetensors", with epochs counted
/// from 1; its folders are made. The weights are those that were validated, also with use_ema.
/// Throws   std::invalid_argument for fields that are none. `fit` throws it for a field that epochs
///          don't have, and, with save_best_only, for a monitor as EarlyStopping does; IoError for
///          a file that can't be written.
class ModelCheckpoint {
 public:
  template <class SavedModel>
  NN_COLD ModelCheckpoint(const SavedModel& model, const std::string& path,
                          const ModelCheckpointOptions& options = {})
      : options_(options),
        monitor_(where, options.monitor, options.mode, 0),
        path_(where, path),
        save_([&model, options](const std::string& file) {
          const SaveOptions save_options{.optimizer = options.optimizer};
          options.save_weights_only ? model.save_weights(file) : model.save(file, save_options);
        }) {
    demand(!options.save_weights_only || !options.optimizer, where,
           "optimizer where the model is saved", "save_weights_only");
  }

  NN_COLD void on_train_begin(FitContext& context) {
    if (!options_.save_best_only) return;
    monitor_.on_train_begin(context);
    best_ = options_.initial_value_threshold.value_or(monitor_.worst());
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    if (options_.save_best_only) {
      const double* const value = monitor_.find(context);
      if (value == nullptr || !monitor_.improves(*value, best_)) return;
      best_ = *value;
    }
    const std::string path = path_.at(context.epoch + 1, context.logs);
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code ignored;  // if there is no folder, save says so
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    if (options_.optimizer) static_cast<void>(context.run_state());  // brings it here
    save_(path);
  }

  /// To go on from, in a run with the same options.
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    return {best_, monitor_.is_known() ? 1.0 : 0.0};
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 2, where, "a state of 2 numbers", state.size());
    best_ = state[0];
    monitor_.set_known(state[1] != 0);
  }

 private:
  static constexpr const char* where = "ModelCheckpoint";

  ModelCheckpointOptions options_;
  detail::Monitor monitor_;
  detail::PathPattern path_;
  std::function<void(const std::string&)> save_;
  double best_ = 0;
};

}  // namespace nn
