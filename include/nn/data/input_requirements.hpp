// SPDX-License-Identifier: MIT
// Checks of samples against the inputs of a model.
#pragma once

#include <span>
#include <vector>

#include "nn/data/data_set.hpp"

namespace nn::detail {

/// Throws unless the samples are of types that a model over T takes.
template <Real T>
NN_COLD void require_types(const char* where, std::span<const Samples> x) {
  for (const Samples& samples : x) samples.template check_type<T>(where);
}
template <Real T>
NN_COLD void require_types(const char* where, const DataSet& data) {
  if (data.source.is_given()) return data.source.template check_type<T>(where);
  require_types<T>(where, data.x);
}

/// Throws unless there are samples for so many inputs.
NN_COLD inline void require_num_inputs(const char* where, std::size_t count, std::size_t num_inputs,
                                       const char* context = "") {
  if (count == num_inputs) return;
  refuse({where,
          {"samples for ", num_inputs, num_inputs == 1 ? " input" : " inputs"},
          {"those for ", count},
          context});
}

/// Throws unless there are samples of these shapes for all inputs, equally many, of a type that a
/// model over T takes.
template <Real T>
NN_COLD void require_inputs(const char* where, std::span<const Samples> x,
                            const std::vector<Shape>& inputs) {
  require_num_inputs(where, x.size(), inputs.size());
  require_types<T>(where, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i].check_shape(where, inputs[i]);
    if (x[i].count() == x[0].count()) continue;
    refuse<ShapeError>({where,
                        {"as many samples for each input, ", x[0].count()},
                        {x[i].count(), " for input ", i}});
  }
}
template <Real T>
NN_COLD void require_inputs(const char* where, const DataSet& data,
                            const std::vector<Shape>& inputs) {
  if (!data.source.is_given()) return require_inputs<T>(where, data.x, inputs);
  require_num_inputs(where, 1, inputs.size(), "from a source");
  require_types<T>(where, data);
  data.source.check_shape(where, inputs[0]);
}

}  // namespace nn::detail
