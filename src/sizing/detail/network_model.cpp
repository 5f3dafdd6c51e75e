#include "sizing/detail/network_model.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "sizing/detail/network_shapes.hpp"
#include "sizing/detail/tflite_model.hpp"

namespace selvage::sizing::detail {
namespace {

constexpr std::size_t kMostConstantEntries = std::size_t{1} << 24;

// What a tensor of the file has become.
struct Folded {
  std::optional<std::uint32_t> constant;
  std::vector<std::uint32_t> values;  // one, or the parts of what was joined
  bool reshaped = false;              // its values keep the shapes they had
  std::optional<Padding> padding;     // to be put around the value
};

class Folder {
 public:
  explicit Folder(const TfliteModel& file) : file_(file), folded_(file.tensors.size()) {}

  Result<NetworkModel> fold() {
    if (file_.inputs.size() != 1) return invalid_model("it has not exactly one input");
    network_.input = TRY(new_value(file_.inputs[0]));
    for (const TfliteOperator& each : file_.operators) TRY(fold_operator(each));
    std::vector<bool> taken(network_.values.size());
    taken[network_.input] = true;
    for (const std::uint32_t tensor : file_.outputs) {
      const Folded& output = folded_[tensor];
      if (output.values.empty() || output.padding)
        return invalid_model("an output is not computed");
      for (const std::uint32_t value : output.values) {
        if (taken[value]) return invalid_model("an output occurs twice");
        taken[value] = true;
      }
      network_.outputs.push_back(output.values);
    }
    if (network_.outputs.empty()) return invalid_model("it has no output");
    TRY(drop_unused());
    return std::move(network_);
  }

 private:
  // Nodes that no output needs. XNNPACK gives their results no memory and would abort.
  Result<void> drop_unused() {
    std::vector<bool> needed(network_.values.size());
    for (const auto& parts : network_.outputs) {
      for (const std::uint32_t value : parts) needed[value] = true;
    }
    std::vector<Node> kept;
    for (auto node = network_.nodes.rbegin(); node != network_.nodes.rend(); ++node) {
      if (!needed[node->output]) continue;
      for (std::size_t i = 0; i < node->input_count(); ++i) needed[node->inputs[i]] = true;
      kept.push_back(*node);
    }
    network_.nodes.assign(kept.rbegin(), kept.rend());
    if (needed[network_.input]) return {};
    return invalid_model("its outputs do not depend on its input");
  }

  Result<void> fold_operator(const TfliteOperator& each) {
    if (each.outputs.size() != 1 || each.inputs.empty()) {
      return invalid_model("an operator has no input or not one output");
    }
    Folded& output = folded_[each.outputs[0]];
    if (output.constant || !output.values.empty()) {
      return invalid_model("two operators have the same output");
    }
    switch (each.code) {
      case TfliteCode::densify:
      case TfliteCode::dequantize:
        // Decoded when used, by way of the tensor it came from.
        if (decoded_from_.size() < folded_.size()) decoded_from_.resize(folded_.size());
        if (each.inputs[0] == each.outputs[0]) return invalid_model("a constant is its own source");
        decoded_from_[each.outputs[0]] = origin(each.inputs[0]);
        return {};
      case TfliteCode::pad:
        return fold_padding(each, output);
      case TfliteCode::reshape:
        return fold_reshape(each, output);
      case TfliteCode::concatenation:
        return fold_concatenation(each, output);
      case TfliteCode::conv_2d:
      case TfliteCode::depthwise_conv_2d:
        return fold_convolution(each);
      case TfliteCode::max_pool_2d: {
        Node node{.operation = Operation::max_pool,
                  .kernel_height = static_cast<std::uint32_t>(each.options.filter_height),
                  .kernel_width = static_cast<std::uint32_t>(each.options.filter_width)};
        TRY(take_window(each.options, node));
        return add_node(each, node, 1);
      }
      case TfliteCode::add: {
        Node node{.operation = Operation::add};
        TRY(take_activation(each.options.activation, node));
        return add_node(each, node, 2);
      }
      case TfliteCode::logistic:
        return add_node(each, {.operation = Operation::sigmoid}, 1);
      case TfliteCode::resize_bilinear:
        if (each.options.align_corners || !each.options.half_pixel_centres) {
          return invalid_model("it resizes in a way that is not supported");
        }
        return add_node(each, {.operation = Operation::resize}, 1);
      case TfliteCode::depth_to_space:
        return add_node(each,
                        {.operation = Operation::depth_to_space,
                         .block = static_cast<std::uint32_t>(each.options.block_size)},
                        1);
    }
    return invalid_model("it has an operator that is not supported");
  }

