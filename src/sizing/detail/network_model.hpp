// A neural network ready to be built: 32-bit constants, and only the operations that compute.
//
// Made from a TensorFlow Lite file by folding away what merely prepares: decoding of constants,
// padding in front of convolutions, and the reshaping and joining at the outputs. Every shape is
// inferred here and must be the declared one, so whoever runs the network may size memory by it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sizing/detail/passing_memory.hpp"

namespace selvage::sizing::detail {

// Height, width and channels; the batch is 1.
struct Shape {
  std::uint32_t height = 0, width = 0, channels = 0;
  bool operator==(const Shape&) const = default;
  [[nodiscard]] std::size_t elements() const { return std::size_t{height} * width * channels; }
};

struct Constant {
  std::vector<std::uint32_t> shape;
  PassingVector<float> entries;
};

enum class Operation { convolution, depthwise, add, resize, depth_to_space, max_pool, sigmoid };

struct Padding {
  std::uint32_t top = 0, right = 0, bottom = 0, left = 0;
};

struct Node {
  Operation operation = Operation::add;
  std::array<std::uint32_t, 2> inputs{};  // values; the second of add only
  std::uint32_t output = 0;
  std::uint32_t filter = 0, bias = 0;  // constants: [out, height, width, in] or [1, h, w, channels]
  std::uint32_t kernel_height = 1, kernel_width = 1;
  std::uint32_t stride_height = 1, stride_width = 1;
  Padding padding;
  std::uint32_t block = 1;                              // of depth_to_space
  float low = -std::numeric_limits<float>::infinity();  // the result is clipped
  float high = std::numeric_limits<float>::infinity();

  [[nodiscard]] std::size_t input_count() const { return operation == Operation::add ? 2 : 1; }
};

struct NetworkModel {
  std::vector<Shape> values;  // the input, and what is computed; a few may be unused
  std::vector<Constant> constants;
  std::vector<Node> nodes;  // in the order they run; each is needed by an output
  std::uint32_t input = 0;
  // Each output is one or more values, one after the other. No value occurs twice.
  std::vector<std::vector<std::uint32_t>> outputs;

  [[nodiscard]] std::size_t output_elements(std::size_t output) const;
  // Puts a sigmoid behind an output that is one value. REQUIRES: output < outputs.size().
  void add_sigmoid(std::size_t output);
};

// Errors: sizing.model_invalid (internal): not a TensorFlow Lite file, damaged, or it uses what the
// pose models do not.
[[nodiscard]] Result<NetworkModel> read_network(std::string_view tflite_file);

}  // namespace selvage::sizing::detail
