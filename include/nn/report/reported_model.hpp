// SPDX-License-Identifier: MIT
// What a report asks of a model, whatever its scalar type.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/model/model.hpp"
#include "nn/training/input_gradient.hpp"
#include "nn/training/predict.hpp"

namespace nn {

namespace report {

/// The kernels of a convolution [height, width, channels, filters].
struct Filters {
  Shape shape{};
  std::vector<double> values{};
};

struct ModelInterface {
  virtual ~ModelInterface() = default;
  virtual ModelInterface* clone() const = 0;
  virtual std::string summary() const = 0;
  virtual Index count_parameters() const = 0;
  virtual Shape output_shape() const = 0;
  /// The outputs for samples [N, ...], side by side.
  virtual std::vector<double> predict(const Samples& x) const = 0;
  /// Whether `input_gradient` works.
  virtual bool has_gradients() const = 0;
  /// SmoothGrad of the highest scores of samples x of this shape [N, ...], like x.
  virtual std::vector<double> input_gradient(const std::vector<double>& x, const Shape& shape,
                                             Index smooth_samples, std::uint64_t seed) const = 0;
  /// The kernels of the first layer with weights, if that is a Conv2D.
  virtual Filters first_filters() const = 0;
};

template <Real T>
struct ModelHolder final : ModelInterface {
  explicit ModelHolder(const Model<T>& held) : model(held) {}
  NN_COLD ModelInterface* clone() const override { return new ModelHolder(model); }
  std::string summary() const override { return model.summary(); }
  Index count_parameters() const override { return model.count_parameters(); }
  Shape output_shape() const override { return model.output_shape(); }
  NN_COLD std::vector<double> predict(const Samples& x) const override {
    constexpr const char* where = "html_report";
    const auto& network = nn::detail::ModelAccess::network(model);
    demand(network.is_built(), where, "a model that is built", "one that is not");
    nn::detail::require_inputs<T>(where, std::span(&x, 1), network.inputs());
    demand(network.num_outputs() == 1, where, "a model with one output, to predict samples",
           network.num_outputs());
    std::vector<T> y(static_cast<std::size_t>(x.count() * network.output().num_elements()));
    T* const first = y.data();
    nn::detail::predict_batches<T>(network, DataSet(x, std::initializer_list<Targets>{}, {}),
                                   std::span(&first, 1), PredictOptions{});
    return {y.begin(), y.end()};
  }
  NN_COLD bool has_gradients() const override {
    return model.weight_format() == NumberFormat::float32;
  }
  NN_COLD std::vector<double> input_gradient(const std::vector<double>& x, const Shape& shape,
                                             Index smooth_samples,
                                             std::uint64_t seed) const override {
    const std::vector<T> numbers(x.begin(), x.end());
    const Samples samples(numbers, shape);
    const auto& network = nn::detail::ModelAccess::network(model);
    const InputGradientOptions options{.smooth_samples = smooth_samples, .seed = seed};
    nn::detail::require_input_gradient(network, samples, options);
    std::vector<std::int32_t> classes(static_cast<std::size_t>(samples.count()), -1);
    std::vector<T> dx(x.size());
    nn::detail::input_gradient<T>(network, samples, classes, options, dx.data());
    return {dx.begin(), dx.end()};
  }
  NN_COLD Filters first_filters() const override {
    if (!model.is_built()) return {};
    for (const auto& parameter : model.parameters()) {
      if (parameter.role == ParameterRole::state) continue;
      if (!parameter.name.ends_with("conv2d.kernel") || parameter.shape.rank() != 4) return {};
      const auto value = parameter.value();
      return {parameter.shape, {value.data(), value.data() + value.size()}};
    }
    return {};
  }
  const Model<T>& model;
};

}  // namespace report

/// A view of a model, which has to outlive it.
class ReportedModel {
 public:
  ReportedModel() = default;
  template <Real T>
  ReportedModel(const Model<T>& model)  // NOLINT(google-explicit-constructor): {.model = model}
      : self_(new report::ModelHolder<T>(model)) {}
  template <Real T>
  ReportedModel(const Model<T>&& model) = delete;  // it dies at the end of the line

  [[nodiscard]] bool is_given() const { return self_.get() != nullptr; }
  [[nodiscard]] const report::ModelInterface* operator->() const { return self_.get(); }

 private:
  detail::Erased<report::ModelInterface> self_;
};

}  // namespace nn
