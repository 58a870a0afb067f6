// SPDX-License-Identifier: MIT
// The container: layers that are built, trained, evaluated, used to predict and saved.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/data/data_lists.hpp"
#include "nn/data/data_set.hpp"
#include "nn/data/input_requirements.hpp"
#include "nn/layer/workspace.hpp"
#include "nn/model/compiled.hpp"
#include "nn/model/graph_walk.hpp"
#include "nn/model/merge_values.hpp"
#include "nn/model/network.hpp"
#include "nn/model/objectives.hpp"
#include "nn/model/summary.hpp"
#include "nn/model/value.hpp"

namespace nn {

class History;           // training/history.hpp
class Scores;            // training/scores.hpp
struct FitOptions;       // training/fit_options.hpp
struct EvaluateOptions;  // training/evaluate.hpp
struct PredictOptions;   // training/predict.hpp
struct SaveOptions;      // io/model_file.hpp

struct BuildOptions {
  std::uint64_t seed = 0;  ///< of initial weights, shuffling and dropout
};

/// What every model can do. A copy is a model of its own. A model may be a part of another one,
/// which runs its layers as its own and takes over weights that it was built with.
/// Its functions for training, prediction and files are in `training/` and `io/`, which
/// `<nn/sequential.hpp>` includes.
///
/// Threads: const functions may run in many at once. No result depends on the number of threads.
template <Real T>
class Sequential;  // model/sequential.hpp

template <Real T = float>
class Model {
 public:
  using Scalar = T;

  /// A model without layers.
  Model() = default;
  /// The model of a graph, which makes `outputs` of `inputs` (Keras: functional API), built. One
  /// input or output, or a list of several. Throws `std::invalid_argument` unless the outputs
  /// follow from these inputs and each of the inputs is read.
  NN_COLD Model(const Values<T>& inputs, const Values<T>& outputs, const BuildOptions& options = {})
      : network_(detail::graph_of(inputs.list(), outputs.list())) {
    network_.build(detail::shapes_of(inputs.list()), options.seed);
  }
  Model(const Model&) = default;
  Model(Model&&) noexcept = default;
  /// Both throw `std::invalid_argument` in a callback of this model's `fit`. Where they throw, both
  /// models are as they were.
  Model& operator=(const Model& other) { return *this = Model(other); }
  // NOLINTNEXTLINE(bugprone-exception-escape, performance-noexcept-move-constructor)
  Model& operator=(Model&& other) {
    network_ = std::move(other.network_);
    if (this != &other) compiled_ = std::move(other.compiled_);
    return *this;
  }
  ~Model() = default;

  /// Infers all shapes from that of one sample and draws the parameters. Throws `ShapeError` where
  /// a layer can't take what the one before gives, and leaves the model as it was.
  NN_COLD void build(const Shape& sample, const BuildOptions& options = {}) {
    build_for({sample}, options);
  }

  [[nodiscard]] bool is_built() const { return network_.is_built(); }
  [[nodiscard]] Index size() const { return static_cast<Index>(network_.layers().size()); }
  /// Shapes of one sample at both ends, of the first input and output. Empty before `build`.
  [[nodiscard]] Shape input_shape() const { return is_built() ? network_.inputs()[0] : Shape{}; }
  [[nodiscard]] Shape output_shape() const { return is_built() ? network_.output() : Shape{}; }
  /// Those of all inputs and outputs.
  [[nodiscard]] const std::vector<Shape>& input_shapes() const { return network_.inputs(); }
  [[nodiscard]] std::vector<Shape> output_shapes() const {
    return is_built() ? network_.outputs() : std::vector<Shape>{};
  }

  /// A table of layers, output shapes and parameter counts.
  [[nodiscard]] std::string summary() const { return summarize(network_); }
  [[nodiscard]] Index count_parameters() const { return network_.block().num_elements(); }

  /// All parameters by name with values and gradients, and the block they lie in: what an
  /// optimizer's `step` takes. Throws `std::invalid_argument` before `build` and after `quantize`.
  [[nodiscard]] ParameterBlock<T>& parameters() {
    require_built("Model::parameters");
    network_.require_float_weights("Model::parameters");
    network_.ensure_gradients();
    return network_.block();
  }
  [[nodiscard]] const ParameterBlock<T>& parameters() const {
    require_built("Model::parameters");
    return network_.block();
  }
  void zero_gradients() { parameters().zero_gradients(); }

