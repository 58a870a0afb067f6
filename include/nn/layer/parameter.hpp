// SPDX-License-Identifier: MIT
// Parameters: views that layers hold of a model's block of memory, and lists of them.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/tensor.hpp"
#include "nn/kernels/quantized/matrix.hpp"
#include "nn/layer/constraint.hpp"
#include "nn/layer/initializer.hpp"
#include "nn/layer/parameter_update.hpp"
#include "nn/layer/regularizer.hpp"
#include "nn/layer/tensor_ref.hpp"

namespace nn {

/// What training does to a parameter.
enum class ParameterRole {
  trained,  ///< the optimizer changes it
  frozen,   ///< nothing
  state,    ///< the layer itself sets it, in `update_state`; it has no gradient
};

/// What training adds to the loss for a parameter, and what each update brings it back to.
struct WeightRules {
  Regularizer regularizer{};
  Constraint constraint{};

  /// Throws `ShapeError` for a weight that they are not for.
  NN_COLD void require_fit(const std::string& weight, const Shape& shape) const {
    constraint.require_axes(weight.c_str(), shape.rank());
    if (regularizer.rule() != Regularizer::Rule::orthogonal || shape.rank() == 2) return;
    refuse<ShapeError>({weight, "a matrix for an OrthogonalRegularizer", shape.to_string()});
  }
};

/// A parameter of any rank, as its owner's list sees it. A copy of a bound one has a value of its
/// own, so a layer that is copied out of a built model brings its weights along.
template <Real T>
class AnyParameter {
 public:
  AnyParameter() = default;
  // Not inlined into each layer that is copied or moved.
  NN_COLD AnyParameter(const AnyParameter& other)
      : shape_(other.shape_),
        is_brought_(other.is_bound() || other.quantized_ != nullptr || other.is_brought_) {
    if (!other.is_bound()) return;
    const Index count = shape_.num_elements();
    brought_ = AlignedArray<T>(static_cast<std::size_t>(count));
    std::copy_n(other.value_, count, brought_.data());
    value_ = brought_.data();
  }
  NN_COLD AnyParameter(AnyParameter&& other) noexcept { *this = std::move(other); }
  AnyParameter& operator=(const AnyParameter& other) {
    if (this != &other) *this = AnyParameter(other);
    return *this;
  }
  NN_COLD AnyParameter& operator=(AnyParameter&& other) noexcept {
    shape_ = other.shape_;
    is_brought_ = std::exchange(other.is_brought_, false);
    brought_ = std::move(other.brought_);
    value_ = std::exchange(other.value_, nullptr);
    gradient_ = std::exchange(other.gradient_, nullptr);
    quantized_ = std::exchange(other.quantized_, nullptr);
    return *this;
  }
  ~AnyParameter() = default;

  [[nodiscard]] bool is_bound() const { return value_ != nullptr; }
  [[nodiscard]] const Shape& shape() const { return shape_; }

  /// An optimizer's step on all elements, by the gradient.
  void update(const ParameterUpdate& rule) const {
    rule.apply_to_all(value_, gradient_, shape_.num_elements());
  }
  /// An optimizer's step on this parameter, to be applied piece by piece; of null, none.
  [[nodiscard]] ParameterStep<T> step(const ParameterUpdate* rule) const {
    return ParameterStep<T>(rule, value_);
  }

  /// The quantised value, which stands in place of value and gradient; else null.
  [[nodiscard]] const kernels::QuantizedMatrix* quantized() const { return quantized_; }

  void bind(const Shape& shape, T* value, T* gradient,
            const kernels::QuantizedMatrix* quantized = nullptr) noexcept {
    shape_ = shape;
    value_ = value;
    gradient_ = gradient;
    quantized_ = quantized;
    is_brought_ = false;
    brought_ = {};
  }
  /// Whether it has elements that no model holds: those that were set before the layer came into a
  /// model, or that the layer, a copy, took along out of one.
  [[nodiscard]] bool is_brought() const { return is_brought_; }
  /// The elements that it brought from there; null where they were quantised.
  [[nodiscard]] const T* brought() const { return is_brought_ ? value_ : nullptr; }
  /// Gives it these elements: in the model around its layer, or, where there is none, for the model
  /// to begin with. Needs the shape that it has in the model.
  void set(const Shape& shape, const T* values) {
    if (!is_bound() || is_brought_) {
      brought_ = AlignedArray<T>(static_cast<std::size_t>(shape.num_elements()));
      shape_ = shape;
      value_ = brought_.data();
      is_brought_ = true;
    }
    NN_ASSERT(shape == shape_);
    std::copy_n(values, shape.num_elements(), value_);
  }
  void zero_gradient() const { std::fill_n(gradient_, shape_.num_elements(), T(0)); }

