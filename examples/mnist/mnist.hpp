// SPDX-License-Identifier: MIT
// The data of the examples: the four IDX files of MNIST, or digits that the program draws itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>

#include "mnist/checksum.hpp"
#include "mnist/drawn_digits.hpp"
#include "mnist/idx.hpp"
#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {

/// Images with their labels; `drawn`: none of them is real.
struct DataSet {
  Images train_images;      // [N, H, W, 1]
  nn::Labels train_labels;  // [N]
  Images test_images;       // [M, H, W, 1]
  nn::Labels test_labels;   // [M]
  std::string name;         // "MNIST", "drawn digits, not MNIST (seed 42)"
  std::string place;        // for the screen: "files in data/mnist"; empty for drawn digits
  Checksums checksums{};    // of the training data
  bool drawn = false;
  int num_classes = 10;
};

namespace detail {

inline constexpr std::array<const char*, 4> file_names = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};

/// The file under one of its usual names: `-idx3` or `.idx3`, plain or `.gz`; plain ones first.
[[nodiscard]] inline std::optional<std::filesystem::path> find_file(
    const std::filesystem::path& folder, const std::string& name) {
  std::string dotted = name;
  dotted[name.find("-idx")] = '.';
  for (const std::string& spelling : {name, dotted, name + ".gz", dotted + ".gz"}) {
    std::error_code unreadable;  // counts as not found
    if (std::filesystem::exists(folder / spelling, unreadable)) return folder / spelling;
  }
  return std::nullopt;
}

[[nodiscard]] inline std::filesystem::path need_file(const std::filesystem::path& folder,
                                                     const std::string& name) {
  if (const auto path = find_file(folder, name)) return *path;
  throw nn::IoError{nn::sentence({"mnist", "the file " + name, "no such file", folder.string(),
                                  "its name may have a dot before idx and may end in .gz"})};
}

inline void check_counts(const Images& images, const nn::Labels& labels, const std::string& what) {
  if (images.dimension(0) == labels.dimension(0)) return;
  throw nn::IoError{nn::sentence({"mnist", std::to_string(images.dimension(0)) + " labels",
                                  std::to_string(labels.dimension(0)), what,
                                  "the image and label files must belong together"})};
}

/// Number of classes. Throws `IoError` unless the labels use 0, 1, 2 … without a gap.
[[nodiscard]] inline int count_classes(const nn::Labels& labels) {
  std::array<bool, 256> is_used{};
  for (nn::Index i = 0; i < labels.size(); ++i) is_used[static_cast<std::size_t>(labels(i))] = true;
  const auto first_gap = std::find(is_used.begin(), is_used.end(), false);
  const auto used_beyond = std::find(first_gap, is_used.end(), true);
  if (used_beyond == is_used.end()) return static_cast<int>(first_gap - is_used.begin());
  throw nn::IoError{nn::sentence({"mnist", "labels from 0 without a gap",
                                  std::to_string(used_beyond - is_used.begin()) + " but no " +
                                      std::to_string(first_gap - is_used.begin()),
                                  "training labels", "number the classes 0, 1, 2 and so on"})};
}

inline void check_test_labels(const nn::Labels& labels, int num_classes) {
  for (nn::Index i = 0; i < labels.size(); ++i) {
    if (labels(i) < num_classes) continue;
    throw nn::IoError{nn::sentence({"mnist", "test labels below " + std::to_string(num_classes),
                                    std::to_string(labels(i)), "test image " + std::to_string(i),
                                    "the training labels do not have this class"})};
  }
}

/// The name of the training data, whatever folder they are in.
[[nodiscard]] inline std::string name_of(const DataSet& data) {
  if (data.checksums == Checksums{"e9f4d8b3", "e0cb4ad2"}) return "MNIST";
  const Images& x = data.train_images;
  return nn::concat({x.dimension(0), " images of ", x.dimension(1), "x", x.dimension(2), " in ",
                     data.num_classes, " classes"});
}

}  // namespace detail

/// What the file of a model says about its training data: name and checksums, but no folder.
[[nodiscard]] inline std::string identity(const DataSet& data) {
  return nn::concat({data.name, " (CRC-32 of the images ", data.checksums.images,
                     ", of the labels ", data.checksums.labels, ")"});
}

/// Reads the four files of `folder`; see `read_images` and `read_labels` for their form.
/// Throws `IoError` for a missing or damaged file, and for files that do not belong together.
[[nodiscard]] inline DataSet load(const std::filesystem::path& folder) {
  std::error_code unreadable;
  if (!std::filesystem::is_directory(folder, unreadable)) {
    const bool exists = std::filesystem::exists(folder, unreadable);
    throw nn::IoError{nn::sentence({"mnist", "a folder", exists ? "a file" : "nothing there",
                                    folder.string(), "name the folder that holds the IDX files"})};
  }
  std::array<std::filesystem::path, 4> paths;  // all of them, before the first is read
  for (std::size_t i = 0; i < paths.size(); ++i) {
    paths[i] = detail::need_file(folder, detail::file_names[i]);
  }
  DataSet data;
  data.train_labels = read_labels(paths[1]);
  data.num_classes = detail::count_classes(data.train_labels);
  data.test_labels = read_labels(paths[3]);
  detail::check_test_labels(data.test_labels, data.num_classes);
  data.train_images = read_images(paths[0]);
  detail::check_counts(data.train_images, data.train_labels, "training set");
  data.test_images = read_images(paths[2]);
  detail::check_counts(data.test_images, data.test_labels, "test set");
  const nn::Shape train_shape = nn::sample_shape_of(data.train_images);
  const nn::Shape test_shape = nn::sample_shape_of(data.test_images);
  if (train_shape != test_shape) {
    throw nn::IoError{nn::sentence({"mnist", "test images " + train_shape.to_string(),
                                    test_shape.to_string(), "as the training images are"})};
  }
  data.place = "files in " + folder.string();
  data.checksums = checksums_of(data.train_images, data.train_labels);
  data.name = detail::name_of(data);
  return data;
}

/// Draws 60,000 digits to train on and 10,000 to test on, as many as MNIST has.
[[nodiscard]] inline DataSet draw_data(std::uint64_t seed) {
  DataSet data;
  std::tie(data.train_images, data.train_labels) = draw_digits(60000, seed, Split::train);
  std::tie(data.test_images, data.test_labels) = draw_digits(10000, seed, Split::test);
  data.checksums = checksums_of(data.train_images, data.train_labels);
  data.name = "drawn digits, not MNIST (seed " + std::to_string(seed) + ")";
  data.drawn = true;
  return data;
}

/// Loads the data from the first of these: the folder that the option names; the folder that
/// NN_MNIST_DIR names; the folder of the build, if a download has completed there. If there is
/// none, draws digits from `seed`. Throws `IoError` where a folder that was named, or its four
/// files, cannot be used.
[[nodiscard]] inline DataSet find_data(const std::optional<std::string>& option,
                                       const std::filesystem::path& build_folder,
                                       std::uint64_t seed) {
  if (option) return load(*option);
  const char* named = std::getenv("NN_MNIST_DIR");
  if (named != nullptr && *named != '\0') return load(named);
  const bool is_filled = std::all_of(
      detail::file_names.begin(), detail::file_names.end(),
      [&](const char* name) { return detail::find_file(build_folder, name).has_value(); });
  return is_filled ? load(build_folder) : draw_data(seed);
}

}  // namespace mnist