  /// Keeps training from changing all layers, or one by number or name: see model/freezing.hpp.
  void freeze() { set_frozen("Model::freeze", true, 0, size()); }
  void freeze(Index i) { set_frozen("Model::freeze", true, i, i + 1); }
  void freeze(std::string_view name) { freeze(number_of("Model::freeze", name)); }
  void unfreeze() { set_frozen("Model::unfreeze", false, 0, size()); }
  void unfreeze(Index i) { set_frozen("Model::unfreeze", false, i, i + 1); }
  void unfreeze(std::string_view name) { unfreeze(number_of("Model::unfreeze", name)); }
  [[nodiscard]] bool is_frozen(Index i) const {
    require_layer("Model::is_frozen", i);
    return network_.graph().is_frozen(static_cast<std::size_t>(i));
  }

  /// Layer i as an L. Throws `std::invalid_argument` if there is none or it is another type.
  template <class L>
  [[nodiscard]] const L& layer(Index i) const;
  /// The same of a layer that adapts to data. It lives until the model is built, frozen or
  /// replaced.
  template <class L>
  requires requires(L& layer, const Tensor<T, 2>& x) { layer.adapt(x); }
  [[nodiscard]] L& layer(Index i) {
    return const_cast<L&>(std::as_const(*this).template layer<L>(i));
  }
  [[nodiscard]] const std::vector<AnyLayer<T>>& layers() const { return network_.layers(); }
  /// Layers, those of nested models counted one by one.
  [[nodiscard]] Index num_layers() const { return network_.graph().num_layers(); }

  /// A training pass over x [N, ...]: dropout is on, and the workspace keeps what `backward` needs.
  /// The result [N, ...] lies in the workspace until its next use; x has to outlive `backward`, so
  /// a temporary does not compile.
  template <int Rank = 2, class X>
  ConstTensorMap<T, Rank> forward(X&& x, Workspace& workspace) const;
  /// Adds the gradients of all parameters, given that of the result of the last `forward` in this
  /// workspace, and updates layers' state.
  template <TensorLike DY>
  void backward(const DY& dy, Workspace& workspace);

  /// Attaches an optimizer, a loss and metrics, and resets moments and step. Throws
  /// `std::invalid_argument` for a precision that the model can't train in, for a model with
  /// several outputs, and during `fit`.
  template <OptimizerFor<T> O, Loss<T> L>
  NN_COLD void compile(O optimizer, L loss, std::vector<Metric> metrics = {},
                       const CompileOptions& options = {}) {
    std::vector<std::vector<Metric>> lists;
    lists.push_back(std::move(metrics));
    attach(detail::Erased<detail::OptimizerInterface<T>>{detail::hold_optimizer<T>(
               std::move(optimizer))},
           {AnyLoss<T>(std::move(loss))}, std::move(lists), options);
  }
  /// The same with a loss and a list of metrics for each output; an empty list of lists: no
  /// metrics. The weighted sum of the losses is trained: see CompileOptions. In scores, the name of
  /// an output stands before those of its loss and metrics: "price_loss".
  template <OptimizerFor<T> O>
  NN_COLD void compile(O optimizer, std::vector<AnyLoss<T>> losses,
                       std::vector<std::vector<Metric>> metrics = {},
                       const CompileOptions& options = {}) {
    attach(detail::Erased<detail::OptimizerInterface<T>>{detail::hold_optimizer<T>(
               std::move(optimizer))},
           std::move(losses), std::move(metrics), options);
  }
  /// Stores the weights of Dense layers as bfloat16 or int8, for inference alone in less memory and
  /// time; see kernels/quantized/product.hpp. Throws `std::invalid_argument` for another format,
  /// before `build`, the second time, and for doubles.
  void quantize(NumberFormat format) {
    require_built("Model::quantize");
    network_.quantize("Model::quantize", format);
  }
  [[nodiscard]] NumberFormat weight_format() const { return network_.block().format(); }
  [[nodiscard]] bool is_compiled() const { return !compiled_.objectives.empty(); }

  // Below, x is a tensor [N, ...], an Eigen matrix [N, features] or nn::Samples of a list; y has
  // class numbers or values, as the loss takes them: see data/targets.hpp. A model with several
  // inputs or outputs takes lists of them: `{images, metadata}`.

  /// Trains on samples x with targets y; builds the model first if that wasn't done.
  /// Where it throws, the model is left as it was. See training/fit.hpp.
  History fit(const SampleList& x, const TargetList& y, const FitOptions& options);
  History fit(const SampleList& x, const TargetList& y);

