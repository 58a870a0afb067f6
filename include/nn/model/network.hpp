// SPDX-License-Identifier: MIT
// The layers, the plan of how they run, and the memory of their parameters: the parts of a model
// that belong together when it is copied.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/model/layer_graph.hpp"
#include "nn/model/plan.hpp"

namespace nn {

/// Layers with their plan and parameters. A copy has its own parameters, and its layers look into
/// them.
template <Real T>
class Network {
 public:
  /// `name`: of the kind of model, for messages; a string literal.
  explicit Network(const char* name) : graph_(name) {}
  explicit Network(LayerGraph<T> graph) : graph_(std::move(graph)) {}
  Network() = default;
  NN_COLD Network(const Network& other)
      : graph_(other.graph_),
        taken_over_(other.taken_over_),
        wiring_(other.wiring_),
        inputs_(other.inputs_),
        seed_(other.seed_),
        is_planned_(other.is_planned_),
        is_built_(other.is_built_),
        build_number_(other.build_number_),
        loss_number_(other.loss_number_),
        parameter_ends_(other.parameter_ends_),
        block_(other.block_) {
    if (is_planned_) graph_.append_leaves(leaves_);
    // Plans are made anew, as all that they say follows from the layers.
    if (is_built_) {
      block_.bind(list_parameters());
    } else if (is_planned_) {
      replan();
    }
  }
  /// Layers and blocks stay where they are on the heap; the other one is empty then.
  NN_COLD Network(Network&& other) noexcept { swap(other); }
  /// Throws `std::invalid_argument` while this one is trained.
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  Network& operator=(Network&& other) {
    require_no_training("Model::operator=");
    Network taken = std::move(other);
    swap(taken);
    return *this;
  }
  ~Network() = default;

  /// See `LayerGraph::add_to_chain`. Throws `std::invalid_argument` once the network is built.
  NN_COLD void add(AnyLayer<T> layer) {
    if (is_built_) {
      refuse({.where = "Sequential::add",
              .expected = "a model that is not built yet",
              .got = {"one built for samples of shape ", inputs_[0].to_string()},
              .remedy = "add all layers before build or fit"});
    }
    graph_.add_to_chain(std::move(layer));
    is_planned_ = false;
  }

  /// What one sample of these shapes, one for each input, becomes. Throws `ShapeError` with the
  /// layer's number and sentence where a layer can't take what it gets.
  [[nodiscard]] NN_COLD std::vector<Shape> output_shapes(const std::vector<Shape>& sample) const {
    return outputs_of(graph_.wire(sample));
  }

  /// Infers all shapes from those of one sample, unless they are known. Where a layer refuses,
  /// nothing has changed.
  NN_COLD void infer_shapes(const std::vector<Shape>& sample) {
    if (is_planned_ && inputs_ == sample) return;
    detail::Wiring wiring = graph_.wire(sample);
    detail::Layers<T> leaves;
    graph_.append_leaves(leaves);
    std::vector<Shape> inputs = sample;
    plans_ = make_plans(leaves, wiring, taken_over_);
    wiring_ = std::move(wiring);
    leaves_ = std::move(leaves);
    inputs_ = std::move(inputs);
    is_planned_ = true;
    renumber();
  }

  /// What the losses of the results take over: those activations are left out of the passes that
  /// end with a loss.
  NN_COLD void take_over(std::vector<Activation> activations) {
    if (activations == taken_over_) return;
    if (is_planned_) plans_ = make_plans(leaves_, wiring_, activations);
    taken_over_ = std::move(activations);
    loss_number_ = next_build_number();
  }

  /// Infers shapes, makes the parameters and draws their first values.
  NN_COLD void build(const std::vector<Shape>& sample, std::uint64_t seed) {
    build(sample, seed, [seed](const ParameterList<T>& list, ParameterBlock<T>& block) {
      block.initialize(list, seed);
    });
  }
  /// The same, but `fill(list, block)` sets the first values.
  template <class Fill>
  NN_COLD void build(const std::vector<Shape>& sample, std::uint64_t seed, const Fill& fill) {
    infer_shapes(sample);
    renumber();
    seed_ = seed;
    const ParameterList<T> list = list_parameters();
    block_.allocate(list);
    fill(list, block_);
    is_built_ = true;
  }

