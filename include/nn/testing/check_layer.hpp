// SPDX-License-Identifier: MIT
// The form that every layer fills in the tests; for the layers of users too.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/model_file.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/residual.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/check_passes.hpp"
#include "nn/testing/check_promises.hpp"
#include "nn/testing/check_sharing.hpp"
#include "nn/testing/check_state.hpp"
#include "nn/testing/layer_source.hpp"
#include "nn/testing/model_layer.hpp"

namespace nn::testing {

/// A sample shape that the layer can't take, and all of what it says then.
struct Refusal {
  Shape sample;
  std::string sentence;
};

/// What is not the same for all layers.
struct LayerExpectations {
  Shape output;                          ///< of one sample
  std::vector<Refusal> refusals{};       ///< as `output_shape` throws them
  bool trains_differently = false;       ///< training passes give another y than inference
  bool is_random = false;                ///< training draws numbers: another step, another y
  bool mixes_samples = false;            ///< in training a sample's y depends on its batch
  InputRange input{};                    ///< keep clear of what the layer can't differentiate
  double float_tolerance = 1e-5;         ///< of float against double
  std::function<Index()> allocations{};  ///< heap allocations so far; none: not tested
};

namespace detail {

/// The layers as one.
template <Real T>
[[nodiscard]] AnyLayer<T> chain(std::vector<AnyLayer<T>> layers, bool as_logits = false) {
  return AnyLayer<T>(ModelLayer<T>(std::move(layers), as_logits));
}

/// The maker of `wrap(layer)` for each layer of `make`.
template <class Wrap>
[[nodiscard]] LayerMaker wrapped(const LayerMaker& make, Wrap wrap) {
  LayerMaker result;
  result.of_double = [=] { return wrap(make.of_double()); };
  result.of_float = [=] { return wrap(make.of_float()); };
  if (make.of_dual) {
    result.of_dual = [=] { return wrap(make.of_dual()); };
  }
  return result;
}

struct FormContext {
  std::string name;
  LayerMaker make;
  Shape sample;
  LayerExpectations expected;
};

/// The layer alone and among neighbours that a model lets work as one with it: a ReLU before it
/// whose gradient it may mask, activations behind it that it may apply.
inline void check_gradients_among_neighbours(Findings& findings, const FormContext& form) {
  const Index features = form.sample.empty() ? 0 : form.sample.back();
  const auto behind = [features](Activation activation) {
    return [=]<class T>(AnyLayer<T> layer) {
      return chain<T>({AnyLayer<T>(Dense<T>{features, {.activation = activation}}), layer});
    };
  };
  const auto before = [](Activation activation) {
    return [=]<class T>(AnyLayer<T> layer) {
      return chain<T>(
          {layer, AnyLayer<T>(ActivationLayer<T>{activation}), AnyLayer<T>(Dense<T>{2})});
    };
  };
  const auto beside_shortcut = []<class T>(AnyLayer<T> layer) {
    std::vector<AnyLayer<T>> layers{std::move(layer)};
    return chain<T>({AnyLayer<T>(Residual<T>(std::move(layers)))});
  };
  const auto before_softmax = [](bool as_logits) {
    return [=]<class T>(AnyLayer<T> layer) {
      return chain<T>({layer, AnyLayer<T>(Softmax<T>{})}, as_logits);
    };
  };
  const auto in_model = [](bool as_logits) {
    return [=]<class T>(AnyLayer<T> layer) { return chain<T>({layer}, as_logits); };
  };
  const auto examine = [&](const std::string& where, const LayerMaker& make, Index batch_size) {
    check_gradients(findings, form.name + ", " + where, make, form.sample, batch_size,
                    form.expected.input, LayerRig<double>::training_pass());
  };
  examine("batch of 1", form.make, 1);
  examine("batch of 3", form.make, 3);
  if (!findings.empty()) return;  // the rest would say the same again
  examine("in a model", wrapped(form.make, in_model(false)), 2);
  examine("in a model without its activation", wrapped(form.make, in_model(true)), 2);
  if (features > 0 && !form.expected.input.is_whole) {
    examine("behind a Dense", wrapped(form.make, behind(Activation::linear)), 2);
    examine("behind a Dense with ReLU", wrapped(form.make, behind(Activation::relu)), 2);
  }
  if (form.expected.output == form.sample) {
    examine("beside a shortcut", wrapped(form.make, beside_shortcut), 2);
  }
  if (form.expected.output.empty()) return;
  examine("before a ReLU and a Dense", wrapped(form.make, before(Activation::relu)), 2);
  // One that the layer may apply, and one that never is: its step needs its input.
  examine("before a tanh and a Dense", wrapped(form.make, before(Activation::tanh)), 2);
  examine("before a gelu and a Dense", wrapped(form.make, before(Activation::gelu)), 2);
  examine("before a Softmax", wrapped(form.make, before_softmax(false)), 2);
  examine("before a Softmax that is left out", wrapped(form.make, before_softmax(true)), 2);
}

/// output_shape says what is expected, and refuses with the expected sentences.
inline void check_shapes(Findings& findings, const FormContext& form) {
  const AnyLayer<double> layer = form.make.of_double();
  const Shape output = layer.output_shape(form.sample);
  if (output != form.expected.output) {
    findings.push_back(sentence({{form.name, ": output_shape"},
                                 form.expected.output.to_string(),
                                 output.to_string(),
                                 {"sample ", form.sample.to_string()}}));
  }
  for (const Refusal& refusal : form.expected.refusals) {
    std::string got = "no error";
    try {
      static_cast<void>(layer.output_shape(refusal.sample));
    } catch (const ShapeError& error) {
      got = std::string("\"") + error.what() + "\"";
    }
    if (got == "\"" + refusal.sentence + "\"") continue;
    findings.push_back(sentence({{form.name, ": output_shape(", refusal.sample.to_string(), ")"},
                                 {"the ShapeError \"", refusal.sentence, "\""},
                                 got}));
  }
}

/// Float gives what double gives, up to rounding.
inline void check_float(Findings& findings, const FormContext& form) {
  LayerRig<double> rig(form.make.of_double(), form.sample);
  LayerRig<float> float_rig(form.make.of_float(), form.sample);
  auto batch = rig.batch(3, form.expected.input);
  auto float_batch = float_rig.batch(3, form.expected.input);
  rig.run(batch);
  float_rig.run(float_batch);
  compare_passes(findings, form.name + ", float against double", float_rig, batch,
                 rig.parameter_gradients(), float_batch, form.expected.float_tolerance);
}

/// Inference gives the y of training unless the layer says otherwise; random numbers change with
/// the step and with nothing else.
inline void check_modes(Findings& findings, const FormContext& form) {
  LayerRig<double> rig(form.make.of_double(), form.sample);
  auto training = rig.batch(3, form.expected.input);
  auto other = rig.batch(3, form.expected.input);
  Pass pass = rig.training_pass();
  rig.forward(training, pass);
  const auto require_difference = [&](const std::string& what, bool expected) {
    rig.forward(other, pass);
    if (other.y.has_bits_of(training.y) != expected) return;
    findings.push_back(sentence({{form.name, ": y ", what},
                                 {expected ? "another" : "the same", " y"},
                                 expected ? "the same" : "another"}));
  };
  pass.step += 1;
  require_difference("at another step", form.expected.is_random);
  pass = rig.training_pass();
  pass.layer += 1;
  require_difference("as another layer of the model", form.expected.is_random);
  pass = rig.training_pass();
  pass.seed += 1;
  require_difference("with another seed", form.expected.is_random);
  pass = rig.training_pass();
  pass.training = false;
  require_difference("at inference", form.expected.trains_differently || form.expected.is_random);
}

/// A layer gives the same bits inside of a model inside of a model.
inline void check_nesting(Findings& findings, const FormContext& form) {
  const auto nest = [](AnyLayer<double> layer) {
    Sequential<double> inner, outer;
    nn::detail::ModelAccess::network(inner).add(std::move(layer));
    outer.add(std::move(inner));
    return chain<double>({AnyLayer<double>(std::move(outer))});
  };
  LayerRig<double> alone(form.make.of_double(), form.sample);
  LayerRig<double> nested(nest(form.make.of_double()), form.sample);
  auto expected = alone.batch(3, form.expected.input);
  auto actual = nested.batch(3, form.expected.input);
  alone.run(expected);
  nested.run(actual);
  compare_passes(findings, form.name + ", in nested models", nested, expected,
                 alone.parameter_gradients(), actual);
}

/// What a file gives back has the arguments and the weights of what was saved, to the last bit.
inline void check_file(Findings& findings, const std::string& name, Sequential<float> model,
                       const Shape& sample, Sequential<float> (*load)(const std::string& path)) {
  std::string path = std::filesystem::temp_directory_path() / "nn_check_layer_XXXXXX";
  const int file = ::mkstemp(path.data());
  demand<IoError>(file >= 0, name.c_str(), "a temporary file", path);
  ::close(file);
  const auto text_of = [](const Sequential<float>& of) {
    return io::arguments_to_json(*of.layers()[0].arguments());
  };
  try {
    model.build(sample, {.seed = 5});
    model.save(path);
    const Sequential<float> loaded = load(path);
    if (text_of(loaded) != text_of(model)) {
      findings.push_back(
          sentence({{name, ", loaded: arguments"}, text_of(model), text_of(loaded)}));
    }
    for (std::size_t i = 0; i < model.parameters().named().size(); ++i) {
      const auto& before = model.parameters().named()[i];
      compare_exactly(findings, name + ", loaded", "parameter '" + before.name + "'", before.shape,
                      before.value().data(), loaded.parameters().named()[i].value().data());
    }
  } catch (const std::exception& error) {
    findings.push_back(
        sentence({{name, ", files"}, "a layer that can be saved and loaded", error.what()}));
  }
  std::remove(path.c_str());
}

/// A layer that describes itself in part: `save` would refuse it, so there is no file to check.
template <class L>
void check_description(Findings& findings, const std::string& name) {
  constexpr bool is_named = requires { L::name(); };
  constexpr bool gives = requires(const L& layer) { layer.arguments(); };
  constexpr bool takes = requires(const Arguments& a) { L::from_arguments(a); };
  std::string got;
  if (!is_named) append_listed(got, "no static name()");
  if (!gives) append_listed(got, "no arguments() const");
  if (!takes) append_listed(got, "no static from_arguments(const Arguments&)");
  if (got.empty()) got = "another type from one of them";
  findings.push_back(
      sentence({name, "a static name(), arguments() and from_arguments(), to be saved", got}));
}

/// All that is said of the passes of one scalar type.
template <Real T>
void check_passes(Findings& findings, const FormContext& form, AnyLayer<T> layer) {
  LayerRig<T> rig(std::move(layer), form.sample);
  const InputRange range = form.expected.input;
  check_assignment(findings, form.name, rig, range);
  if (!findings.empty()) return;  // what is missing would differ everywhere
  check_independence(findings, form.name, rig, range);
  check_threads(findings, form.name, rig, range);
  if (form.expected.allocations) {
    check_allocations(findings, form.name, rig, range, form.expected.allocations);
  }
}

inline void check_form(Findings& findings, const FormContext& form) {
  check_shapes(findings, form);
  if (!findings.empty()) return;
  check_passes(findings, form, form.make.of_double());
  check_passes(findings, form, form.make.of_float());
  if (!findings.empty()) return;
  check_gradients_among_neighbours(findings, form);
  LayerRig<double> rig(form.make.of_double(), form.sample);
  const InputRange range = form.expected.input;
  check_accumulation(findings, form.name, rig, range);
  check_linearity(findings, form.name, rig, range);
  check_promises(findings, form.name, rig, range);
  check_state(findings, form.name, rig, range);
  check_frozen(findings, form.name + ", frozen", form.make, form.sample, range);
  check_samples_alone(findings, form.name, rig, range, false);
  if (!form.expected.is_random && !form.expected.mixes_samples) {
    check_samples_alone(findings, form.name, rig, range, true);
  }
  check_float(findings, form);
  check_modes(findings, form);
  if (form.expected.is_random) return;
  check_nesting(findings, form);
  check_sharing(findings, form.name, form.make.of_double(), form.sample, range);
}

}  // namespace detail

/// Holds a layer against all that the library expects of layers; returns what is wrong, nothing for
/// a sound layer. `make` makes the layer over a scalar type, `[]<class T>() { return
/// nn::Dense<T>{5}; }`. It is called with double, float and Dual; one that is constrained to
/// `std::floating_point T` does without the exact derivatives. `sample` is the shape of one sample.
template <class Make>
[[nodiscard]] Findings check_layer(const Make& make, const Shape& sample,
                                   const LayerExpectations& expected) {
  const detail::SourceBy<Make> source(make);
  auto layer = make.template operator()<float>();
  using L = decltype(layer);
  const detail::FormContext form{layer.name(), detail::maker_of(source), sample, expected};
  Findings findings;
  detail::check_form(findings, form);
  if constexpr (DescribedLayer<L>) {
    detail::check_file(findings, form.name, Sequential<float>{std::move(layer)}, sample,
                       &Sequential<float>::template load<L>);
  } else if constexpr (
      requires { layer.arguments(); } || requires(Arguments a) { layer.from_arguments(a); }) {
    detail::check_description<L>(findings, form.name);
  }
  return findings;
}

}  // namespace nn::testing