 protected:
  Shape shape_;
  T* value_ = nullptr;
  T* gradient_ = nullptr;
  const kernels::QuantizedMatrix* quantized_ = nullptr;

 private:
  bool is_brought_ = false;
  AlignedArray<T> brought_;
};

/// A view of one parameter: its value and its gradient inside a model's blocks. Layers hold it as a
/// member and hand it to `ParameterList::add`; it points nowhere until a model is built around the
/// layer, and a copy points to a value of its own.
template <Real T, int Rank>
class Parameter : public AnyParameter<T> {
 public:
  [[nodiscard]] ConstTensorMap<T, Rank> value() const {
    // What parameters() does not list has no value; nor has what was quantised.
    NN_ASSERT(this->is_bound() || this->shape_.num_elements() == 0);
    return map_tensor<Rank, const T>(this->value_, this->shape_);
  }
  [[nodiscard]] TensorMap<T, Rank> gradient() const {
    return map_tensor<Rank>(this->gradient_, this->shape_);
  }
};

/// One whose rank is known only when the layer is in a model.
template <Real T>
class Parameter<T, any_rank> : public AnyParameter<T> {
 public:
  [[nodiscard]] TensorRef<const T> value() const { return {this->value_, this->shape_}; }
  [[nodiscard]] TensorRef<T> gradient() const { return {this->gradient_, this->shape_}; }
};

/// A view of numbers that a layer keeps from batch to batch and no gradient changes, as moving
/// averages. Layers hold it as a member and hand it to `ParameterList::add_state`. Passes are
/// const and read it; `update_state`, which is not, writes it.
template <Real T, int Rank>
class State : public AnyParameter<T> {
 public:
  [[nodiscard]] ConstTensorMap<T, Rank> value() const {
    return map_tensor<Rank, const T>(this->value_, this->shape_);
  }
  [[nodiscard]] TensorMap<T, Rank> value() { return map_tensor<Rank>(this->value_, this->shape_); }
};

/// One parameter of a model by name, with its value and gradient as Eigen maps.
template <Real T>
class NamedParameter {
 public:
  std::string name;  // "3.dense.kernel": the layer's index and type, the parameter's own name
  Shape shape;
  ParameterRole role;
  WeightRules rules;

  NamedParameter(std::string full_name, const Shape& sizes, ParameterRole own_role,
                 const WeightRules& own_rules)
      : name(std::move(full_name)), shape(sizes), role(own_role), rules(own_rules) {}

  [[nodiscard]] bool is_trained() const { return role == ParameterRole::trained; }

  /// Sets where the value, quantised or not, and the gradient lie, also for the layer's own view.
  void bind(T* value, T* gradient, const kernels::QuantizedMatrix* quantized,
            AnyParameter<T>& layer_view) noexcept {
    value_ = value;
    gradient_ = gradient;
    quantized_ = quantized;
    layer_view.bind(shape, value, gradient, quantized);
  }

  /// The elements in row-major order; `value<4>()` is a map of the parameter's own rank. Throws
  /// `std::invalid_argument` where they are quantised.
  [[nodiscard]] TensorMap<T, 1> value() const { return {full_value(), shape.num_elements()}; }
  [[nodiscard]] TensorMap<T, 1> gradient() const { return {full_gradient(), shape.num_elements()}; }
  template <int Rank>
  [[nodiscard]] TensorMap<T, Rank> value() const {
    return map_tensor<Rank>(full_value(), ranked<Rank>());
  }
  /// The quantised value, or null.
  [[nodiscard]] const kernels::QuantizedMatrix* quantized() const { return quantized_; }
  /// Bytes of the value.
  [[nodiscard]] Index num_bytes() const {
    return quantized_ == nullptr ? shape.num_elements() * static_cast<Index>(sizeof(T))
                                 : quantized_->num_bytes();
  }
  template <int Rank>
  [[nodiscard]] TensorMap<T, Rank> gradient() const {
    return map_tensor<Rank>(full_gradient(), ranked<Rank>());
  }

 private:
  template <int Rank>
  const Shape& ranked() const {
    if (shape.rank() != Rank) {
      refuse<ShapeError>(
          {name, {"a map of rank ", shape.rank()}, {"rank ", Rank}, {"shape ", shape.to_string()}});
    }
    return shape;
  }
  [[nodiscard]] T* full_value() const {
    if (quantized_ == nullptr) return value_;
    refuse({name, "a parameter that is not quantised", to_string(quantized_->format()), "",
            "read it by quantized()"});
  }
  [[nodiscard]] T* full_gradient() const {
    if (!is_trained()) {
      const bool is_state = role == ParameterRole::state;
      refuse(
          {name, "a parameter that is trained",
           is_state ? "state, which has no gradient" : "a frozen one, whose gradient is left out",
           "", is_state ? "" : "unfreeze its layer"});
    }
    if (gradient_ != nullptr || shape.num_elements() == 0) return gradient_;
    refuse({name, "a parameter with a gradient", "none", "",
            "ask a model that is not const for its parameters()"});
  }

