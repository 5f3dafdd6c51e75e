#include "sizing/detail/network_shapes.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace selvage::sizing::detail {
namespace {

constexpr std::uint32_t kLargestKernel = 16;
constexpr std::uint32_t kWidestPadding = 16;

// How many positions a window has; nothing when it is larger than what it moves over.
std::optional<std::uint32_t> positions(std::uint32_t size, std::uint32_t kernel,
                                       std::uint32_t stride) {
  if (size < kernel) return {};
  return (size - kernel) / stride + 1;
}

std::optional<Shape> slid(const Shape& in, const Node& node, std::uint32_t channels) {
  const Padding& pad = node.padding;
  const bool sane = node.kernel_height >= 1 && node.kernel_width >= 1 &&
                    node.kernel_height <= kLargestKernel && node.kernel_width <= kLargestKernel;
  if (!sane) return {};
  const auto height =
      positions(in.height + pad.top + pad.bottom, node.kernel_height, node.stride_height);
  const auto width =
      positions(in.width + pad.left + pad.right, node.kernel_width, node.stride_width);
  if (!height || !width) return {};
  return Shape{*height, *width, channels};
}

std::optional<Shape> inferred(const NetworkModel& network, const Node& node) {
  const Shape in = network.values[node.inputs[0]];
  switch (node.operation) {
    case Operation::convolution:
    case Operation::depthwise: {
      const auto& filter = network.constants[node.filter].shape;
      const auto& bias = network.constants[node.bias].shape;
      const bool depthwise = node.operation == Operation::depthwise;
      const std::uint32_t out = depthwise ? filter[3] : filter[0];
      const bool fits = filter[3] == in.channels && (!depthwise || filter[0] == 1) &&
                        bias.size() == 1 && bias[0] == out;
      if (!fits) return {};
      return slid(in, node, out);
    }
    case Operation::max_pool:
      // A 1x1 window would pick, not compare; XNNPACK refuses it.
      if (std::uint64_t{node.kernel_height} * node.kernel_width < 2) return {};
      return slid(in, node, in.channels);
    case Operation::add:
      if (network.values[node.inputs[1]] != in) return {};
      return in;
    case Operation::sigmoid:
      return in;
    case Operation::resize: {
      const Shape& out = network.values[node.output];
      if (out.channels != in.channels) return {};
      return out;
    }
    case Operation::depth_to_space: {
      const std::uint32_t block = node.block;
      if (block < 2 || block > kLargestKernel || in.channels % (block * block) != 0) return {};
      return Shape{in.height * block, in.width * block, in.channels / (block * block)};
    }
  }
  return {};
}

}  // namespace

Padding same_padding(const Shape& input, const Node& node) {
  auto missing = [](std::uint32_t size, std::uint32_t kernel, std::uint32_t stride) {
    const std::uint64_t covered = std::uint64_t{(size + stride - 1) / stride - 1} * stride + kernel;
    return covered > size ? static_cast<std::uint32_t>(covered - size) : 0;
  };
  const std::uint32_t vertical = missing(input.height, node.kernel_height, node.stride_height);
  const std::uint32_t sideways = missing(input.width, node.kernel_width, node.stride_width);
  return {vertical / 2, sideways - sideways / 2, vertical - vertical / 2, sideways / 2};
}

Result<Padding> read_padding(const TfliteTensor& widths) {
  std::array<std::uint32_t, 8> width{};  // before and after of batch, height, width, channels
  if (widths.type != TensorType::int32 || widths.data.size() != sizeof width) {
    return invalid_model("padding has no constant widths");
  }
  std::memcpy(width.data(), widths.data.data(), sizeof width);
  for (const std::uint32_t each : width) {
    if (each > kWidestPadding) return invalid_model("padding is wider than any of the pose models");
  }
  if (width[0] != 0 || width[1] != 0 || width[6] != 0 || width[7] != 0) {
    return invalid_model("padding goes beyond height and width");
  }
  return Padding{.top = width[2], .right = width[5], .bottom = width[3], .left = width[4]};
}

Result<void> check_shapes(const NetworkModel& network, const Node& node) {
  const auto shape = inferred(network, node);
  if (shape && *shape == network.values[node.output]) return {};
  return invalid_model("an operator's shapes do not fit each other");
}

}  // namespace selvage::sizing::detail