  [[nodiscard]] std::uint32_t origin(std::uint32_t tensor) const {
    if (tensor < decoded_from_.size() && decoded_from_[tensor]) return *decoded_from_[tensor];
    return tensor;
  }

  Result<std::uint32_t> constant(std::uint32_t tensor) {
    Folded& folded = folded_[tensor];
    if (folded.constant) return *folded.constant;
    if (!folded.values.empty()) return invalid_model("a weight is computed");
    // DEQUANTIZE and DENSIFY change the form of the entries only.
    const TfliteTensor& source = file_.tensors[origin(tensor)];
    if (source.shape != file_.tensors[tensor].shape) return invalid_model("a weight changes shape");
    Constant decoded{source.shape, TRY(decode_constant(source))};
    constant_entries_ += decoded.entries.size();
    if (constant_entries_ > kMostConstantEntries) return invalid_model("it has too many weights");
    network_.constants.push_back(std::move(decoded));
    folded.constant = static_cast<std::uint32_t>(network_.constants.size() - 1);
    return *folded.constant;
  }

  Result<std::uint32_t> new_value(std::uint32_t tensor) {
    const TfliteTensor& declared = file_.tensors[tensor];
    if (declared.shape.size() != 4 || declared.shape[0] != 1 || !element_count(declared.shape) ||
        declared.type != TensorType::float32) {
      return invalid_model("a computed tensor is not a picture of 32-bit floats");
    }
    network_.values.push_back({declared.shape[1], declared.shape[2], declared.shape[3]});
    const auto value = static_cast<std::uint32_t>(network_.values.size() - 1);
    folded_[tensor].values = {value};
    return value;
  }

  // The one value behind a tensor; `padding` is where its padding goes, null where none may be.
  Result<std::uint32_t> value_of(std::uint32_t tensor, Padding* padding) const {
    const Folded& folded = folded_[tensor];
    if (folded.values.size() != 1 || folded.reshaped || (folded.padding && padding == nullptr)) {
      return invalid_model("an operator's input is not computed before it, or not as supported");
    }
    if (folded.padding) *padding = *folded.padding;
    return folded.values[0];
  }

  Result<void> add_node(const TfliteOperator& each, Node node, std::size_t inputs) {
    if (each.inputs.size() < inputs) return invalid_model("an operator lacks an input");
    const bool pads =
        node.operation == Operation::convolution || node.operation == Operation::depthwise;
    Padding padding;
    for (std::size_t i = 0; i < inputs; ++i) {
      node.inputs[i] = TRY(value_of(each.inputs[i], pads ? &padding : nullptr));
    }
    const bool padded = folded_[each.inputs[0]].padding.has_value();
    if (padded && each.options.same_padding) return invalid_model("it pads twice");
    node.output = TRY(new_value(each.outputs[0]));
    const bool windowed = pads || node.operation == Operation::max_pool;
    node.padding = windowed && each.options.same_padding
                       ? same_padding(network_.values[node.inputs[0]], node)
                       : padding;
    TRY(check_shapes(network_, node));
    network_.nodes.push_back(node);
    return {};
  }

  Result<void> fold_convolution(const TfliteOperator& each) {
    if (each.inputs.size() != 3) return invalid_model("a convolution lacks its weights");
    const bool depthwise = each.code == TfliteCode::depthwise_conv_2d;
    if (depthwise && each.options.depth_multiplier != 1) {
      return invalid_model("a depthwise convolution multiplies its channels");
    }
    Node node{.operation = depthwise ? Operation::depthwise : Operation::convolution};
    node.filter = TRY(constant(each.inputs[1]));
    node.bias = TRY(constant(each.inputs[2]));
    const auto& shape = network_.constants[node.filter].shape;
    if (shape.size() != 4) return invalid_model("a convolution's weights have a wrong shape");
    node.kernel_height = shape[1];
    node.kernel_width = shape[2];
    TRY(take_window(each.options, node));
    return add_node(each, node, 1);
  }