  T* value_ = nullptr;
  T* gradient_ = nullptr;
  const kernels::QuantizedMatrix* quantized_ = nullptr;
};

/// Collects what layers declare: for each parameter its place, name, shape and initializer. Throws
/// `ShapeError` for a shape of another rank than the parameter's, `std::invalid_argument` for a
/// parameter or a name that was listed before.
template <Real T>
class ParameterList {
 public:
  struct Entry {
    std::string name;
    Shape shape;
    Initializer initializer;
    AnyParameter<T>* parameter;  // the layer's
    ParameterRole role;
    bool is_quantizable = false;
    const T* earlier_value = nullptr;  // where it starts, in place of the initializer's numbers
    WeightRules rules{};
  };

  template <int Rank>
  void add(Parameter<T, Rank>& parameter, const std::string& name, const Shape& shape,
           const Initializer& initializer, const WeightRules& rules = {}) {
    require_rank(Rank, name, shape);
    push_back(parameter, name, shape, initializer, role_);
    rules.require_fit(entries_.back().name, shape);
    entries_.back().rules = rules;
  }

  /// The same for what is not trained.
  template <int Rank>
  void add_state(State<T, Rank>& state, const std::string& name, const Shape& shape,
                 const Initializer& initializer) {
    require_rank(Rank, name, shape);
    push_back(state, name, shape, initializer, ParameterRole::state);
  }

  /// The same for a matrix that may be quantised: the layer's forward looks for `quantized()`
  /// first.
  void add_quantizable(Parameter<T, 2>& parameter, const std::string& name, const Shape& shape,
                       const Initializer& initializer, const WeightRules& rules = {}) {
    add(parameter, name, shape, initializer, rules);
    entries_.back().is_quantizable = true;
  }

  /// Adds what another list has, under the same name.
  void add(const Entry& entry) {
    const bool is_state = entry.role == ParameterRole::state;
    push_back(*entry.parameter, entry.name, entry.shape, entry.initializer,
              is_state ? entry.role : role_);
    entries_.back().is_quantizable = entry.is_quantizable;
    entries_.back().rules = entry.rules;
  }

  /// What stands before the names of the parameters that are added next, as "3.dense.".
  [[nodiscard]] const std::string& scope() const { return scope_; }
  void set_scope(std::string scope) { scope_ = std::move(scope); }

  /// Whether the parameters that are added next are frozen.
  [[nodiscard]] bool is_frozen() const { return role_ == ParameterRole::frozen; }
  void set_frozen(bool frozen) { role_ = frozen ? ParameterRole::frozen : ParameterRole::trained; }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  /// Parameter number i begins with these elements, which lie in a block that `keep` was given.
  void start_from(std::size_t i, const T* value) { entries_[i].earlier_value = value; }
  void keep(AlignedArray<T>&& values) { kept_.push_back(std::move(values)); }

 private:
  NN_COLD void require_rank(int rank, const std::string& name, const Shape& shape) const {
    if (rank == any_rank || shape.rank() == rank) return;
    refuse<ShapeError>({{scope_, name}, {"a shape of rank ", rank}, shape.to_string()});
  }
  NN_COLD void push_back(AnyParameter<T>& parameter, const std::string& name, const Shape& shape,
                         const Initializer& initializer, ParameterRole role) {
    std::string full_name = scope_ + name;
    const bool is_listed =
        std::find(parameters_.begin(), parameters_.end(), &parameter) != parameters_.end();
    demand(!is_listed, full_name.c_str(), "a parameter that is listed once", "twice");
    demand(!names_.contains(full_name), full_name.c_str(), "a name of its own",
           "that of another parameter");
    parameters_.push_back(&parameter);
    names_.insert(full_name);
    entries_.push_back(
        {std::move(full_name), shape, initializer, &parameter, role, false, parameter.brought()});
  }

  std::string scope_;
  ParameterRole role_ = ParameterRole::trained;  // of what `add` lists next
  std::vector<Entry> entries_;
  std::vector<const AnyParameter<T>*> parameters_;  // of the entries
  std::set<std::string> names_;
  std::vector<AlignedArray<T>> kept_;
};

}  // namespace nn
