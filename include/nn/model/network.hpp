// SPDX-License-Identifier: MIT
// The chain of layers, the plan of how it runs, and the memory of its parameters: the parts of a
// model that belong together when it is copied.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/model/plan.hpp"

namespace nn {

/// Name of a layer type in lower case: "conv2d". Parameters and tables use it.
[[nodiscard]] NN_COLD inline std::string lower_case(std::string name) {
  for (char& letter : name) {
    if ('A' <= letter && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

/// Layers with their plan and parameters. A copy has its own parameters, and its layers look into
/// them.
template <Real T>
class Network {
 public:
  Network() = default;
  NN_COLD Network(const Network& other)
      : layers(other.layers),
        plan(other.plan),
        input(other.input),
        seed(other.seed),
        is_planned(other.is_planned),
        is_built(other.is_built),
        build_number(other.build_number),
        block(other.block) {
    if (is_built) block.bind(list_parameters());
  }
  /// Layers and blocks stay where they are on the heap; the other one is empty then.
  Network(Network&& other) noexcept { swap(other); }
  /// Throws `std::invalid_argument` while this one is trained.
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  Network& operator=(Network&& other) {
    require_no_training("Sequential::operator=");
    Network taken = std::move(other);
    swap(taken);
    return *this;
  }
  ~Network() = default;

  /// Infers all shapes from one sample's, unless they are known. Changes nothing where a layer
  /// refuses.
  NN_COLD void infer_shapes(const Shape& sample) {
    if (is_planned && input == sample) return;
    try {
      plan = Plan<T>(detail::chain_shapes(layers, sample), layers);
    } catch (...) {
      // Nested models that were told their shapes already go back to those from before.
      for (std::size_t i = 0; is_planned && i < layers.size(); ++i) {
        layers[i].infer_shapes(plan.steps()[i].x);
      }
      throw;
    }
    input = sample;
    is_planned = true;
    build_number = next_build_number();
  }

  /// Infers shapes and makes the parameters.
  NN_COLD void build(const Shape& sample, std::uint64_t initial_seed) {
    infer_shapes(sample);
    build_number = next_build_number();
    seed = initial_seed;
    const ParameterList<T> list = list_parameters();
    block.allocate(list);
    block.initialize(list, seed);
    is_built = true;
  }

  NN_COLD void ensure_gradients() {
    if (!block.has_gradients()) block.allocate_gradients(list_parameters());
  }

  /// Makes a model for inference of this one; `where` names the caller in messages.
  NN_COLD void quantize(const char* where, NumberFormat format) {
    require_no_training(where);
    require_float_weights(where);
    demand(format != NumberFormat::float32, where, "bfloat16 or int8", to_string(format));
    if constexpr (std::same_as<T, float>) {
      block.require_finite(where, "the training has diverged; quantize what it gave before");
      block.quantize(list_parameters(), format);
    } else {
      refuse({where, "a model of floats", "one of another scalar type"});
    }
  }

  /// For what changes weights. Throws `std::invalid_argument` after `quantize`.
  NN_COLD void require_float_weights(const char* where) const {
    if (block.format() == NumberFormat::float32) return;
    refuse({where,
            "a model with float32 weights",
            {to_string(block.format()), " weights"},
            "quantised for inference",
            "use a copy from before quantize"});
  }

  /// For what would take from `fit` what it works on. Throws `std::invalid_argument` in a callback.
  NN_COLD void require_no_training(const char* where) const {
    if (!is_training) return;
    refuse({where, "a model that is not being trained", "one in the middle of fit", "",
            "in a callback, work on a copy"});
  }

  /// Layers, those of nested models counted one by one.
  [[nodiscard]] Index num_layers() const {
    if (is_planned) return plan.num_layers();
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

  /// What stands before the names of layer i's parameters.
  [[nodiscard]] NN_COLD std::string scope_of(std::size_t i) const {
    return concat({i, ".", lower_case(layers[i].name()), "."});
  }

  /// Adds each layer's parameters under names like "3.dense.kernel". Needs inferred shapes.
  NN_COLD void collect(ParameterList<T>& list) {
    const std::string outer = list.scope();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      list.set_scope(outer + scope_of(i));
      layers[i].parameters(plan.steps()[i].x, list);
    }
    list.set_scope(outer);
  }

  /// The same for a network inside of another one, which takes over the weights that it was built
  /// with. Throws `ShapeError` where they don't fit.
  NN_COLD void collect_as_part(const Shape& sample, ParameterList<T>& list) {
    const std::size_t first = list.entries().size();
    infer_shapes(sample);
    collect(list);
    if (!is_built) return;
    require_float_weights("Sequential, as a layer");
    block.hand_over(list, first);
    is_built = false;
  }

  [[nodiscard]] Shape output() const { return is_planned ? plan.steps().back().y : input; }

  std::vector<AnyLayer<T>> layers;
  Plan<T> plan;
  Shape input;  // of one sample
  std::uint64_t seed = 0;
  bool is_planned = false;   // shapes are known, here and in nested models
  bool is_built = false;     // and `block` holds the parameters; not so inside of a built model
  bool is_training = false;  // see TrainingMark; neither copied nor swapped
  std::uint64_t build_number = 0;  // tells apart what shapes were inferred for
  ParameterBlock<T> block;

 private:
  void swap(Network& other) noexcept {
    std::swap(layers, other.layers);
    std::swap(plan, other.plan);
    std::swap(input, other.input);
    std::swap(seed, other.seed);
    std::swap(is_planned, other.is_planned);
    std::swap(is_built, other.is_built);
    std::swap(build_number, other.build_number);
    ParameterBlock<T> mine = std::move(block);
    block = std::move(other.block);
    other.block = std::move(mine);
  }

  [[nodiscard]] static std::uint64_t next_build_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
};

/// Says that a network is trained as long as this lives.
template <Real T>
class TrainingMark {
 public:
  explicit TrainingMark(Network<T>& network) : network_(network) { network_.is_training = true; }
  TrainingMark(const TrainingMark&) = delete;
  TrainingMark& operator=(const TrainingMark&) = delete;
  ~TrainingMark() { network_.is_training = false; }

 private:
  Network<T>& network_;
};

}  // namespace nn