  static Result<void> take_window(const TfliteOptions& options, Node& node) {
    const bool sane = options.stride_height >= 1 && options.stride_width >= 1 &&
                      options.stride_height <= 8 && options.stride_width <= 8 &&
                      options.dilation_height == 1 && options.dilation_width == 1;
    if (!sane) return invalid_model("an operator's stride is not supported");
    node.stride_height = static_cast<std::uint32_t>(options.stride_height);
    node.stride_width = static_cast<std::uint32_t>(options.stride_width);
    return take_activation(options.activation, node);
  }

  static Result<void> take_activation(std::int32_t activation, Node& node) {
    constexpr std::int32_t kNone = 0, kRelu = 1, kRelu6 = 3;
    if (activation == kRelu || activation == kRelu6) node.low = 0;
    if (activation == kRelu6) node.high = 6;
    if (activation == kNone || activation == kRelu || activation == kRelu6) return {};
    return invalid_model("an activation is not supported");
  }

  Result<void> fold_padding(const TfliteOperator& each, Folded& output) {
    if (each.inputs.size() != 2) return invalid_model("padding lacks its widths");
    const std::uint32_t value = TRY(value_of(each.inputs[0], nullptr));
    const Padding padding = TRY(read_padding(file_.tensors[each.inputs[1]]));
    // The consumer's shapes are checked, so the padded tensor's own need not be.
    output.values = {value};
    output.padding = padding;
    return {};
  }

  Result<void> fold_reshape(const TfliteOperator& each, Folded& output) {
    const Folded& input = folded_[each.inputs[0]];
    const auto declared = element_count(file_.tensors[each.outputs[0]].shape);
    if (input.values.empty() || input.padding || !declared || *declared != elements(input.values)) {
      return invalid_model("a reshaped tensor changes its size");
    }
    output.values = input.values;
    output.reshaped = true;
    return {};
  }

  // Joined along the first dimension that is not 1, the parts simply follow each other.
  Result<void> fold_concatenation(const TfliteOperator& each, Folded& output) {
    const auto& shape = file_.tensors[each.outputs[0]].shape;
    const auto declared = element_count(shape);
    if (!declared || each.options.axis != 1 || shape.size() < 2 || shape[0] != 1 ||
        each.options.activation != 0) {
      return invalid_model("tensors are joined in a way that is not supported");
    }
    std::vector<std::uint32_t> parts;
    for (const std::uint32_t tensor : each.inputs) {
      const Folded& part = folded_[tensor];
      const auto& own = file_.tensors[tensor].shape;
      const bool fits = own.size() == shape.size() && own[0] == 1 &&
                        std::equal(own.begin() + 2, own.end(), shape.begin() + 2);
      if (part.values.empty() || part.padding || !fits) {
        return invalid_model("joined tensors do not fit each other");
      }
      parts.insert(parts.end(), part.values.begin(), part.values.end());
    }
    if (*declared != elements(parts)) return invalid_model("joined tensors change their size");
    output.values = std::move(parts);
    output.reshaped = true;
    return {};
  }

  [[nodiscard]] std::size_t elements(const std::vector<std::uint32_t>& values) const {
    std::size_t sum = 0;
    for (const std::uint32_t value : values) sum += network_.values[value].elements();
    return sum;
  }

  const TfliteModel& file_;
  std::vector<Folded> folded_;                              // one a tensor
  std::vector<std::optional<std::uint32_t>> decoded_from_;  // one a tensor, when any
  NetworkModel network_;
  std::size_t constant_entries_ = 0;
};

}  // namespace

std::size_t NetworkModel::output_elements(std::size_t output) const {
  std::size_t sum = 0;
  for (const std::uint32_t value : outputs[output]) sum += values[value].elements();
  return sum;
}

void NetworkModel::add_sigmoid(std::size_t output) {
  SELVAGE_CHECK(outputs[output].size() == 1);
  const std::uint32_t logits = outputs[output][0];
  values.push_back(values[logits]);
  const auto squashed = static_cast<std::uint32_t>(values.size() - 1);
  nodes.push_back({.operation = Operation::sigmoid, .inputs = {logits, 0}, .output = squashed});
  outputs[output] = {squashed};
}

Result<NetworkModel> read_network(std::string_view tflite_file) {
  const TfliteModel file = TRY(read_tflite(tflite_file));
  return Folder(file).fold();
}

}  // namespace selvage::sizing::detail
