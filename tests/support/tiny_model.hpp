// A small TensorFlow Lite file with all that the pose models are made of: weights of 16 bits, dense
// and sparse; padding in front of a convolution; a sum, both depthwise strides, resizing, pooling,
// depth to space, a sigmoid, and outputs that are reshaped and joined.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "support/flat_writer.hpp"

namespace selvage::test {

// Of numbers that a half holds exactly.
inline std::uint16_t half_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) == 0) return static_cast<std::uint16_t>(bits >> 16);
  return static_cast<std::uint16_t>((bits >> 16 & 0x8000) | ((bits >> 13 & 0x3FFFF) - (112 << 10)));
}

class TinyModel {
 public:
  enum Type : std::uint8_t { kFloat = 0, kHalf = 1, kInteger = 2 };
  using Numbers = std::vector<std::int32_t>;

  TinyModel() { buffers_.push_back(flat_table({})); }

  std::int32_t value(Numbers shape) { return tensor(std::move(shape), kFloat, 0); }
  std::int32_t constant(Numbers shape, const std::vector<float>& entries) {
    std::vector<std::uint16_t> halves;
    for (const float entry : entries) halves.push_back(half_of(entry));
    const std::int32_t stored = tensor(shape, kHalf, buffer(halves));
    const std::int32_t decoded = tensor(std::move(shape), kFloat, 0);
    add(6, {stored}, decoded);
    return decoded;
  }
  // Of shape [rows, 1, 1, columns]; zeros are not stored.
  std::int32_t sparse_constant(std::int32_t rows, std::int32_t columns,
                               const std::vector<float>& entries) {
    std::vector<std::uint16_t> halves, segments{0};
    std::vector<std::uint8_t> indices;
    for (std::int32_t row = 0; row < rows; ++row) {
      for (std::int32_t column = 0; column < columns; ++column) {
        const float entry = entries[static_cast<std::size_t>(row * columns + column)];
        if (entry == 0) continue;
        halves.push_back(half_of(entry));
        indices.push_back(static_cast<std::uint8_t>(column));
      }
      segments.push_back(static_cast<std::uint16_t>(halves.size()));
    }
    auto dense = [](std::int32_t size) { return flat_table({{1, flat(size)}}); };
    const Flat compressed = flat_table({{0, flat<std::uint8_t>(1)},
                                        {1, flat(columns)},
                                        {2, flat<std::uint8_t>(2)},
                                        {3, flat_table({{0, flat_vector(segments)}})},
                                        {4, flat<std::uint8_t>(3)},
                                        {5, flat_table({{0, flat_vector(indices)}})}});
    const Flat sparsity =
        flat_table({{0, flat_vector(Numbers{0, 1, 2, 3})},
                    {2, flat_list({dense(rows), dense(1), dense(1), compressed})}});
    const Numbers shape{rows, 1, 1, columns};
    const std::int32_t stored = tensor(shape, kHalf, buffer(halves), &sparsity);
    const std::int32_t spread = tensor(shape, kHalf, 0);
    const std::int32_t decoded = tensor(shape, kFloat, 0);
    add(124, {stored}, spread);
    add(6, {spread}, decoded);
    return decoded;
  }
  std::int32_t integers(Numbers shape, const Numbers& entries) {
    return tensor(std::move(shape), kInteger, buffer(entries));
  }

  void add(std::int32_t code, const Numbers& inputs, std::int32_t output, Flat options = {}) {
    std::size_t index = 0;
    while (index < codes_.size() && codes_[index] != code) ++index;
    if (index == codes_.size()) codes_.push_back(code);
    std::vector<FlatField> fields{{0, flat(static_cast<std::uint32_t>(index))},
                                  {1, flat_vector(inputs)},
                                  {2, flat_vector(Numbers{output})}};
    if (options.kind == Flat::Kind::table) fields.push_back({4, std::move(options)});
    operators_.push_back(flat_table(std::move(fields)));
  }

  [[nodiscard]] std::string file(const Numbers& inputs, const Numbers& outputs) const {
    std::vector<Flat> codes;
    for (const std::int32_t code : codes_) codes.push_back(flat_table({{3, flat(code)}}));
    const Flat graph = flat_table({{0, flat_list(tensors_)},
                                   {1, flat_vector(inputs)},
                                   {2, flat_vector(outputs)},
                                   {3, flat_list(operators_)}});
    return FlatWriter::file(flat_table({{0, flat<std::uint32_t>(3)},
                                        {1, flat_list(codes)},
                                        {2, flat_list({graph})},
                                        {4, flat_list(buffers_)}}),
                            "TFL3");
  }