  NN_COLD void ensure_gradients() {
    if (!block_.has_gradients()) block_.allocate_gradients(list_parameters());
  }

  /// Plans and places parameters anew, for layers that have been frozen or are trained again.
  NN_COLD void rearrange() {
    if (!is_built_) return;
    block_.rearrange(list_parameters());
    renumber();
  }

  /// Turns this model into one for inference; `where` names the caller in messages.
  NN_COLD void quantize(const char* where, NumberFormat format) {
    require_no_training(where);
    require_float_weights(where);
    demand(format != NumberFormat::float32, where, "bfloat16 or int8", to_string(format));
    if constexpr (std::same_as<T, float>) {
      block_.require_finite(where, "the training has diverged; quantize what it gave before");
      block_.quantize(list_parameters(), format);
      renumber();  // layers may need other memory
    } else {
      refuse({where, "a model of floats", "one of another scalar type"});
    }
  }

  /// Throws `std::invalid_argument` after `quantize`: for calls that change weights.
  NN_COLD void require_float_weights(const char* where) const {
    if (block_.format() == NumberFormat::float32) return;
    refuse({where,
            "a model with float32 weights",
            {to_string(block_.format()), " weights"},
            "quantised for inference",
            "use a copy from before quantize"});
  }

  /// Throws `std::invalid_argument` in a callback: for calls that would change what `fit` works on.
  NN_COLD void require_no_training(const char* where) const {
    if (!is_training_) return;
    refuse({where, "a model that is not being trained", "one in the middle of fit", "",
            "in a callback, work on a copy"});
  }

  /// The parameters that the layers declare for the inferred shapes.
  [[nodiscard]] NN_COLD ParameterList<T> list_parameters() {
    ParameterList<T> list;
    std::size_t leaf = 0;
    collect(list, wiring_, leaf);
    replan();
    return list;
  }

  /// Shapes of one sample at both ends, once they are inferred.
  [[nodiscard]] const std::vector<Shape>& inputs() const { return inputs_; }
  [[nodiscard]] const Shape& output(std::size_t o = 0) const {
    return wiring_.shapes[wiring_.outputs[o]];
  }
  [[nodiscard]] std::vector<Shape> outputs() const { return outputs_of(wiring_); }
  [[nodiscard]] std::size_t num_outputs() const { return graph_.num_outputs(); }
  /// Of one of the graph's values, for one sample.
  [[nodiscard]] const Shape& shape_of(std::size_t value) const {
    return wiring_.shapes[wiring_.values[value]];
  }
  [[nodiscard]] LayerGraph<T>& graph() { return graph_; }
  [[nodiscard]] const LayerGraph<T>& graph() const { return graph_; }
  [[nodiscard]] const std::vector<AnyLayer<T>>& layers() const { return graph_.layers(); }
  /// `for_loss`: without the activations that losses take over.
  [[nodiscard]] const Plan<T>& plan(bool for_loss = false, bool training = true) const {
    return plans_[(for_loss ? 1u : 0u) + (training ? 0u : 2u)];
  }
  [[nodiscard]] const Plan<T>& plan(const MemoryLayout& layout) const {
    return plan(layout.key.for_loss, layout.key.training);
  }
  /// Whether shapes are known; not so inside of another model.
  [[nodiscard]] bool is_planned() const { return is_planned_; }
  /// Whether `block` holds the parameters too; not so inside of a built model.
  [[nodiscard]] bool is_built() const { return is_built_; }
  /// A new number each time that shapes are inferred or parameters made.
  [[nodiscard]] std::uint64_t build_number() const { return build_number_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] ParameterBlock<T>& block() { return block_; }
  [[nodiscard]] const ParameterBlock<T>& block() const { return block_; }
  /// The parameters of layer i of a built network.
  [[nodiscard]] std::span<const NamedParameter<T>> parameters_of(std::size_t i) const {
    const std::size_t first = i == 0 ? 0 : parameter_ends_[i - 1];
    return std::span(block_.named()).subspan(first, parameter_ends_[i] - first);
  }

