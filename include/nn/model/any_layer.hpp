// SPDX-License-Identifier: MIT
// Any layer behind one interface: where the container erases the type.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/kernels/product/column_reader.hpp"
#include "nn/kernels/product/matrix.hpp"
#include "nn/layer/layer.hpp"

namespace nn {
namespace detail {

/// A map of the rank that a layer sees; rank 2 takes any shape as [rows, last axis].
template <int Rank, class T>
[[nodiscard]] auto layer_view(T* data, const Shape& shape) {
  if constexpr (Rank == 2) {
    const Index cols = shape.rank() > 1 ? shape.back() : 1;
    const Index rows = cols == 0 ? 0 : shape.num_elements() / cols;
    return map_tensor<2>(data, Shape{rows, cols});
  } else {
    return map_tensor<Rank>(data, shape);
  }
}

/// What the container knows of a layer without knowing its type.
struct LayerFacts {
  int input_rank, output_rank;  // with batch; 2: any
  bool reshapes, only_activates, applies_activation, masks_dx, assigns_gradients, obeys_as_logits;
  bool writes_bfloat16, reads_bfloat16;
  bool has_parameters, hands_out_dx;
};

}  // namespace detail

/// A value that holds a layer of any type; one indirect call per use. Shapes carry the batch axis
/// where they go with data.
template <Real T>
class AnyLayer {
 public:
  template <class L>
  requires(!std::same_as<L, AnyLayer>) &&
      Layer<L>&& std::same_as<typename L::Scalar, T> explicit AnyLayer(L layer)
      : self_(hold(std::move(layer))) {}

