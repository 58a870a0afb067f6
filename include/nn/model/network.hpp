// SPDX-License-Identifier: MIT
// The chain of layers, the plan of how it runs, and the memory of its parameters: the parts of a
// model that belong together when it is copied.
#pragma once

#include <cctype>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/model/plan.hpp"

namespace nn {

/// Name of a layer type in lower case: "conv2d". Parameters and tables use it.
[[nodiscard, gnu::cold, gnu::noinline]] inline std::string lower_case(std::string name) {
  for (char& letter : name) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return name;
}

/// Layers with their plan and parameters. A copy has its own parameters, and its layers look into
/// them.
template <Real T>
class Network {
 public:
  Network() = default;
  [[gnu::cold, gnu::noinline]] Network(const Network& other)
      : layers(other.layers),
        plan(other.plan),
        input(other.input),
        seed(other.seed),
        is_planned(other.is_planned),
        is_built(other.is_built),
        block(other.block) {
    if (is_built) bind();
  }
  Network& operator=(const Network& other) {
    if (this != &other) *this = Network(other);
    return *this;
  }
  Network(Network&&) noexcept = default;  // layers and blocks stay where they are on the heap
  Network& operator=(Network&&) noexcept = default;
  ~Network() = default;

  /// Infers all shapes from one sample's. Changes nothing where a layer refuses.
  void infer_shapes(const Shape& sample) {
    plan = Plan<T>(layers, sample);
    input = sample;
    is_planned = true;
  }

  /// Infers shapes and makes the parameters.
  [[gnu::cold, gnu::noinline]] void build(const Shape& sample, std::uint64_t initial_seed) {
    infer_shapes(sample);
    seed = initial_seed;
    const ParameterList<T> list = list_parameters();
    block.allocate(list);
    block.initialize(list, seed);
    is_built = true;
  }

  [[gnu::cold, gnu::noinline]] void ensure_gradients() {
    if (block.has_gradients()) return;
    block.allocate_gradients();
    bind();
  }

  /// Makes a model for inference of this one; `where` names the caller in messages.
  [[gnu::cold, gnu::noinline]] void quantize(const char* where, NumberFormat format) {
    require_float_weights(where);
    require(format != NumberFormat::float32, where, "bfloat16 or int8", to_string(format));
    if constexpr (std::same_as<T, float>) {
      block.quantize(list_parameters(), format);
    } else {
      refuse({where, "a model of floats", "one of another scalar type"});
    }
  }

  /// For what changes weights. Throws `std::invalid_argument` after `quantize`.
  [[gnu::cold, gnu::noinline]] void require_float_weights(const char* where) const {
    if (block.format() == NumberFormat::float32) return;
    refuse({where,
            "a model with float32 weights",
            {to_string(block.format()), " weights"},
            "quantised for inference",
            "use a copy from before quantize"});
  }

  /// Layers, those of nested models counted one by one.
  [[nodiscard]] Index num_layers() const {
    Index count = 0;
    for (const AnyLayer<T>& layer : layers) count += layer.num_layers();
    return count;
  }

  /// What the layers declare for the inferred shapes.
  [[nodiscard]] ParameterList<T> list_parameters() {
    ParameterList<T> list;
    collect(list);
    return list;
  }

  /// Adds each layer's parameters under names like "3.dense.kernel". Needs inferred shapes.
  [[gnu::cold, gnu::noinline]] void collect(ParameterList<T>& list) {
    const std::string outer = list.scope();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      list.set_scope(concat({outer, i, ".", lower_case(layers[i].name()), "."}));
      layers[i].parameters(plan.steps()[i].x, list);
    }
    list.set_scope(outer);
  }

  [[nodiscard]] Shape output() const { return layers.empty() ? input : plan.steps().back().y; }

  std::vector<AnyLayer<T>> layers;
  Plan<T> plan;
  Shape input;  // of one sample
  std::uint64_t seed = 0;
  bool is_planned = false;  // shapes are known
  bool is_built = false;    // and `block` holds the parameters; never so for a nested model
  ParameterBlock<T> block;

 private:
  void bind() { block.bind(list_parameters()); }
};

}  // namespace nn