  // Passes through the layers, as `Plan` has them.

  /// What all layers are told, at the present step.
  [[nodiscard]] Pass pass(bool training, std::byte* memory) const {
    return {.training = training,
            .memory = memory,
            .seed = seed_,
            .step = static_cast<std::uint64_t>(block_.step())};
  }
  /// Where the tensors of a pass over `batch` samples lie. `for_loss`: a pass without the
  /// activations that losses take over. The layout stays in the cache until two others have been
  /// asked for.
  [[nodiscard, gnu::noinline]] const MemoryLayout& layout(LayoutCache& cache, Index batch,
                                                          bool training,
                                                          bool for_loss = false) const {
    const std::uint64_t number = for_loss ? loss_number_ : build_number_;
    return cache.get({number, batch, training, for_loss}, [&](MemoryLayout& made) {
      plan(for_loss, training).lay_out(leaves_, batch, training, made);
    });
  }
  [[nodiscard]] NN_COLD Index workspace_bytes(Index batch, bool training) const {
    LayoutCache cache;
    return layout(cache, batch, training).num_bytes;
  }
  using Inputs = std::span<const T* const>;
  using Outputs = std::span<T* const>;

  void forward(Inputs x, const Pass& pass, const MemoryLayout& layout, Outputs results) const {
    plan(layout).forward(leaves_, x, pass, layout, results);
  }
  [[nodiscard]] const T* result(std::size_t o, Inputs x, const std::byte* memory,
                                const MemoryLayout& layout) const {
    return plan(layout).result(o, x, memory, layout);
  }
  [[nodiscard]] T* result_gradient(std::size_t o, std::byte* memory,
                                   const MemoryLayout& layout) const {
    return plan(layout).result_gradient(o, memory, layout);
  }
  void backward(Inputs x, const Pass& pass, const MemoryLayout& layout, Outputs dx) const {
    plan(layout).backward(leaves_, x, pass, layout, dx);
  }
  /// Applies `rule` to each parameter that the backward of a loss updates: to list them. The
  /// network must have gradients.
  NN_COLD void for_each_updated(const ParameterUpdate& rule) const {
    plan(true).update_parameters(leaves_, {.training = true, .update = &rule});
  }
  /// After `backward`, with its pass: the one place where a pass changes a layer.
  void update_state(const Pass& pass, const MemoryLayout& layout) {
    plan(layout).update_state(leaves_, pass, layout);
  }
  void reset_states() {
    for (AnyLayer<T>* const layer : leaves_) layer->reset_states();
  }
  /// The name of the first result of a training `forward` in `pass.memory` that is not finite;
  /// empty: there is none.
  [[nodiscard]] NN_COLD std::string first_non_finite(const Pass& pass,
                                                     const MemoryLayout& layout) const {
    const auto* const step = plan(layout).first_non_finite(pass, layout);
    return step == nullptr ? "" : graph_.scope_of_leaf(step->leaf) + "y";
  }

 private:
  template <Real U>
  friend class TrainingMark;
  // Whole, and without what losses take over; then the same for inference.
  using Plans = std::array<Plan<T>, 4>;

  /// Plans the same graph again: which layers are trained has become known, or changed.
  void replan() { plans_ = make_plans(leaves_, wiring_, taken_over_); }
  [[nodiscard]] NN_COLD static Plans make_plans(const detail::Layers<T>& leaves,
                                                const detail::Wiring& wiring,
                                                const std::vector<Activation>& taken_over) {
    return {Plan<T>(leaves, wiring, true), Plan<T>(leaves, wiring, true, taken_over),
            Plan<T>(leaves, wiring, false), Plan<T>(leaves, wiring, false, taken_over)};
  }

