// A network that can be run: an XNNPACK runtime with its weights packed for this machine, and its
// input and output buffers.
//
// XNNPACK is initialised on the first creation. Not thread-safe: one a worker. run() stays on the
// calling thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "sizing/detail/network_model.hpp"

struct xnn_runtime;

namespace selvage::sizing::detail {

class Network {
 public:
  // `model` is not needed afterwards. Errors: sizing.inference (unavailable): no memory, or a
  // machine without the instructions that XNNPACK needs.
  [[nodiscard]] static Result<Network> create(const NetworkModel& model);

  // To be filled before run().
  [[nodiscard]] std::span<float> input() { return {input_.data(), input_elements_}; }
  // Valid until the next run(). REQUIRES: index < the model's outputs.
  [[nodiscard]] std::span<const float> output(std::size_t index) const {
    return {outputs_[index].data(), output_elements_[index]};
  }

  // Errors: sizing.inference (internal).
  [[nodiscard]] Result<void> run();

 private:
  struct Delete {
    void operator()(xnn_runtime* runtime) const;
  };
  Network() = default;

  std::unique_ptr<xnn_runtime, Delete> runtime_;
  std::vector<float> input_;
  std::size_t input_elements_ = 0;
  std::vector<std::vector<float>> outputs_;
  std::vector<std::size_t> output_elements_;
};

}  // namespace selvage::sizing::detail
