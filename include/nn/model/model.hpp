// SPDX-License-Identifier: MIT
// The container: layers that are built, trained, evaluated, used to predict and saved.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/data/data_set.hpp"
#include "nn/layer/workspace.hpp"
#include "nn/model/compiled.hpp"
#include "nn/model/network.hpp"
#include "nn/model/summary.hpp"

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
    require_layers("Model::build");
    network_.require_no_training("Model::build");
    Network<T> built = network_;  // a refusal leaves this model alone
    built.build(sample, options.seed);
    network_ = std::move(built);
  }

  [[nodiscard]] bool is_built() const { return network_.is_built(); }
  [[nodiscard]] Index size() const { return static_cast<Index>(network_.layers().size()); }
  /// Shapes of one sample at both ends. Empty before `build`.
  [[nodiscard]] const Shape& input_shape() const { return network_.input(); }
  [[nodiscard]] Shape output_shape() const { return network_.output(); }

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
  /// `std::invalid_argument` for a precision that the model can't train in, and during `fit`.
  template <OptimizerFor<T> O, Loss<T> L>
  NN_COLD void compile(O optimizer, L loss, std::vector<Metric> metrics = {},
                       const CompileOptions& options = {}) {
    network_.require_no_training("Model::compile");
    require_precision<T>("Model::compile", options.precision);
    compiled_ =
        Compiled<T>{detail::Erased<detail::OptimizerInterface<T>>{
                        detail::hold_optimizer<T>(std::move(optimizer))},
                    detail::Erased<detail::LossInterface<T>>{detail::hold_loss<T>(std::move(loss))},
                    std::move(metrics), options};
    network_.block().reset_moments();
  }
  /// Stores the weights of Dense layers as bfloat16 or int8, for inference alone in less memory and
  /// time; see kernels/quantized/product.hpp. Throws `std::invalid_argument` for another format,
  /// before `build`, the second time, and for doubles.
  void quantize(NumberFormat format) {
    require_built("Model::quantize");
    network_.quantize("Model::quantize", format);
  }
  [[nodiscard]] NumberFormat weight_format() const { return network_.block().format(); }
  [[nodiscard]] bool is_compiled() const { return compiled_.loss.get() != nullptr; }

  // Below, x is a tensor [N, ...], an Eigen matrix [N, features] or nn::Samples of a list; y has
  // class numbers or values, as the loss takes them: see data/targets.hpp.

  /// Trains on samples x with targets y; builds the model first if that wasn't done.
  /// Where it throws, the model is left as it was. See training/fit.hpp.
  template <class X, class Y>
  History fit(const X& x, const Y& y, const FitOptions& options);
  template <class X, class Y>
  History fit(const X& x, const Y& y);

  /// Loss and metrics on samples x with targets y, by name. See training/evaluate.hpp.
  template <class X, class Y>
  [[nodiscard]] Scores evaluate(const X& x, const Y& y, const EvaluateOptions& options) const;
  template <class X, class Y>
  [[nodiscard]] Scores evaluate(const X& x, const Y& y) const;

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
  template <class X, class Y>
  Scores train_on_batch(const X& x, const Y& y, const SampleWeights& sample_weight = {});
  template <class X, class Y>
  [[nodiscard]] Scores test_on_batch(const X& x, const Y& y,
                                     const SampleWeights& sample_weight = {}) const;

  /// The model's output [N, ...] for x [N, ...], a tensor of the given rank. See
  /// training/predict.hpp.
  template <int Rank = 2, class X>
  [[nodiscard]] Tensor<T, Rank> predict(const X& x, const PredictOptions& options) const;
  template <int Rank = 2, class X>
  [[nodiscard]] Tensor<T, Rank> predict(const X& x) const;
  /// The same into the caller's tensor, without allocating once the workspace has seen the shape.
  template <class X, TensorLike Y>
  void predict(const X& x, Y& y, Workspace& workspace) const;

  /// A safetensors file with weights and architecture, and notes of one's own in its metadata. See
  /// io/model_file.hpp, also for errors.
  void save(const std::string& path, const SaveOptions& options) const;
  void save(const std::string& path) const;
  /// The model of a file that `save` wrote. Types of one's own in it, such as layers:
  /// `load<Scale<float>>(path)`.
  template <class... Own>
  [[nodiscard]] static Model load(const std::string& path);
  void save_weights(const std::string& path, const SaveOptions& options) const;
  void save_weights(const std::string& path) const;
  /// Takes all weights from a file; names and shapes have to agree, else nothing is changed.
  void load_weights(const std::string& path);

  [[nodiscard]] static std::string name() { return "Model"; }
  /// What one sample of this shape becomes. Throws `ShapeError` where a layer can't take it.
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    require_layers("Model");
    if (network_.is_planned() && input == network_.input()) return network_.output();
    return network_.output_shape(input);
  }
  /// The activation that the model ends with, once it is built; linear: none.
  [[nodiscard]] Activation activation() const { return network_.plan().closing_activation(); }
  /// Memory of a pass over x [N, ...].
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return network_.workspace_bytes(x[0], training);
  }

 private:
  friend struct detail::ModelAccess;
  friend class Sequential<T>;

  Scores train_on_data(const DataSet& data);
  Scores test_on_data(const DataSet& data) const;
  History fit_data(const DataSet& data, const FitOptions& options);
  Scores evaluate_data(const DataSet& data, const EvaluateOptions& options) const;

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
  /// x: Samples, or a DataSet.
  template <class X>
  NN_COLD void require_samples(const char* where, const X& x) const {
    require_built(where);
    x.template check_type<T>(where);
    x.check_shape(where, input_shape());
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
template <class L>
const L& Model<T>::layer(Index i) const {
  require_layer("Model::layer", i);
  const auto& any = network_.layers()[static_cast<std::size_t>(i)];
  if (const L* found = any.template get_if<L>()) return *found;
  refuse({"Model::layer", {"the type of layer ", i}, "another one", {"it is a ", any.name()}});
}

}  // namespace nn