 private:
  template <class T>
  std::uint32_t buffer(const std::vector<T>& entries) {
    Flat data = flat_vector(entries);
    data.count = static_cast<std::uint32_t>(data.bytes.size());
    buffers_.push_back(flat_table({{0, std::move(data)}}));
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  }
  std::int32_t tensor(Numbers shape, Type type, std::uint32_t in, const Flat* sparsity = nullptr) {
    std::vector<FlatField> fields{
        {0, flat_vector(shape)}, {1, flat<std::uint8_t>(type)}, {2, flat(in)}};
    if (sparsity != nullptr) fields.push_back({6, *sparsity});
    tensors_.push_back(flat_table(std::move(fields)));
    return static_cast<std::int32_t>(tensors_.size() - 1);
  }

  std::vector<std::int32_t> codes_;
  std::vector<Flat> tensors_, buffers_, operators_;
};

// Eighths between -1 and 1, the same each time.
inline std::vector<float> tiny_weights(std::size_t count, std::uint32_t seed) {
  std::vector<float> all(count);
  for (float& each : all) {
    seed = seed * 1664525 + 1013904223;
    each = static_cast<float>(static_cast<int>(seed >> 28) - 8) / 8;
  }
  return all;
}

// The weights of tiny_model(), for whoever computes what it should put out.
struct TinyWeights {
  std::vector<float> stem = tiny_weights(4 * 3 * 3 * 3, 1), stem_bias = tiny_weights(4, 2);
  std::vector<float> depth = tiny_weights(3 * 3 * 4, 3), depth_bias = tiny_weights(4, 4);
  std::vector<float> point = tiny_weights(8 * 4, 5), point_bias = tiny_weights(8, 6);
  TinyWeights() {
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (i % 4 != 1) point[i] = 0;
    }
  }
};

// input [1,8,8,3]
// a = relu6(conv 3x3 stride 2 of the input padded by 1)          [1,4,4,4]
// b = a + depthwise 3x3 SAME of a                                [1,4,4,4]
// c = conv 1x1 of b, sparse                                      [1,4,4,8]
// d = depth to space of c                                        [1,8,8,2]
// outputs: {max pool 2x2 of d, flat, then b, flat}; sigmoid(d resized to 16 x 16)
inline std::string tiny_model() {
  const TinyWeights weights;
  TinyModel model;
  auto window = [](std::uint8_t padding, std::int32_t stride, std::uint8_t activation) {
    return flat_table(
        {{0, flat(padding)}, {1, flat(stride)}, {2, flat(stride)}, {3, flat(activation)}});
  };
  const std::int32_t input = model.value({1, 8, 8, 3});
  const std::int32_t padded = model.value({1, 10, 10, 3});
  model.add(34, {input, model.integers({4, 2}, {0, 0, 1, 1, 1, 1, 0, 0})}, padded);
  const std::int32_t a = model.value({1, 4, 4, 4});
  const std::int32_t stem = model.constant({4, 3, 3, 3}, weights.stem);
  model.add(3, {padded, stem, model.constant({4}, weights.stem_bias)}, a, window(1, 2, 3));
  const std::int32_t deep = model.value({1, 4, 4, 4}), b = model.value({1, 4, 4, 4});
  const std::int32_t depth = model.constant({1, 3, 3, 4}, weights.depth);
  model.add(4, {a, depth, model.constant({4}, weights.depth_bias)}, deep,
            flat_table({{0, flat<std::uint8_t>(0)},
                        {1, flat<std::int32_t>(1)},
                        {2, flat<std::int32_t>(1)},
                        {3, flat<std::int32_t>(1)}}));
  model.add(0, {a, deep}, b, flat_table({{0, flat<std::uint8_t>(0)}}));
  const std::int32_t c = model.value({1, 4, 4, 8}), d = model.value({1, 8, 8, 2});
  const std::int32_t point = model.sparse_constant(8, 4, weights.point);
  model.add(3, {b, point, model.constant({8}, weights.point_bias)}, c, window(1, 1, 0));
  model.add(5, {c}, d, flat_table({{0, flat<std::int32_t>(2)}}));
  const std::int32_t pooled = model.value({1, 4, 4, 2});
  model.add(17, {d}, pooled,
            flat_table({{0, flat<std::uint8_t>(1)},
                        {1, flat<std::int32_t>(2)},
                        {2, flat<std::int32_t>(2)},
                        {3, flat<std::int32_t>(2)},
                        {4, flat<std::int32_t>(2)}}));
  const std::int32_t flat_pooled = model.value({1, 16, 2}), flat_b = model.value({1, 32, 2});
  model.add(22, {pooled}, flat_pooled);
  model.add(22, {b}, flat_b);
  const std::int32_t joined = model.value({1, 48, 2});
  model.add(2, {flat_pooled, flat_b}, joined, flat_table({{0, flat<std::int32_t>(1)}}));
  const std::int32_t large = model.value({1, 16, 16, 2}), sure = model.value({1, 16, 16, 2});
  model.add(23, {d, model.integers({2}, {16, 16})}, large, flat_table({{3, flat<bool>(true)}}));
  model.add(14, {large}, sure);
  return model.file({input}, {joined, sure});
}

}  // namespace selvage::test
