// SPDX-License-Identifier: MIT
// Models in safetensors files: weights and moments as tensors, the rest in the metadata.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/io/architecture_reader.hpp"
#include "nn/io/architecture_writer.hpp"
#include "nn/io/model_metadata.hpp"
#include "nn/io/quantized_weights.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/io/stored_weights.hpp"
#include "nn/io/training_state.hpp"
#include "nn/model/model_access.hpp"

namespace nn {

/// Options of `save` and `save_weights`.
struct SaveOptions {
  std::map<std::string, std::string> notes{};  ///< texts of one's own in the file's metadata
  bool allow_non_finite = false;  ///< also write infinity and NaN, as of a diverged model
  /// Of `save`: also what training goes on from. `load` then gives a compiled model, and training
  /// it has the bits that going on without the file would have had.
  bool optimizer = false;
};

namespace io {

/// Longest description of layers that is read or written, in bytes: parsing takes a multiple of it.
inline constexpr std::size_t max_architecture_size = std::size_t{1} << 20;

/// A file with the notes that the options have. Throws where the model is not to be saved so.
template <Real T>
[[nodiscard]] NN_COLD SafetensorsWriter begin_file(const char* where, const Model<T>& model,
                                                   const SaveOptions& options) {
  require_free_names(where, options.notes);
  if (!options.allow_non_finite) {
    model.parameters().require_finite(
        where, "the training has diverged; to save it all the same, set allow_non_finite");
  }
  SafetensorsWriter writer;
  for (const auto& [name, text] : options.notes) writer.set_metadata(name, text);
  return writer;
}

/// The layers that `text` describes, and the shapes of their inputs. Throws `IoError`, or
/// `std::invalid_argument` from a layer's constructor.
template <Real T>
[[nodiscard]] NN_COLD LayerGraph<T> read_architecture(std::string_view text,
                                                      const std::string& where,
                                                      std::vector<Shape>& input_shapes,
                                                      const LayerTable<T>& types) {
  demand<IoError>(text.size() <= max_architecture_size, where.c_str(), "at most 1048576 characters",
                  text.size());
  JsonReader reader(text, where);
  LayerGraph<T> graph = ArchitectureReader<T>(reader, types).read_model(input_shapes);
  reader.finish();
  demand(!graph.layers().empty(), graph.name(), "at least one layer", "none");
  return graph;
}

/// The layers of a model and the shapes of its inputs as `read_architecture` takes them. Throws
/// `std::invalid_argument` where they can't be described, or at too great a length.
template <Real T>
[[nodiscard]] NN_COLD std::string describe_architecture(const Network<T>& network,
                                                        bool tells_frozen) {
  const std::string name = network.graph().name();
  std::string text = "{";
  append_key(text, "class_name");
  append_quoted(text, name);
  ArchitectureWriter<T> writer(tells_frozen);
  if (name == "Sequential") {
    append_key(text, "input_shape");
    append_list(text, network.inputs()[0]);
    writer.append_layers(text, network.layers());
  } else {
    writer.append_graph(text, network);
  }
  text += '}';
  demand(text.size() <= max_architecture_size, "Model::save",
         "an architecture of at most 1048576 characters", text.size());
  return text;
}

/// What the file says about training; nothing for a file without it. Throws `IoError`.
template <Real T, class Types>
[[nodiscard]] NN_COLD std::optional<TrainingState<T>> training_of(const SafetensorsFile& file,
                                                                  const std::string& path,
                                                                  Types types) {
  if (!has_training(file)) return std::nullopt;
  const std::string where = concat({path, ", training"});
  try {
    return read_training<T>(file.metadata().at("training"), where, types);
  } catch (const std::invalid_argument& error) {
    throw IoError{concat({where, ": ", error.what()})};
  }
}

/// Those of the types that are no layers.
template <class... Types>
[[nodiscard]] constexpr auto without_layers(LayerTypes<Types...>) {
  return FlatTypes<std::conditional_t<LayerOfFiles<Types>, LayerTypes<>, Types>...>{};
}

/// The model that a file describes, with its weights. Their data are read last, once all else has
/// been found to fit. Throws `IoError`.
template <Real T, class Parts>
[[nodiscard]] NN_COLD Model<T> read_model(const std::string& path, const LayerTable<T>& types,
                                          Parts parts) {
  InputFile input(path);
  SafetensorsFile file = SafetensorsFile::read_header(input, path);
  require_format(file, path);
  std::optional<TrainingState<T>> training = training_of<T>(file, path, parts);
  const std::vector<Index> moments = training ? training->moments : std::vector<Index>{};
  const std::string where = concat({path, ", architecture"});
  try {
    std::vector<Shape> inputs;
    Model<T> model;
    auto& network = nn::detail::ModelAccess::network(model);
    network =
        Network<T>(read_architecture<T>(file.metadata().at("architecture"), where, inputs, types));
    const std::uint64_t seed = build_seed_of(file, path);
    network.infer_shapes(inputs);
    const ParameterList<T> list = network.list_parameters();
    require_weights(file, list, require_moments(file, list, moments, path), path);
    const NumberFormat weights = weight_format_of(file, path);
    if (weights != NumberFormat::float32 && !std::same_as<T, float>) {
      refuse<IoError>({path,
                       "weights that a model of doubles can take",
                       {to_string(weights), " weights"},
                       "",
                       "load it as nn::Model<float>"});
    }
    file.read_data(input);
    network.build(inputs, seed, [&](const ParameterList<T>&, ParameterBlock<T>& block) {
      copy_weights(file, block);
    });
    if (training) {
      demand(training->compiled.objectives.size() == network.num_outputs(), where.c_str(),
             "a loss for each output", training->compiled.objectives.size());
      network.block().resume(read_moments(file, network.block(), moments, path), training->step);
      network.take_over(training->compiled.taken_over());
      nn::detail::ModelAccess::compiled(model) = std::move(training->compiled);
    }
    if (weights != NumberFormat::float32) model.quantize(weights);
    return model;
  } catch (
      const std::invalid_argument& error) {  // from a layer that refuses its arguments or its input
    throw IoError{concat({where, ": ", error.what()})};
  }
}

}  // namespace io

/// Written beside the target and renamed over it: whatever happens, the old file or the new one is
/// there, whole. Throws `IoError` where the file can't be written, `std::invalid_argument` before
/// `build`, for layers that don't name their arguments or that a file can't describe (more than a
/// MiB of text), for notes under a name of the model's own metadata (`io::own_metadata`), and for
/// weights that are not finite unless they are asked for. With the optimizer, also for a model that
/// is not compiled or is quantized, for parts that don't name their arguments, and for moments that
/// are not finite.
template <Real T>
NN_COLD void Model<T>::save(const std::string& path, const SaveOptions& options) const {
  require_built("Model::save");
  io::SafetensorsWriter writer = io::begin_file("Model::save", *this, options);
  writer.set_metadata("format", io::model_format);
  const bool is_chain = network_.graph().name() == std::string("Sequential");
  writer.set_metadata("format_version", io::format_version(!is_chain, options.optimizer));
  writer.set_metadata("architecture", io::describe_architecture(network_, options.optimizer));
  writer.set_metadata("layout", "NHWC, HWIO");
  writer.set_metadata("build_seed", concat(network_.seed()));
  if (weight_format() != NumberFormat::float32) {
    writer.set_metadata("weight_format", std::string(to_string(weight_format())));
  }
  io::add_weights(writer, network_.block());
  if (options.optimizer) {
    require_compiled("Model::save");
    network_.require_float_weights("Model::save");
    writer.set_metadata("training", io::describe_training(compiled_, network_.block()));
    io::add_moments(writer, network_.block());
  }
  writer.write(path);
}

template <Real T>
void Model<T>::save(const std::string& path) const {
  save(path, SaveOptions{});
}

/// Throws `IoError` for a file that is torn, hostile or of something else, `std::invalid_argument`
/// for a type of one's own with the name of one of the library's. The model is compiled if it was
/// saved with its optimizer.
template <Real T>
template <class... Own>
Model<T> Model<T>::load(const std::string& path) {
  constexpr FlatTypes<Own...> own;
  const std::vector<io::NameOf> names = io::names_of(own);
  io::require_own_names(names, io::names_of(io::FileLayers<T>{}));
  io::require_own_names(names, io::names_of(io::DescribedTypes<>{}));
  io::LayerTable<T> layers = io::library_layers<T>();
  layers.add(own);
  return io::read_model<T>(path, layers, io::DescribedTypes<>{} + io::without_layers(own));
}

template <Real T>
template <class... Own>
Sequential<T> Sequential<T>::load(const std::string& path) {
  Sequential model;
  static_cast<Model<T>&>(model) = Model<T>::template load<Own...>(path);
  if (!model.network_.graph().is_chain()) {
    refuse<IoError>({path, "a chain of layers", "a graph", "", "load it as nn::Model"});
  }
  return model;
}

/// The model of floats that a file holds: `auto model = nn::load("digits.safetensors")`. Likewise
/// `nn::load<Scale<float>, MyLoss>(path)` with types of one's own; see `Model::load`.
template <class... Own>
[[nodiscard]] Model<float> load(const std::string& path) {
  return Model<float>::load<Own...>(path);
}

/// The weights alone, under the names of `parameters()`, quantised ones as `io::add_quantized`
/// says.
template <Real T>
NN_COLD void Model<T>::save_weights(const std::string& path, const SaveOptions& options) const {
  require_built("Model::save_weights");
  if (options.optimizer) {
    refuse({.where = "Model::save_weights",
            .expected = "options for weights alone",
            .got = "optimizer = true",
            .remedy = "call save"});
  }
  io::SafetensorsWriter writer = io::begin_file("Model::save_weights", *this, options);
  io::add_weights(writer, network_.block());
  writer.write(path);
}
template <Real T>
void Model<T>::save_weights(const std::string& path) const {
  save_weights(path, SaveOptions{});
}

/// Throws `IoError` where the file can't be read, has other names or shapes, or a value that T
/// can't hold; nothing is changed then. The optimizer's memory stays. Quantised weights become the
/// floats that they stand for.
template <Real T>
NN_COLD void Model<T>::load_weights(const std::string& path) {
  require_built("Model::load_weights");
  network_.require_no_training("Model::load_weights");
  network_.require_float_weights("Model::load_weights");
  io::InputFile input(path);
  io::SafetensorsFile file = io::SafetensorsFile::read_header(input, path);
  const ParameterList<T> list = network_.list_parameters();
  io::require_weights(file, list, io::count_moments(file, list), path);
  file.read_data(input);
  // Whether every value fits is known only once the last tensor has been converted.
  T* const values = network_.block().values();
  const std::vector<T> before(values, values + network_.block().num_values());
  try {
    io::copy_weights(file, network_.block());
  } catch (...) {
    std::copy(before.begin(), before.end(), values);
    throw;
  }
}

}  // namespace nn
