// SPDX-License-Identifier: MIT
// What a drawing of a model shows, and where: layers in ranks from top to bottom (Sugiyama, Tagawa
// and Toda 1981).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/summary.hpp"

namespace nn::report {

/// An input of a model, or one use of a layer.
struct DrawnNode {
  std::string name{}, type{}, shape{}, parameters{};
  std::vector<std::size_t> sources{};  // nodes
};

/// The inputs, then all uses in the order in which they run. A nested model is one node.
template <Real T>
[[nodiscard]] NN_COLD std::vector<DrawnNode> drawn_nodes(const Network<T>& network) {
  const LayerGraph<T>& graph = network.graph();
  const std::vector<std::string> layers = detail::layer_names(network);
  const std::vector<std::string> inputs = detail::unique_names(
      graph.input_names(), std::vector<std::string>(graph.num_inputs(), "input_layer"));
  const auto shape_of = [&](std::size_t value) {
    return network.is_built() ? detail::keras_shape(network.shape_of(value)) : "?";
  };
  std::vector<DrawnNode> nodes;
  std::vector<std::size_t> makers;  // the node of each value
  for (const std::string& input : inputs) {
    makers.push_back(nodes.size());
    nodes.push_back({input, "Input", shape_of(nodes.size()), "", {}});
  }
  std::vector<Index> num_uses(layers.size(), 0);
  for (const auto& use : graph.uses()) {
    const AnyLayer<T>& layer = graph.layers()[use.layer];
    const Index number = num_uses[use.layer]++;
    DrawnNode node{layers[use.layer], layer.name(), "", "", {}};
    if (number > 0) append(node.name, {" (use ", number + 1, ")"});
    for (const std::size_t source : use.sources) node.sources.push_back(makers[source]);
    if (network.is_built() && number == 0) {
      Index count = 0;
      for (const auto& each : network.parameters_of(use.layer)) count += each.shape.num_elements();
      if (count > 0) node.parameters = with_separators(count) + " parameters";
    }
    for (std::size_t i = 0; i < graph.num_results(layer); ++i) {
      append_listed(node.shape, shape_of(makers.size()));
      makers.push_back(nodes.size());
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

/// Where the boxes of nodes lie, and the bends of the lines between them.
class DrawnLayout {
 public:
  static constexpr std::size_t max_nodes = 1000, max_bends = 100000;
  static constexpr double row_height = 104;

  struct Line {
    std::size_t from, to;            // nodes
    std::vector<std::size_t> bends;  // places where it passes a rank
  };

  /// `widths`: of the nodes' boxes. Throws `std::invalid_argument` for what is too large to draw.
  NN_COLD DrawnLayout(const std::vector<DrawnNode>& nodes, const std::vector<double>& widths) {
    demand(nodes.size() <= max_nodes, where, "a model of at most 1000 layers", nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::size_t rank = 0;
      for (const std::size_t source : nodes[i].sources) {
        rank = std::max(rank, places_[source].rank + 1);
      }
      add({rank, widths[i], 1, {}});
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const std::size_t source : nodes[i].sources) lines_.push_back({source, i, {}});
    }
    for (Line& line : lines_) bend(line);
    // Each sweep orders the ranks by what they read, which are in order already.
    for (int sweep = 0; sweep < 2; ++sweep) {
      for (std::vector<std::size_t>& rank : ranks_) place(rank);
    }
    double left = 0, right = 0;
    for (const Place& place : places_) {
      left = std::min(left, place.x - place.width / 2);
      right = std::max(right, place.x + place.width / 2);
    }
    for (Place& place : places_) place.x -= left;
    width_ = right - left;
  }

  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const { return static_cast<double>(ranks_.size()) * row_height; }
  /// The middle of a node's box, or of a bend.
  [[nodiscard]] double x(std::size_t place) const { return places_[place].x; }
  [[nodiscard]] double y(std::size_t place) const {
    return (static_cast<double>(places_[place].rank) + 0.5) * row_height;
  }
  [[nodiscard]] const std::vector<Line>& links() const { return lines_; }

 private:
  static constexpr const char* where = "nn::to_svg";
  static constexpr double gap = 24, bend_width = 8;

  /// A node, or where a line passes between nodes.
  struct Place {
    std::size_t rank;
    double width;
    double weight;  // of its wish to lie below what it reads
    std::vector<std::size_t> sources;
    double x = 0;
  };

  void add(Place place) {
    if (ranks_.size() <= place.rank) ranks_.resize(place.rank + 1);
    ranks_[place.rank].push_back(places_.size());
    places_.push_back(std::move(place));
  }

  /// Lets a line pass each rank between its ends in a place of its own.
  NN_COLD void bend(Line& line) {
    std::size_t last = line.from;
    for (std::size_t rank = places_[last].rank + 1; rank < places_[line.to].rank; ++rank) {
      demand(++num_bends_ <= max_bends, where, "a model whose lines can be drawn",
             "too many that pass by other layers");
      line.bends.push_back(places_.size());
      add({rank, bend_width, 0.01, {last}});
      last = line.bends.back();
    }
    places_[line.to].sources.push_back(last);
  }

  /// Where a place would lie for itself: below what it reads.
  [[nodiscard]] double wish_of(const Place& place) const {
    double sum = 0, weights = 0;
    for (const std::size_t source : place.sources) {
      sum += places_[source].x * places_[source].weight;
      weights += places_[source].weight;
    }
    return weights > 0 ? sum / weights : 0;
  }

  /// Places a rank from left to right, by wish, and then moves all of it to where wishes are met on
  /// average.
  NN_COLD void place(std::vector<std::size_t>& rank) {
    std::vector<std::pair<double, std::size_t>> order;
    order.reserve(rank.size());
    for (const std::size_t i : rank) order.emplace_back(wish_of(places_[i]), i);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    double edge = 0, shift = 0, weights = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      Place& each = places_[order[i].second];
      const double wish = order[i].first;
      each.x = i == 0 ? wish : std::max(wish, edge + gap + each.width / 2);
      edge = each.x + each.width / 2;
      shift += (each.x - wish) * each.weight;
      weights += each.weight;
      rank[i] = order[i].second;
    }
    for (const std::size_t i : rank) places_[i].x -= shift / weights;
  }

  std::vector<Place> places_;  // the nodes, then the bends
  std::vector<Line> lines_;
  std::vector<std::vector<std::size_t>> ranks_;
  std::size_t num_bends_ = 0;
  double width_ = 0;
};

}  // namespace nn::report
