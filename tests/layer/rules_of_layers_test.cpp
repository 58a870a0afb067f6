// SPDX-License-Identifier: MIT
// Every layer of the library takes Keras' regularizers and constraints for each of its weights.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/io/architecture_reader.hpp"
#include "nn/model/more_layers.hpp"

namespace nn {
namespace {

/// Of options, in files.
constexpr const char* rule_prefixes[] = {"kernel",    "recurrent",  "depthwise",
                                         "pointwise", "embeddings", "gamma",
                                         "beta",      "alpha",      "bias"};

/// What a layer does not have a rule for: Keras has none either.
bool has_no_rule(const std::string& weight) { return weight == "scale"; }

/// The same layer with L2{0.25} and NonNeg on all weights that its options have.
template <class L>
L with_all_rules(const L& layer) {
  L made = layer;
  for (const char* prefix : rule_prefixes) {
    Arguments more = made.arguments();
    more.set(std::string(prefix) + "_regularizer", Arguments{"L2"}.set("l2", 0.25));
    more.set(std::string(prefix) + "_constraint", Arguments{"NonNeg"});
    made = L::from_arguments(more);
  }
  return made;
}

/// Names of the weights of a layer that its options leave without a rule.
template <class L>
std::vector<std::string> weights_without_rule(const L& layer, const Shape& sample) {
  L ruled = L::from_arguments(with_all_rules(layer).arguments());
  ParameterList<typename L::Scalar> list;
  if constexpr (requires { ruled.parameters(sample, list); }) {
    ruled.parameters(sample, list);
  } else {
    ruled.parameters(std::vector<Shape>{sample, sample}, list);
  }
  std::vector<std::string> names;
  for (const auto& entry : list.entries()) {
    if (entry.role == ParameterRole::state || has_no_rule(entry.name)) continue;
    const bool has_both = entry.rules.regularizer.l2() == 0.25 &&
                          entry.rules.constraint.rule() == Constraint::Rule::non_neg;
    if (!has_both) names.push_back(entry.name);
  }
  CHECK(!list.entries().empty());
  return names;
}

}  // namespace

TEST_SUITE("layer/rules_of_layers") {
  TEST_CASE("Layers: each weight has its regularizer and its constraint, in files too") {
    const std::vector<std::string> none;
    CHECK(weights_without_rule(Dense<float>{3}, {2}) == none);
    CHECK(weights_without_rule(Conv2D<float>{3, 2}, {4, 4, 2}) == none);
    CHECK(weights_without_rule(Conv1D<float>{3, 2}, {4, 2}) == none);
    CHECK(weights_without_rule(Conv3D<float>{3, 2}, {4, 4, 4, 2}) == none);
    CHECK(weights_without_rule(Conv2DTranspose<float>{3, 2}, {4, 4, 2}) == none);
    CHECK(weights_without_rule(Conv1DTranspose<float>{3, 2}, {4, 2}) == none);
    CHECK(weights_without_rule(DepthwiseConv2D<float>{2}, {4, 4, 2}) == none);
    CHECK(weights_without_rule(SeparableConv2D<float>{3, 2}, {4, 4, 2}) == none);
    CHECK(weights_without_rule(BatchNormalization<float>{}, {2}) == none);
    CHECK(weights_without_rule(LayerNormalization<float>{}, {2}) == none);
    CHECK(weights_without_rule(GroupNormalization<float>{{.groups = 2}}, {3, 4}) == none);
    CHECK(weights_without_rule(PReLU<float>{}, {3}) == none);
    CHECK(weights_without_rule(Embedding<float>{5, 3}, {4}) == none);
    CHECK(weights_without_rule(LSTM<float>{3}, {4, 2}) == none);
    CHECK(weights_without_rule(GRU<float>{3}, {4, 2}) == none);
    CHECK(weights_without_rule(GRU<float>{3, {.reset_after = false}}, {4, 2}) == none);
    CHECK(weights_without_rule(MultiHeadAttention<float>{2, 3}, {4, 2}) == none);
    CHECK(weights_without_rule(SimpleRNN<float>{3}, {4, 2}) == none);
  }
}

}  // namespace nn
