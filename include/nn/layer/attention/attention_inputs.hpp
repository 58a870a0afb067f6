// SPDX-License-Identifier: MIT
// The inputs of an attention: a query, a value, and perhaps a key.
#pragma once

#include <cstddef>
#include <span>

#include "nn/core/cold.hpp"
#include "nn/kernels/attention/attention.hpp"
#include "nn/layer/merging_layer.hpp"

namespace nn::detail {

/// Which input is what: of three, the query, the value and the key; of two, the second is value and
/// key; a single one is all of them.
struct AttentionInputs {
  std::size_t query = 0, value = 0, key = 0;

  explicit AttentionInputs(std::size_t count)
      : value(count > 1 ? 1 : 0), key(count > 2 ? 2 : value) {}
};

/// Throws `ShapeError` unless an attention can take samples of these shapes, at least `fewest`.
NN_COLD inline void require_attention_inputs(const char* layer, std::span<const Shape> samples,
                                             std::size_t fewest) {
  if (samples.size() < fewest || samples.size() > 3) {
    refuse<ShapeError>({layer,
                        {fewest == 1 ? "one" : "two", " to three inputs"},
                        samples.size(),
                        "query, value and key"});
  }
  for (const Shape& sample : samples) {
    if (sample.rank() == 2 && sample.num_elements() > 0) continue;
    refuse<ShapeError>({layer, "samples [steps, features] that are not empty", sample.to_string()});
  }
  const AttentionInputs inputs(samples.size());
  const Shape &value = samples[inputs.value], &key = samples[inputs.key];
  if (value[0] == key[0]) return;
  refuse<ShapeError>({layer,
                      "a value and a key with as many steps",
                      {value.to_string(), " and ", key.to_string()}});
}

/// Throws `std::invalid_argument` unless rate is from 0 to 1.
NN_COLD inline void require_dropout(const char* layer, double rate) {
  demand(rate >= 0 && rate <= 1, layer, "a dropout from 0 to 1", rate);
}

/// What the kernel is told about a pass.
[[nodiscard]] inline kernels::AttentionOptions attention_options(const kernels::AttentionSize& size,
                                                                 double dropout, const Pass& pass) {
  kernels::AttentionOptions options;
  if (pass.is_random() && dropout > 0) {
    options.dropout_rate = dropout;
    options.random = pass.random(RandomPurpose::dropout);
    options.begin = pass.first_in_batch(size.samples * size.heads * size.queries * size.keys);
  }
  return options;
}

}  // namespace nn::detail
