// SPDX-License-Identifier: MIT
// Quantised weights in safetensors files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/number_format.hpp"
#include "nn/core/text.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/kernels/quantized/matrix.hpp"

namespace nn::io {

/// Name of the tensor with the scales of an int8 tensor, one for each of its columns.
[[nodiscard]] inline std::string scale_name(const std::string& weights) {
  return concat({weights, "_scale"});
}

/// Adds quantised weights row by row: "3.dense.kernel" as BF16 [in, units]; or as I8 [in, units]
/// beside "3.dense.kernel_scale" [units]; a weight is the product of both.
NN_COLD inline void add_quantized(SafetensorsWriter& writer, const std::string& name,
                                  const kernels::QuantizedMatrix& matrix) {
  const bool is_int8 = matrix.format() == NumberFormat::int8;
  const Index rows = matrix.rows(), cols = matrix.cols();
  std::string bytes;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const std::uint16_t bits =
          is_int8 ? static_cast<std::uint8_t>(matrix.integer(i, j)) : matrix.bfloat16_bits(i, j);
      bytes += static_cast<char>(bits & 0xFF);
      if (!is_int8) bytes += static_cast<char>(bits >> 8);
    }
  }
  writer.add(name, {rows, cols}, *find_dtype(is_int8 ? "I8" : "BF16"), std::move(bytes));
  if (is_int8) writer.add(scale_name(name), {cols}, matrix.scales());
}

/// Throws `IoError` unless the file has the scales of weights [in, units].
NN_COLD inline void require_scales(const SafetensorsFile& file, const std::string& weights,
                                   const Shape& shape, const std::string& where) {
  const std::string name = scale_name(weights);
  const TensorEntry* scales = file.find(name);
  const Shape expected{shape.back()};
  if (scales != nullptr && scales->shape == expected && scales->dtype.name == "F32") return;
  refuse<IoError>({where,
                   {"a tensor '", name, "' F32 ", expected.to_string()},
                   scales == nullptr ? std::string("none")
                                     : concat({scales->dtype.name, ' ', scales->shape.to_string()}),
                   {"'", weights, "' is I8"}});
}

/// Multiplies integers [in, units] by the file's scales.
template <class T>
NN_COLD void apply_scales(const SafetensorsFile& file, const std::string& weights,
                          const Shape& shape, T* values) {
  std::vector<T> scales(static_cast<std::size_t>(shape.back()));
  file.copy_to(file.at(scale_name(weights)), scales.data());
  const Index count = shape.num_elements();
  for (Index i = 0; i < count; ++i)
    values[i] *= scales[static_cast<std::size_t>(i) % scales.size()];
}

/// The number format of the weights in the file of a model. Throws `IoError` for an unknown one.
[[nodiscard]] NN_COLD inline NumberFormat weight_format_of(const SafetensorsFile& file,
                                                           const std::string& path) {
  const auto found = file.metadata().find("weight_format");
  if (found == file.metadata().end()) return NumberFormat::float32;
  for (const NumberFormat format : {NumberFormat::bfloat16, NumberFormat::int8}) {
    if (found->second == to_string(format)) return format;
  }
  refuse<IoError>({{path, ", weight_format"}, "bfloat16 or int8", {"'", found->second, "'"}});
}

}  // namespace nn::io