  /// Loss and metrics on samples x with targets y, by name. See training/evaluate.hpp.
  [[nodiscard]] Scores evaluate(const SampleList& x, const TargetList& y,
                                const EvaluateOptions& options) const;
  [[nodiscard]] Scores evaluate(const SampleList& x, const TargetList& y) const;

  /// The same with a source: samples and targets that are read, in threads of their own, when they
  /// are needed. See data/sample_source.hpp.
  template <class S>
  History fit(const S& source, const FitOptions& options);
  template <class S>
  History fit(const S& source);
  template <class S>
  [[nodiscard]] Scores evaluate(const S& source, const EvaluateOptions& options) const;
  template <class S>
  [[nodiscard]] Scores evaluate(const S& source) const;

  /// One update, or a test, from one batch: see training/train_on_batch.hpp.
  Scores train_on_batch(const SampleList& x, const TargetList& y,
                        const SampleWeights& sample_weight = {},
                        const ClassWeights& class_weight = {});
  [[nodiscard]] Scores test_on_batch(const SampleList& x, const TargetList& y,
                                     const SampleWeights& sample_weight = {}) const;

  /// The model's output [N, ...] for x [N, ...], a tensor of the given rank. A model with several
  /// outputs takes the rank of each, and gives a std::tuple: `predict<2, 4>(x)`. See
  /// training/predict.hpp.
  template <int Rank = 2, int... Ranks>
  [[nodiscard]] auto predict(const SampleList& x, const PredictOptions& options) const;
  template <int Rank = 2, int... Ranks>
  [[nodiscard]] auto predict(const SampleList& x) const;
  /// The same of the samples of a source, for a model with one input and one output.
  template <int Rank = 2, detail::AnySource S>
  [[nodiscard]] Tensor<T, Rank> predict(const S& source, const PredictOptions& options) const;
  template <int Rank = 2, detail::AnySource S>
  [[nodiscard]] Tensor<T, Rank> predict(const S& source) const;
  /// The same into the caller's tensor, or `std::tie(y, z)` for several outputs, without allocating
  /// once the workspace has seen the shape.
  template <class Y>
  void predict(const SampleList& x, Y&& y, Workspace& workspace) const;
  /// The same of one batch, after which stateful layers go on from where it ends, as after one of
  /// training. `predict`, which is const, begins with their state and leaves it.
  template <int Rank = 2, class X>
  Tensor<T, Rank> advance(X&& x, Workspace& workspace);
  /// Stateful layers begin anew: with state 0.
  void reset_states() { network_.reset_states(); }

  /// A safetensors file with weights and architecture, and notes of one's own in its metadata. See
  /// io/model_file.hpp, also for errors.
  void save(const std::string& path, const SaveOptions& options) const;
  void save(const std::string& path) const;
  /// The model of a file that `save` wrote. Types of one's own in it, such as layers:
  /// `load<Scale<float>>(path)`. The layers of nn/model/more_layers.hpp, all of them or one:
  /// `load<MoreLayers<float>>(path)`.
  template <class... Own>
  [[nodiscard]] static Model load(const std::string& path);
  void save_weights(const std::string& path, const SaveOptions& options) const;
  void save_weights(const std::string& path) const;
  /// Takes all weights from a file; names and shapes have to agree, else nothing is changed.
  void load_weights(const std::string& path);

  [[nodiscard]] static std::string name() { return "Model"; }
  /// What samples of these shapes, one for each input, become. Throws `ShapeError` where a layer
  /// can't take them.
  [[nodiscard]] std::vector<Shape> output_shapes(const std::vector<Shape>& inputs) const {
    require_layers("Model");
    if (network_.is_planned() && inputs == network_.inputs()) return network_.outputs();
    return network_.output_shapes(inputs);
  }
  /// The same for one input and one output.
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return output_shapes(std::vector<Shape>{input})[0];
  }
  /// The activation that the first output ends with, once the model is built; linear: none.
  [[nodiscard]] Activation activation() const {
    return is_built() ? network_.plan().outputs()[0].closing_activation : Activation::linear;
  }
  /// Memory of a pass over so many samples.
  [[nodiscard]] Index workspace_bytes(Index batch, bool training) const {
    return network_.workspace_bytes(batch, training);
  }

 private:
  friend struct detail::ModelAccess;
  friend class Sequential<T>;

