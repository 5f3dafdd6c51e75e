// A TensorFlow Lite file (schema version 3) as plain values: tensors, and operators in the order
// they run. What the operators mean is network_model.hpp's business.
//
// Source of the layout: tensorflow/lite/schema/schema.fbs. Only what the pose models use is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sizing/detail/passing_memory.hpp"

namespace selvage::sizing::detail {

enum class TensorType : std::uint8_t { float32 = 0, float16 = 1, int32 = 2 };

// Builtin operators; the values are the schema's.
enum class TfliteCode : std::int32_t {
  add = 0,
  concatenation = 2,
  conv_2d = 3,
  depthwise_conv_2d = 4,
  depth_to_space = 5,
  dequantize = 6,
  logistic = 14,
  max_pool_2d = 17,
  reshape = 22,
  resize_bilinear = 23,
  pad = 34,
  densify = 124,
};

// One dimension of a sparse tensor: all of its `size` entries are stored, or, when `segments` is
// not empty, those that `indices` names, row r's from segments[r] to segments[r + 1].
struct SparseDimension {
  std::uint32_t size = 0;
  std::vector<std::uint32_t> segments;
  std::vector<std::uint32_t> indices;
};

struct TfliteTensor {
  std::vector<std::uint32_t> shape;
  TensorType type = TensorType::float32;
  std::string_view data;                // borrowed from the file; empty when computed
  std::vector<SparseDimension> sparse;  // empty when dense, else one entry a dimension
};

// The options of all operators that are read, with the schema's defaults.
struct TfliteOptions {
  bool same_padding = true;
  std::int32_t stride_width = 0, stride_height = 0;
  std::int32_t dilation_width = 1, dilation_height = 1;
  std::int32_t filter_width = 0, filter_height = 0;  // of pooling
  std::int32_t activation = 0;
  std::int32_t depth_multiplier = 0;
  std::int32_t block_size = 0;
  std::int32_t axis = 0;
  bool align_corners = false, half_pixel_centres = false;
};

struct TfliteOperator {
  TfliteCode code = TfliteCode::add;
  std::vector<std::uint32_t> inputs;  // indices of tensors, checked
  std::vector<std::uint32_t> outputs;
  TfliteOptions options;
};

struct TfliteModel {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;
};

// Borrows `file`. Errors: sizing.model_invalid (internal): cut off, damaged, or not of this kind.
[[nodiscard]] Result<TfliteModel> read_tflite(std::string_view file);

// The entries of a constant tensor as 32-bit floats, zeros of sparse ones included.
// Errors: sizing.model_invalid.
[[nodiscard]] Result<PassingVector<float>> decode_constant(const TfliteTensor& tensor);

// Elements of a tensor; more than any tensor of the pose models has are refused (empty).
[[nodiscard]] std::optional<std::size_t> element_count(const std::vector<std::uint32_t>& shape);

[[nodiscard]] std::unexpected<Error> invalid_model(std::string_view what);

}  // namespace selvage::sizing::detail
