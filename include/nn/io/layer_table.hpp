// SPDX-License-Identifier: MIT
// The layers that a file may name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/names.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/model.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// What files may name as layers: all of the library's, and more.
#define NN_LAYER_TYPE(L) L<T>,
template <Real T, class... More>
using FileLayers = BuiltInLayers<T, NN_FOR_EACH_MERGING(NN_LAYER_TYPE) More...>;
#undef NN_LAYER_TYPE

template <class L>
concept LayerOfFiles = Layer<L> || MergingLayer<L> || WrappingModel<L>;

template <Real T>
using MakeLayer = AnyLayer<T> (*)(const Arguments&, std::vector<AnyLayer<T>>& parts);

/// Takes the parts if it is made of some.
template <Real T, class L>
[[nodiscard]] NN_COLD AnyLayer<T> make_as(const Arguments& arguments,
                                          [[maybe_unused]] std::vector<AnyLayer<T>>& parts) {
  if constexpr (WrappingModel<L>) {
    return AnyLayer<T>(L::from_parts(arguments, std::move(parts)));
  } else {
    return AnyLayer<T>(L::from_arguments(arguments));
  }
}

/// The layers that a file may name: a value, so that what reads files is compiled once, whatever
/// types there are in the table. What is no layer, such as an optimizer of the user's own, is left
/// out.
template <Real T>
class LayerTable {
 public:
  template <class... Types>
  LayerTable(LayerTypes<Types...> types) {  // NOLINT(google-explicit-constructor): a table of types
    add(types);
  }

  template <class... Types>
  void add(LayerTypes<Types...>) {
    (add<Types>(), ...);
  }
  /// Null without one of that name.
  [[nodiscard]] MakeLayer<T> find(const std::string& name) const {
    const std::size_t i = find_name(name, names_);
    return i == names_.size() ? nullptr : makers_[i];
  }
  [[nodiscard]] const std::vector<NameOf>& names() const { return names_; }

 private:
  template <class L>
  void add() {
    if constexpr (LayerOfFiles<L>) {
      names_.push_back(&name_of<L>);
      makers_.push_back(&make_as<T, L>);
    }
  }

  std::vector<NameOf> names_;
  std::vector<MakeLayer<T>> makers_;
};

/// The library's.
template <Real T>
[[nodiscard]] NN_COLD LayerTable<T> library_layers() {
  return FileLayers<T>{};
}

/// The layer that `arguments` name, around `parts`; nothing if it is none of the types. What the
/// layer has no use for is left in `arguments.unread()`.
template <Real T>
[[nodiscard]] NN_COLD std::optional<AnyLayer<T>> make_layer(const Arguments& arguments,
                                                            const LayerTable<T>& types,
                                                            std::vector<AnyLayer<T>> parts = {}) {
  const MakeLayer<T> make = types.find(arguments.owner());
  if (make == nullptr) return std::nullopt;
  AnyLayer<T> layer = make(arguments, parts);
  if (!parts.empty()) refuse({arguments.owner(), "no layers inside", parts.size()});
  return layer;
}

template <Real T>
[[nodiscard]] NN_COLD std::string known_layers(const LayerTable<T>& types) {
  std::vector<NameOf> names = types.names();
  names.insert(names.end(), {&Residual<T>::name, &Sequential<T>::name, &Model<T>::name});
  return list_names(names);
}

/// The names of all these types, which have one.
template <class... Types>
[[nodiscard]] std::vector<NameOf> names_of(LayerTypes<Types...>) {
  return {&name_of<Types>...};
}

}  // namespace nn::io