  [[nodiscard]] std::string name() const { return self_->name(); }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return self_->output_shape(input); }
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return self_->workspace_bytes(x, training);
  }
  [[nodiscard]] Activation activation() const { return self_->activation(); }
  [[nodiscard]] std::optional<Arguments> arguments() const { return self_->arguments(); }
  [[nodiscard]] const detail::LayerFacts& facts() const { return self_->facts(); }
  /// 1, or the number of layers inside a nested model.
  [[nodiscard]] Index num_layers() const { return self_->num_layers(); }
  /// Tells a nested model the shape of its input.
  void infer_shapes(const Shape& input) { self_->infer_shapes(input); }
  void parameters(const Shape& input, ParameterList<T>& list) { self_->parameters(input, list); }

  void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
               const Pass& pass) const {
    self_->forward(x, x_shape, y, y_shape, pass);
  }
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy, T* dx,
                const Pass& pass) const {
    self_->backward(x, x_shape, y, y_shape, dy, dx, pass);
  }
  /// The same for a reader of dx, by a layer whose facts say `hands_out_dx`.
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                kernels::ColumnReader<T>& dx, const Pass& pass) const {
    self_->backward(x, x_shape, y, y_shape, dy, dx, pass);
  }
  /// A reader of dy in place of `backward`, to be followed by `update`; or null.
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                                    const Shape& y_shape, const Pass& pass) const {
    return self_->dy_reader(x, x_shape, y, y_shape, pass);
  }
  void update(const Pass& pass) const { self_->update(pass); }

  /// The layer itself if it is an L, else nullptr.
  template <class L>
  [[nodiscard]] const L* get_if() const {
    const auto* holder = dynamic_cast<const Holder<L>*>(self_.get());
    return holder == nullptr ? nullptr : &holder->layer;
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual Interface* clone() const = 0;
    virtual std::string name() const = 0;
    virtual Shape output_shape(const Shape& input) const = 0;
    virtual Index workspace_bytes(const Shape& x, bool training) const = 0;
    virtual Activation activation() const = 0;
    virtual std::optional<Arguments> arguments() const = 0;
    virtual const detail::LayerFacts& facts() const = 0;
    virtual Index num_layers() const = 0;
    virtual void infer_shapes(const Shape& input) = 0;
    virtual void parameters(const Shape& input, ParameterList<T>& list) = 0;
    virtual void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
                         const Pass& pass) const = 0;
    virtual void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                          T* dx, const Pass& pass) const = 0;
    virtual void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                          kernels::ColumnReader<T>& dx, const Pass& pass) const = 0;
    virtual kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                                const Shape& y_shape, const Pass& pass) const = 0;
    virtual void update(const Pass& pass) const = 0;
  };

  template <class L>
  struct Holder final : Interface {
    static constexpr int in = detail::input_rank<L>();
    static constexpr int out = detail::output_rank<L>();
    // It goes with pass.update, which only such a layer is handed.
    static constexpr bool hands_out_dx =
        LayerTraits<L>::updates_parameters &&
        requires(const L& l, ConstTensorMap<T, in> x, ConstTensorMap<T, out> y,
                 TensorMap<T, out> dy, kernels::ColumnReader<T>& dx, const Pass& pass) {
      l.backward(x, y, dy, dx, pass);
    };

    static_assert(
        ParametricLayer<L> || !requires { &L::parameters; },
        "expected parameters(const nn::Shape& sample, nn::ParameterList<Scalar>& list)");
    static_assert(
        requires(const L& l, const Shape& x) { Index{l.workspace_bytes(x, true)}; } ||
            !requires { &L::workspace_bytes; },
        "expected workspace_bytes(const nn::Shape& x, bool training) const");

    explicit Holder(L held) : layer(std::move(held)) {}

    NN_COLD Interface* clone() const override { return new Holder(layer); }
    std::string name() const override { return layer.name(); }
    Shape output_shape(const Shape& input) const override { return layer.output_shape(input); }
    Index workspace_bytes(const Shape& x, bool training) const override {
      if constexpr (requires { layer.workspace_bytes(x, training); }) {
        return layer.workspace_bytes(x, training);
      }
      return 0;
    }
    Activation activation() const override {
      if constexpr (requires { layer.activation(); }) return layer.activation();
      return Activation::linear;
    }
    NN_COLD std::optional<Arguments> arguments() const override {
      if constexpr (DescribedLayer<L>) return layer.arguments();
      return std::nullopt;
    }
    const detail::LayerFacts& facts() const override {
      using Traits = LayerTraits<L>;
      static constexpr detail::LayerFacts facts{.input_rank = in,
                                                .output_rank = out,
                                                .reshapes = Traits::reshapes,
                                                .only_activates = Traits::only_activates,
                                                .applies_activation = Traits::applies_activation,
                                                .masks_dx = Traits::masks_dx,
                                                .assigns_gradients = Traits::assigns_gradients,
                                                .obeys_as_logits = Traits::obeys_as_logits,
                                                .writes_bfloat16 = Traits::writes_bfloat16,
                                                .reads_bfloat16 = Traits::reads_bfloat16,
                                                .has_parameters = ParametricLayer<L>,
                                                .hands_out_dx = hands_out_dx};
      return facts;
    }
    Index num_layers() const override {
      if constexpr (requires { layer.num_layers(); }) return layer.num_layers();
      return 1;
    }
    void infer_shapes(const Shape& input) override {
      if constexpr (requires { layer.infer_shapes(input); }) layer.infer_shapes(input);
    }
    NN_COLD void parameters(const Shape& input, ParameterList<T>& list) override {
      if constexpr (ParametricLayer<L>) {
        const std::size_t first = list.entries().size();
        layer.parameters(input, list);
        if (LayerTraits<L>::updates_parameters && LayerTraits<L>::assigns_gradients) return;
        std::vector<AnyParameter<T>*> own;
        for (std::size_t i = first; i < list.entries().size(); ++i) {
          own.push_back(list.entries()[i].parameter);
        }
        own_parameters = std::move(own);
      }
    }
    void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
                 const Pass& pass) const override {
      layer.forward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                    announced_part(pass));
    }
    void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy, T* dx,
                  const Pass& pass) const override {
      begin_gradients(pass);
      layer.backward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                     detail::layer_view<out>(dy, y_shape), detail::layer_view<in>(dx, x_shape),
                     announced_part(pass));
      update(pass);
    }
    void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                  kernels::ColumnReader<T>& dx, const Pass& pass) const override {
      if constexpr (hands_out_dx) {
        layer.backward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                       detail::layer_view<out>(dy, y_shape), dx, pass);
        update(pass);
      }
    }
    kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                        const Shape& y_shape, const Pass& pass) const override {
      const auto x_view = detail::layer_view<in>(x, x_shape);
      const auto y_view = detail::layer_view<out>(y, y_shape);
      if constexpr (requires { layer.dy_reader(x_view, y_view, pass); }) {
        begin_gradients(pass);
        return layer.dy_reader(x_view, y_view, announced_part(pass));
      }
      return nullptr;
    }
    void update(const Pass& pass) const override {
      constexpr bool leaves_update = ParametricLayer<L> && !LayerTraits<L>::updates_parameters;
      if (leaves_update && pass.update != nullptr) {
        for (const auto* parameter : own_parameters) parameter->update(*pass.update);
      }
    }

    /// For a layer that only adds.
    void begin_gradients(const Pass& pass) const {
      if constexpr (ParametricLayer<L> && !LayerTraits<L>::assigns_gradients) {
        if (pass.accumulate) return;
        for (const auto* parameter : own_parameters) parameter->zero_gradient();
      }
    }

    /// What L has not announced is done around it or not at all, whatever the layers obey that L
    /// may hand its pass on to.
    [[nodiscard]] static Pass announced_part(const Pass& pass) {
      Pass own = pass;
      if constexpr (!LayerTraits<L>::updates_parameters) own.update = nullptr;
      // Its gradients are 0 before: a layer inside that is used twice adds both times.
      if constexpr (!LayerTraits<L>::assigns_gradients) own.accumulate = true;
      if constexpr (!requires(const L& l, const Shape& x) { l.workspace_bytes(x, true); }) {
        own.memory = nullptr;
        own.batch_number = -1;
      }
      return own;
    }

    L layer;
    // Point into `layer`; none where it sees to its gradients and updates itself.
    std::vector<AnyParameter<T>*> own_parameters;
  };

  template <class L>
  static Interface* hold(L layer);

  detail::Erased<Interface> self_;
};

// Not in the class: what is inline is compiled in each file of a program, and this, with all that
// the layer can do, need not be where nn/compiled.hpp has it.
template <Real T>
template <class L>
typename AnyLayer<T>::Interface* AnyLayer<T>::hold(L layer) {
  return new Holder<L>(std::move(layer));
}

}  // namespace nn