  NN_COLD void build_for(const std::vector<Shape>& samples, const BuildOptions& options) {
    require_layers("Model::build");
    network_.require_no_training("Model::build");
    Network<T> built = network_;  // a refusal leaves this model alone
    built.build(samples, options.seed);
    network_ = std::move(built);
  }
  void attach(detail::Erased<detail::OptimizerInterface<T>> optimizer,
              std::vector<AnyLoss<T>> losses, std::vector<std::vector<Metric>> metrics,
              const CompileOptions& options);
  History fit_data(const DataSet& data, const FitOptions& options);
  Scores evaluate_data(const DataSet& data, const EvaluateOptions& options) const;
  Scores train_on_data(const DataSet& data, const ClassWeights& class_weight);
  void require_prediction(const char* where, const PredictOptions& options) const;
  template <class... Ys>
  void predict_into(std::span<const Samples> x, const std::tuple<Ys&...>& y,
                    Workspace& workspace) const;

  void require_layers(const char* where) const {
    demand(!network_.layers().empty(), where, "at least one layer", "none");
  }
  NN_COLD void require_layer(const char* where, Index i) const {
    if (i >= 0 && i < size()) return;
    refuse({where, {"one of ", size(), " layers, counted from 0"}, i});
  }
  [[nodiscard]] Index number_of(const char* where, std::string_view name) const;
  void set_frozen(const char* where, bool frozen, Index first, Index last);
  NN_COLD void require_built(const char* where) const {
    if (is_built()) return;
    refuse({where, "a built model", "one whose input shape is not known", "",
            "call build({height, width, channels}) or fit first"});
  }
  NN_COLD void require_samples(const char* where, std::span<const Samples> x) const {
    require_built(where);
    detail::require_inputs<T>(where, x, network_.inputs());
  }
  NN_COLD void require_one_output(const char* where) const {
    if (network_.num_outputs() == 1) return;
    refuse({.where = where,
            .expected = "a model with one output",
            .got = network_.num_outputs(),
            .remedy = "use fit or train_on_batch"});
  }
  NN_COLD void require_compiled(const char* where) const {
    if (is_compiled()) return;
    refuse({.where = where,
            .expected = "a compiled model",
            .got = "one without loss and optimizer",
            .remedy = "call compile(optimizer, loss, metrics) first"});
  }

  Network<T> network_;
  Compiled<T> compiled_;  // without loss and optimizer before `compile`
};

template <Real T>
Model(const Value<T>&, const Value<T>&) -> Model<T>;
template <Real T>
Model(const Value<T>&, const Value<T>&, BuildOptions) -> Model<T>;
template <Real T>
Model(std::initializer_list<Value<T>>, const Value<T>&) -> Model<T>;
template <Real T>
Model(std::initializer_list<Value<T>>, const Value<T>&, BuildOptions) -> Model<T>;
template <Real T>
Model(const Value<T>&, std::initializer_list<Value<T>>) -> Model<T>;
template <Real T>
Model(const Value<T>&, std::initializer_list<Value<T>>, BuildOptions) -> Model<T>;
template <Real T>
Model(std::initializer_list<Value<T>>, std::initializer_list<Value<T>>) -> Model<T>;
template <Real T>
Model(std::initializer_list<Value<T>>, std::initializer_list<Value<T>>, BuildOptions) -> Model<T>;

template <Real T>
NN_COLD void Model<T>::attach(detail::Erased<detail::OptimizerInterface<T>> optimizer,
                              std::vector<AnyLoss<T>> losses,
                              std::vector<std::vector<Metric>> metrics,
                              const CompileOptions& options) {
  constexpr const char* where = "Model::compile";
  network_.require_no_training(where);
  require_precision<T>(where, options.precision);
  Compiled<T> compiled{
      std::move(optimizer),
      detail::objectives_of(where, network_, losses, metrics, options.loss_weights), options};
  network_.take_over(compiled.taken_over());
  compiled_ = std::move(compiled);
  network_.block().reset_moments();
}

template <Real T>
template <class L>
const L& Model<T>::layer(Index i) const {
  require_layer("Model::layer", i);
  const auto& any = network_.layers()[static_cast<std::size_t>(i)];
  if (const L* found = any.template get_if<L>()) return *found;
  refuse({"Model::layer", {"the type of layer ", i}, "another one", {"it is a ", any.name()}});
}

}  // namespace nn