  [[nodiscard]] NN_COLD static std::vector<Shape> outputs_of(const detail::Wiring& wiring) {
    std::vector<Shape> shapes;
    for (const std::size_t output : wiring.outputs) shapes.push_back(wiring.shapes[output]);
    return shapes;
  }

  /// Adds each layer's parameters under names like "3.dense.kernel". `leaf` counts leaves.
  NN_COLD void collect(ParameterList<T>& list, const detail::Wiring& wiring, std::size_t& leaf) {
    const std::string outer = list.scope();
    const std::size_t first = list.entries().size();
    parameter_ends_.clear();
    for (const auto& use : graph_.uses()) {
      AnyLayer<T>& layer = graph_.layers()[use.layer];
      if (use.layer < parameter_ends_.size()) {  // used before
        leaf += LayerGraph<T>::count_leaves(layer);
        continue;
      }
      list.set_scope(outer + graph_.scope_of(use.layer));
      if (Network* const inner = layer.network()) {
        inner->collect_as_part(list, wiring, leaf);
      } else {
        std::vector<Shape> inputs;
        for (const std::size_t source : wiring.sources[leaf]) {
          inputs.push_back(detail::inner_shape(wiring.shapes[source], wiring.outer_axes[leaf]));
        }
        ++leaf;
        layer.parameters(inputs, list);
      }
      parameter_ends_.push_back(list.entries().size() - first);
    }
    list.set_scope(outer);
  }
  /// The same inside of another network, which takes over the weights that this one was built
  /// with. Throws `ShapeError` where they don't fit.
  NN_COLD void collect_as_part(ParameterList<T>& list, const detail::Wiring& wiring,
                               std::size_t& leaf) {
    const std::size_t first = list.entries().size();
    collect(list, wiring, leaf);
    is_planned_ = false;
    if (!is_built_) return;
    require_float_weights("Model, as a layer");
    block_.hand_over(list, first);
    is_built_ = false;
  }

  NN_COLD void swap(Network& other) noexcept {
    std::swap(graph_, other.graph_);
    std::swap(leaves_, other.leaves_);
    std::swap(plans_, other.plans_);
    std::swap(taken_over_, other.taken_over_);
    std::swap(wiring_, other.wiring_);
    std::swap(inputs_, other.inputs_);
    std::swap(seed_, other.seed_);
    std::swap(is_planned_, other.is_planned_);
    std::swap(is_built_, other.is_built_);
    std::swap(build_number_, other.build_number_);
    std::swap(loss_number_, other.loss_number_);
    std::swap(parameter_ends_, other.parameter_ends_);
    ParameterBlock<T> mine = std::move(block_);
    block_ = std::move(other.block_);
    other.block_ = std::move(mine);
  }

  [[nodiscard]] static std::uint64_t next_build_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  void renumber() {
    build_number_ = next_build_number();
    loss_number_ = next_build_number();
  }

  LayerGraph<T> graph_;
  detail::Layers<T> leaves_;  // they point into `graph_`, once shapes are inferred
  Plans plans_;
  std::vector<Activation> taken_over_;  // by the loss of each result
  detail::Wiring wiring_;               // of the leaves
  std::vector<Shape> inputs_;
  std::uint64_t seed_ = 0;
  bool is_planned_ = false;
  bool is_built_ = false;
  bool is_training_ = false;  // see TrainingMark; neither copied nor swapped
  std::uint64_t build_number_ = 0, loss_number_ = 0;  // of the two plans
  std::vector<std::size_t> parameter_ends_;           // of each layer's parameters in the block
  ParameterBlock<T> block_;
};

/// Marks a network as being trained, as long as this lives.
template <Real T>
class TrainingMark {
 public:
  explicit TrainingMark(Network<T>& network) : network_(network) { network_.is_training_ = true; }
  TrainingMark(const TrainingMark&) = delete;
  TrainingMark& operator=(const TrainingMark&) = delete;
  ~TrainingMark() { network_.is_training_ = false; }

 private:
  Network<T>& network_;
};

}  // namespace nn
