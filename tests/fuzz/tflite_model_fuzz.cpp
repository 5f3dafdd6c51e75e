// Feeds mutated model files to the loader, and of what it accepts one in 64 to XNNPACK. Started
// with an empty folder as its corpus, it first writes a seed there: a small model with every
// operation.
//
//   mkdir corpus && tflite_model_fuzz corpus -max_len=8192
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "sizing/detail/network.hpp"
#include "support/tiny_model.hpp"

namespace {

namespace fs = std::filesystem;
using namespace selvage::sizing::detail;

// Above that a run takes longer than a thousand loads.
constexpr std::size_t kMostToRun = 1 << 16;

// Packing and running a network takes as long as reading dozens. Chosen by its bytes, so that a
// finding repeats.
bool is_to_be_run(std::string_view file) { return std::hash<std::string_view>()(file) % 64 == 0; }

std::size_t work(const NetworkModel& model) {
  std::size_t sum = 0;
  for (const Shape& shape : model.values) sum += shape.elements();
  for (const Constant& constant : model.constants) sum += constant.entries.size();
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const fs::path path = (*argv)[i];
    if (fs::is_directory(path) && fs::is_empty(path)) {
      std::ofstream(path / "seed", std::ios::binary) << selvage::test::tiny_model();
      break;
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto model = read_network(file);
  if (!model) {
    SELVAGE_CHECK(model.error().code == "sizing.model_invalid" && !model.error().message.empty());
    return 0;
  }
  if (!is_to_be_run(file) || work(*model) > kMostToRun) return 0;
  auto network = Network::create(*model);
  if (!network) {
    SELVAGE_CHECK(network.error().code == "sizing.inference");
    return 0;
  }
  std::ranges::fill(network->input(), 0.5F);
  SELVAGE_CHECK(network->run().has_value());
  for (std::size_t i = 0; i < model->outputs.size(); ++i) {
    SELVAGE_CHECK(network->output(i).size() == model->output_elements(i));
  }
  return 0;
}
