// SPDX-License-Identifier: MIT
// A layer in two places of a graph.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/network.hpp"
#include "nn/testing/findings.hpp"
#include "nn/testing/layer_rig.hpp"

namespace nn::testing {

namespace detail {

/// A graph in which each of so many inputs goes through the same layer to an output.
[[nodiscard]] inline Network<double> shared_network(AnyLayer<double> layer, const Shape& sample,
                                                    std::size_t num_uses) {
  LayerGraph<double> graph("Model");
  std::vector<std::size_t> outputs;
  graph.add(std::move(layer), {0});
  for (std::size_t i = 1; i < num_uses; ++i) graph.use(0, {i});
  for (std::size_t i = 0; i < num_uses; ++i) outputs.push_back(num_uses + i);
  graph.set_ends(std::vector<std::string>(num_uses), std::move(outputs));
  Network<double> network(std::move(graph));
  network.build(std::vector<Shape>(num_uses, sample), 1);
  network.ensure_gradients();
  return network;
}

/// Forward and backward over a batch for each input; adds the gradients of parameters.
inline void run_network(Network<double>& network,
                        std::initializer_list<RiggedBatch<double>*> batches) {
  LayoutCache cache;
  const MemoryLayout& layout = network.layout(cache, (*batches.begin())->x_shape[0], true);
  GuardedBuffer<std::byte> memory(layout.num_bytes);
  std::vector<const double*> x;
  std::vector<double*> dx;
  for (RiggedBatch<double>* const batch : batches) {
    x.push_back(batch->x.data());
    dx.push_back(batch->dx.data());
  }
  const Pass pass = network.pass(true, memory.data());
  network.forward(x, pass, layout, {});
  std::size_t o = 0;
  for (RiggedBatch<double>* const batch : batches) {
    std::copy_n(network.result(o, x, memory.data(), layout), batch->y.size(), batch->y.data());
    std::copy_n(batch->dy.data(), batch->dy.size(),
                network.result_gradient(o++, memory.data(), layout));
  }
  network.backward(x, pass, layout, dx);
}

}  // namespace detail

/// A layer that a graph uses twice gives in each place what it gives alone, and the sum of both
/// gradients.
inline void check_sharing(Findings& findings, const std::string& where,
                          const AnyLayer<double>& layer, const Shape& sample, InputRange range) {
  const LayerRig<double> rig(layer, sample);
  RiggedBatch<double> first = rig.batch(3, range), second = rig.batch(3, range, 1);
  RiggedBatch<double> shared_first = rig.batch(3, range), shared_second = rig.batch(3, range, 1);
  Network<double> alone = detail::shared_network(layer, sample, 1);
  Network<double> shared = detail::shared_network(layer, sample, 2);
  detail::run_network(alone, {&first});
  detail::run_network(alone, {&second});
  detail::run_network(shared, {&shared_first, &shared_second});
  const auto compare_batches = [&](const char* use, const RiggedBatch<double>& expected,
                                   const RiggedBatch<double>& actual) {
    const std::string place = where + use;
    compare(findings, place, "y", expected.y_shape, expected.y.data(), actual.y.data(), 0);
    compare(findings, place, "dx", expected.x_shape, expected.dx.data(), actual.dx.data(), 0);
  };
  compare_batches(", first of two uses", first, shared_first);
  compare_batches(", second of two uses", second, shared_second);
  for (std::size_t i = 0; i < alone.block().named().size(); ++i) {
    const NamedParameter<double>& parameter = alone.block().named()[i];
    if (!parameter.is_trained()) continue;
    compare(findings, where + ", used twice", "gradient of parameter '" + parameter.name + "'",
            parameter.shape, parameter.gradient().data(),
            shared.block().named()[i].gradient().data(), 1e-12);
  }
}

}  // namespace nn::testing
