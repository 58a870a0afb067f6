// SPDX-License-Identifier: MIT
// What the page calls: the digit reader behind functions of C.
#include <emscripten.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "draw/digit_reader.hpp"
#include "nn/io/atomic_file.hpp"

namespace {

std::optional<draw::DigitReader> reader;
std::vector<char> file;     // of the model
std::vector<float> points;  // x and y of each; one of NaN ends a stroke
std::string fault;

}  // namespace

extern "C" {

/// Room for so many bytes of the model's file.
EMSCRIPTEN_KEEPALIVE char* file_of(int size) {
  file.resize(static_cast<std::size_t>(size));
  return file.data();
}

/// Loads that file. Returns what is wrong with it, or an empty text.
EMSCRIPTEN_KEEPALIVE const char* load_file() {
  try {
    const std::string path = "/model.safetensors";  // in memory
    nn::io::write_atomically(path, [](auto& to) { to.write(file.data(), file.size()); });
    reader.emplace(path);
    file = {};
  } catch (const std::exception& error) {
    fault = error.what();
  }
  return fault.c_str();
}

/// Room for so many points.
EMSCRIPTEN_KEEPALIVE float* points_of(int count) {
  points.resize(2 * static_cast<std::size_t>(count));
  return points.data();
}

/// The digit that the points show, or -1.
EMSCRIPTEN_KEEPALIVE int read_points() {
  std::vector<mnist::Stroke> strokes;
  bool is_down = false;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    if (std::isnan(points[i])) {
      is_down = false;
      continue;
    }
    if (!is_down) strokes.emplace_back();
    is_down = true;
    strokes.back().push_back({double{points[i]}, double{points[i + 1]}});
  }
  return reader->read(strokes);
}

EMSCRIPTEN_KEEPALIVE const std::uint8_t* picture() { return reader->picture(); }

EMSCRIPTEN_KEEPALIVE const float* stage(int number) { return reader->stage(number); }
}
