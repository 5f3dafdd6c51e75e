// Constants of the pose models are 16-bit floats, those of the detector's 1x1 convolutions sparse
// as well (three quarters of their entries are zero and not stored).
#include <bit>
#include <cstring>

#include "sizing/detail/tflite_model.hpp"

namespace selvage::sizing::detail {
namespace {

// Scaling by 2^112 moves the exponent from half's bias to float's and makes subnormals right, too.
float from_half(std::uint16_t half) {
  const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7FFF) << 13;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const float scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
  const std::uint32_t special = magnitude >= (0x7C00U << 13) ? 0x7F800000U : 0U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

PassingVector<float> stored_entries(const TfliteTensor& tensor, std::size_t count) {
  PassingVector<float> entries(count);
  if (tensor.type == TensorType::float32) {
    if (count > 0) std::memcpy(entries.data(), tensor.data.data(), count * sizeof(float));
    return entries;
  }
  const char* from = tensor.data.data();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, from + 2 * i, sizeof half);
    entries[i] = from_half(half);
  }
  return entries;
}

// Only the last dimension may be compressed, as in all pose models.
bool is_row_compressed(const TfliteTensor& tensor) {
  const std::size_t dimensions = tensor.shape.size();
  if (tensor.sparse.size() != dimensions || dimensions == 0) return false;
  for (std::size_t i = 0; i < dimensions; ++i) {
    if (tensor.sparse[i].segments.empty() != (i + 1 < dimensions)) return false;
    if (i + 1 < dimensions && tensor.sparse[i].size != tensor.shape[i]) return false;
  }
  return true;
}

Result<PassingVector<float>> spread(const TfliteTensor& tensor, const PassingVector<float>& stored,
                                    std::size_t count) {
  const std::size_t row_length = tensor.shape.back(), rows = count / row_length;
  const auto& [size, segments, indices] = tensor.sparse.back();
  if (segments.size() != rows + 1 || indices.size() != stored.size()) {
    return invalid_model("a sparse tensor's parts do not fit each other");
  }
  PassingVector<float> all(count);
  for (std::size_t row = 0; row < rows; ++row) {
    if (segments[row] > segments[row + 1] || segments[row + 1] > stored.size()) {
      return invalid_model("a sparse tensor's rows overlap");
    }
    for (std::size_t i = segments[row]; i < segments[row + 1]; ++i) {
      if (indices[i] >= row_length) return invalid_model("a sparse tensor's entry lies outside it");
      all[row * row_length + indices[i]] = stored[i];
    }
  }
  return all;
}

}  // namespace

Result<PassingVector<float>> decode_constant(const TfliteTensor& tensor) {
  const auto count = element_count(tensor.shape);
  if (!count) return invalid_model("a tensor is larger than any of the pose models");
  if (tensor.type == TensorType::int32) return invalid_model("a weight is an integer");
  const std::size_t width = tensor.type == TensorType::float16 ? 2 : 4;
  if (tensor.sparse.empty()) {
    if (tensor.data.size() != *count * width) {
      return invalid_model("a tensor's data and shape do not fit each other");
    }
    return stored_entries(tensor, *count);
  }
  if (!is_row_compressed(tensor)) return invalid_model("a tensor is sparse in an unknown way");
  if (tensor.data.size() % width != 0 || tensor.data.size() / width > *count) {
    return invalid_model("a sparse tensor's data and shape do not fit each other");
  }
  return spread(tensor, stored_entries(tensor, tensor.data.size() / width), *count);
}

}  // namespace selvage::sizing::detail
