#include "sizing/detail/network.hpp"

#include <fmt/format.h>
#include <xnnpack.h>

#include <algorithm>
#include <optional>

namespace selvage::sizing::detail {
namespace {

// XNNPACK may read, but not use, a little past the end of a buffer.
constexpr std::size_t kSlack = XNN_EXTRA_BYTES / sizeof(float);

struct DeleteSubgraph {
  void operator()(xnn_subgraph* subgraph) const { xnn_delete_subgraph(subgraph); }
};

std::unexpected<Error> refused(ErrorKind kind, std::string_view what, xnn_status status) {
  return fail(kind, "sizing.inference",
              fmt::format("XNNPACK could not {} (status {})", what, static_cast<int>(status)),
              status == xnn_status_out_of_memory
                  ? "give the process more memory, or run fewer pose workers"
                  : "see that the machine has SSE2 and that libxnnpack0 is Debian 12's");
}

class Builder {
 public:
  explicit Builder(const NetworkModel& model) : model_(model) {}

  Result<std::unique_ptr<xnn_subgraph, DeleteSubgraph>> build() {
    // External values have the lowest ids: the input, then the parts of the outputs.
    std::uint32_t externals = 1;
    for (const auto& parts : model_.outputs) externals += static_cast<std::uint32_t>(parts.size());
    xnn_subgraph_t raw = nullptr;
    check(xnn_create_subgraph(externals, 0, &raw));
    graph_.reset(raw);
    if (status_ != xnn_status_success) return result();

    ids_.assign(model_.values.size(), XNN_INVALID_VALUE_ID);
    std::uint32_t id = 0;
    define_value(model_.input, id++, XNN_VALUE_FLAG_EXTERNAL_INPUT);
    for (const auto& parts : model_.outputs) {
      for (const std::uint32_t part : parts) {
        define_value(part, id++, XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
      }
    }
    constant_ids_.assign(model_.constants.size(), XNN_INVALID_VALUE_ID);
    for (const Node& node : model_.nodes) define(node);
    return result();
  }

 private:
  Result<std::unique_ptr<xnn_subgraph, DeleteSubgraph>> result() {
    if (status_ == xnn_status_success) return std::move(graph_);
    return refused(ErrorKind::unavailable, "take the pose model", status_);
  }

  // The first failure is kept; what follows is skipped.
  void check(xnn_status status) {
    if (status_ == xnn_status_success) status_ = status;
  }

  void define_value(std::uint32_t value, std::uint32_t external, std::uint32_t flags) {
    if (status_ != xnn_status_success) return;
    const Shape& shape = model_.values[value];
    const std::size_t sides[4] = {1, shape.height, shape.width, shape.channels};
    check(xnn_define_tensor_value(graph_.get(), xnn_datatype_fp32, 4, sides, nullptr, external,
                                  flags, &ids_[value]));
  }

  std::uint32_t constant(std::uint32_t index) {
    if (constant_ids_[index] == XNN_INVALID_VALUE_ID) {
      const Constant& each = model_.constants[index];
      const std::vector<std::size_t> sides(each.shape.begin(), each.shape.end());
      check(xnn_define_tensor_value(graph_.get(), xnn_datatype_fp32, sides.size(), sides.data(),
                                    each.entries.data(), XNN_INVALID_VALUE_ID, 0,
                                    &constant_ids_[index]));
    }
    return constant_ids_[index];
  }

  void define(const Node& node) {
    if (status_ != xnn_status_success) return;
    xnn_subgraph_t graph = graph_.get();
    if (ids_[node.output] == XNN_INVALID_VALUE_ID) {
      define_value(node.output, XNN_INVALID_VALUE_ID, 0);
    }
    const std::uint32_t in = ids_[node.inputs[0]], out = ids_[node.output];
    const Shape& from = model_.values[node.inputs[0]];
    const Shape& to = model_.values[node.output];
    const Padding& pad = node.padding;
    switch (node.operation) {
      case Operation::convolution:
        return check(xnn_define_convolution_2d(
            graph, pad.top, pad.right, pad.bottom, pad.left, node.kernel_height, node.kernel_width,
            node.stride_height, node.stride_width, 1, 1, 1, from.channels, to.channels, node.low,
            node.high, in, constant(node.filter), constant(node.bias), out, 0));
      case Operation::depthwise:
        return check(xnn_define_depthwise_convolution_2d(
            graph, pad.top, pad.right, pad.bottom, pad.left, node.kernel_height, node.kernel_width,
            node.stride_height, node.stride_width, 1, 1, 1, from.channels, node.low, node.high, in,
            constant(node.filter), constant(node.bias), out, 0));
      case Operation::max_pool:
        return check(xnn_define_max_pooling_2d(
            graph, pad.top, pad.right, pad.bottom, pad.left, node.kernel_height, node.kernel_width,
            node.stride_height, node.stride_width, 1, 1, node.low, node.high, in, out, 0));
      case Operation::add:
        return check(xnn_define_add2(graph, node.low, node.high, in, ids_[node.inputs[1]], out, 0));
      case Operation::resize:  // without flags: half-pixel centres
        return check(xnn_define_static_resize_bilinear_2d(graph, to.height, to.width, in, out, 0));
      case Operation::depth_to_space:
        return check(xnn_define_depth_to_space(graph, in, out, node.block, 0));
      case Operation::sigmoid:
        return check(xnn_define_sigmoid(graph, in, out, 0));
    }
  }

  const NetworkModel& model_;
  std::unique_ptr<xnn_subgraph, DeleteSubgraph> graph_;
  std::vector<std::uint32_t> ids_, constant_ids_;
  xnn_status status_ = xnn_status_success;
};

}  // namespace

void Network::Delete::operator()(xnn_runtime* runtime) const { xnn_delete_runtime(runtime); }

Result<Network> Network::create(const NetworkModel& model) {
  // May be called any number of times, from any thread.
  if (const xnn_status status = xnn_initialize(nullptr); status != xnn_status_success) {
    return refused(ErrorKind::unavailable, "start", status);
  }
  const auto graph = TRY(Builder(model).build());
  Network network;
  xnn_runtime_t runtime = nullptr;
  if (const xnn_status status = xnn_create_runtime_v2(graph.get(), nullptr, 0, &runtime);
      status != xnn_status_success) {
    return refused(ErrorKind::unavailable, "prepare the pose model", status);
  }
  network.runtime_.reset(runtime);

  network.input_elements_ = model.values[model.input].elements();
  network.input_.resize(network.input_elements_ + kSlack);
  std::vector<xnn_external_value> externals{{0, network.input_.data()}};
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const std::size_t elements = model.output_elements(i);
    network.output_elements_.push_back(elements);
    float* at = network.outputs_.emplace_back(elements + kSlack).data();
    for (const std::uint32_t part : model.outputs[i]) {
      externals.push_back({static_cast<std::uint32_t>(externals.size()), at});
      at += model.values[part].elements();
    }
  }
  if (const xnn_status status = xnn_setup_runtime(runtime, externals.size(), externals.data());
      status != xnn_status_success) {
    return refused(ErrorKind::unavailable, "set the pose model up", status);
  }
  return network;
}

Result<void> Network::run() {
  const xnn_status status = xnn_invoke_runtime(runtime_.get());
  if (status == xnn_status_success) return {};
  return refused(ErrorKind::internal, "run the pose model", status);
}

}  // namespace selvage::sizing::detail
