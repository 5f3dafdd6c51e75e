// The shapes that operations make, inferred from their inputs and options.
#pragma once

#include "base/error.hpp"
#include "sizing/detail/network_model.hpp"
#include "sizing/detail/tflite_model.hpp"

namespace selvage::sizing::detail {

// TensorFlow's SAME: as many outputs as strides fit into the input, the odd pixel at the far side.
[[nodiscard]] Padding same_padding(const Shape& input, const Node& node);

// The widths of a PAD operator, a constant int32 of shape [4, 2]: height and width only.
[[nodiscard]] Result<Padding> read_padding(const TfliteTensor& widths);

// That the node's weights fit its input, and its output is as large as declared.
// REQUIRES: its values and constants exist. Errors: sizing.model_invalid.
[[nodiscard]] Result<void> check_shapes(const NetworkModel& network, const Node& node);

}  // namespace selvage::sizing::detail
