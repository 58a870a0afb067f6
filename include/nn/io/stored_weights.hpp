// SPDX-License-Identifier: MIT
// A model's weights and its optimizer's moments as tensors of a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/io/quantized_weights.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/layer/parameter_block.hpp"

namespace nn::io {

template <Real T>
NN_COLD void add_weights(SafetensorsWriter& writer, const ParameterBlock<T>& block) {
  for (const NamedParameter<T>& parameter : block) {
    if (const auto* matrix = parameter.quantized()) {
      add_quantized(writer, parameter.name, *matrix);
    } else {
      writer.add(parameter.name, parameter.shape, parameter.value().data());
    }
  }
}

/// "optimizer.moment_0.3.dense.kernel": no parameter has such a name, as they begin with a number.
[[nodiscard]] inline std::string moment_name(std::size_t moment, const std::string& parameter) {
  return concat({"optimizer.moment_", moment, ".", parameter});
}

/// The numbers of the moments that the optimizer has asked for so far.
template <Real T>
[[nodiscard]] NN_COLD std::vector<Index> moments_of(const ParameterBlock<T>& block) {
  std::vector<Index> numbers;
  for (std::size_t i = 0; i < block.max_moments; ++i) {
    if (!block.moments()[i].empty()) numbers.push_back(static_cast<Index>(i));
  }
  return numbers;
}

/// Adds the moments of all parameters that are trained. Throws `std::invalid_argument` where one is
/// not finite.
template <Real T>
NN_COLD void add_moments(SafetensorsWriter& writer, const ParameterBlock<T>& block) {
  block.require_own_moments("Model::save");
  for (const Index number : moments_of(block)) {
    const auto moment = static_cast<std::size_t>(number);
    for (const NamedParameter<T>& parameter : block) {
      if (!parameter.is_trained()) continue;
      const std::string name = moment_name(moment, parameter.name);
      const T* const values =
          block.moments()[moment].data() + (parameter.value().data() - block.values());
      const Index count = parameter.shape.num_elements();
      if (first_non_finite(values, count) < count) {
        refuse({"Model::save", "finite moments", "infinity or NaN", name,
                "the training has diverged; to save its weights alone, leave out optimizer"});
      }
      writer.add(name, parameter.shape, values);
    }
  }
}

/// Throws `IoError` unless the file has a tensor of that name and shape.
NN_COLD inline const TensorEntry& require_tensor(const SafetensorsFile& file,
                                                 const std::string& name, const Shape& shape,
                                                 const std::string& where) {
  const TensorEntry* tensor = file.find(name);
  if (tensor == nullptr) {
    refuse<IoError>({where,
                     {"a tensor '", name, "'"},
                     "none",
                     {file.tensors().size(), " tensors"},
                     "the file is of another model"});
  }
  if (tensor->shape != shape) {
    refuse<IoError>({where,
                     {"'", name, "' of shape ", shape.to_string()},
                     tensor->shape.to_string(),
                     "",
                     "the file is of another model"});
  }
  return *tensor;
}

NN_COLD inline void require_floats(const TensorEntry& tensor, const std::string& where) {
  const std::string_view dtype = tensor.dtype.name;
  if (dtype == "F32" || dtype == "F64" || dtype == "F16" || dtype == "BF16") return;
  refuse<IoError>({where, {"'", tensor.name, "' as floating-point numbers"}, dtype});
}

/// Throws `IoError` unless the file has these moments of all parameters that are trained. Returns
/// how many tensors they are.
template <Real T>
[[nodiscard]] NN_COLD std::size_t require_moments(const SafetensorsFile& file,
                                                  const ParameterList<T>& list,
                                                  const std::vector<Index>& moments,
                                                  const std::string& where) {
  std::size_t num_tensors = 0;
  for (const auto& entry : list.entries()) {
    if (entry.role != ParameterRole::trained) continue;
    for (const Index i : moments) {
      const std::string name = moment_name(static_cast<std::size_t>(i), entry.name);
      require_floats(require_tensor(file, name, entry.shape, where), where);
      ++num_tensors;
    }
  }
  return num_tensors;
}

/// The number of tensors that are moments of the listed parameters.
template <Real T>
[[nodiscard]] NN_COLD std::size_t count_moments(const SafetensorsFile& file,
                                                const ParameterList<T>& list) {
  std::size_t num_tensors = 0;
  for (const auto& entry : list.entries()) {
    for (std::size_t i = 0; i < ParameterBlock<T>::max_moments; ++i) {
      num_tensors += file.find(moment_name(i, entry.name)) != nullptr;
    }
  }
  return num_tensors;
}

/// Throws `IoError` unless the file has exactly the listed parameters, and so many other tensors.
/// Allocates nothing, so that an architecture that asks for more than its file holds is refused
/// before it costs memory.
template <Real T>
NN_COLD void require_weights(const SafetensorsFile& file, const ParameterList<T>& list,
                             std::size_t num_others, const std::string& where) {
  std::size_t num_tensors = list.entries().size() + num_others;
  for (const auto& entry : list.entries()) {
    const TensorEntry& tensor = require_tensor(file, entry.name, entry.shape, where);
    if (tensor.dtype.name == "I8" && entry.is_quantizable) {
      require_scales(file, entry.name, entry.shape, where);
      ++num_tensors;
    } else {
      require_floats(tensor, where);
    }
  }
  if (file.tensors().size() == num_tensors) return;
  refuse<IoError>({where,
                   {num_tensors, " tensors"},
                   file.tensors().size(),
                   "",
                   "the file is of another model"});
}

template <Real T>
NN_COLD void copy_weights(const SafetensorsFile& file, ParameterBlock<T>& block) {
  for (const NamedParameter<T>& parameter : block) {
    T* const value = parameter.value().data();
    file.copy_to(file.at(parameter.name), value);
    if (file.at(parameter.name).dtype.name == "I8") {
      apply_scales(file, parameter.name, parameter.shape, value);
    }
  }
}

/// The listed moments of a block that was built for the file. Throws `IoError` where one is not
/// finite.
template <Real T>
[[nodiscard]] NN_COLD typename ParameterBlock<T>::Moments read_moments(
    const SafetensorsFile& file, const ParameterBlock<T>& block, const std::vector<Index>& numbers,
    const std::string& where) {
  typename ParameterBlock<T>::Moments moments;
  for (const Index number : numbers) {
    const auto i = static_cast<std::size_t>(number);
    moments[i] = AlignedArray<T>(static_cast<std::size_t>(block.size()));
    for (const NamedParameter<T>& parameter : block) {
      if (!parameter.is_trained()) continue;
      const TensorEntry& tensor = file.at(moment_name(i, parameter.name));
      T* const values = moments[i].data() + (parameter.value().data() - block.values());
      file.copy_to(tensor, values);
      const Index count = parameter.shape.num_elements();
      if (first_non_finite(values, count) < count) {
        refuse<IoError>({where, {"finite numbers in '", tensor.name, "'"}, "infinity or NaN"});
      }
    }
  }
  return moments;
}

}  // namespace nn::io
