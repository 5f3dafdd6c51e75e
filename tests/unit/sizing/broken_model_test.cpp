#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "sizing/detail/network.hpp"
#include "sizing/detail/tflite_model.hpp"
#include "support/tiny_model.hpp"

namespace selvage::sizing::detail {
namespace {

// What a file of any content may lead to: a clear error, or a network that runs.
bool survives(std::string_view file) {
  auto model = read_network(file);
  if (!model) return model.error().code == "sizing.model_invalid" && !model.error().hint.empty();
  auto network = Network::create(*model);
  if (!network) return network.error().code == "sizing.inference";
  return network->run().has_value();
}

TEST_CASE("Model file: cut off at any length is an error") {
  const std::string file = test::tiny_model();
  for (std::size_t length = 0; length + 4 < file.size(); ++length) {
    const auto model = read_network(std::string_view(file).substr(0, length));
    CAPTURE(length);
    REQUIRE(!model.has_value());
    REQUIRE(model.error().code == "sizing.model_invalid");
  }
}

TEST_CASE("Model file: wild numbers anywhere neither crash nor hang") {
  const std::string file = test::tiny_model();
  for (const std::uint32_t wild :
       {0U, 1U, 2U, 5U, 0x10000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    for (std::size_t at = 0; at + 4 <= file.size(); at += 2) {
      std::string broken = file;
      std::memcpy(broken.data() + at, &wild, at % 4 == 0 ? 4 : 2);
      CAPTURE(at);
      CAPTURE(wild);
      REQUIRE(survives(broken));
    }
  }
}

TEST_CASE("Model file: other files are told apart") {
  for (const char* other :
       {"", "TFL3", "\x89PNG\r\n\x1A\n", "{\"a\": 1}", "....TFL3....", "<html>"}) {
    CAPTURE(other);
    const auto model = read_network(other);
    REQUIRE(!model.has_value());
    CHECK(model.error().message.starts_with("the pose model cannot be used: "));
  }
}

TEST_CASE("Model file: shapes that lie about the weights are refused") {
  auto conv = [](test::TinyModel::Numbers filter, std::int32_t out_side) {
    test::TinyModel model;
    const auto in = model.value({1, 4, 4, 2}), out = model.value({1, out_side, out_side, 3});
    const auto weights = model.constant(filter, test::tiny_weights(6, 1));
    const auto bias = model.constant({3}, {0, 0, 0});
    model.add(3, {in, weights, bias}, out,
              test::flat_table({{0, test::flat<std::uint8_t>(1)},
                                {1, test::flat<std::int32_t>(1)},
                                {2, test::flat<std::int32_t>(1)}}));
    return read_network(model.file({in}, {out}));
  };
  CHECK(conv({3, 1, 1, 2}, 4).has_value());
  CHECK(!conv({3, 1, 1, 2}, 5).has_value());        // a larger output than is computed
  CHECK(!conv({3, 1, 1, 2}, 3).has_value());        // a smaller one: memory would be overrun
  CHECK(!conv({2, 1, 1, 3}, 4).has_value());        // other channels than the input has
  CHECK(!conv({3, 1, 1, 3}, 4).has_value());        // more weights than are stored
  CHECK(!conv({3, 1, 1, 1 << 30}, 4).has_value());  // more than memory
}

TEST_CASE("Constants: halves become the floats they stand for") {
  const std::vector<std::uint16_t> halves{0x0000, 0x8000, 0x3C00, 0xC000, 0x7BFF, 0x0001,
                                          0x03FF, 0x0400, 0x7C00, 0xFC00, 0x3555};
  TfliteTensor tensor{.shape = {static_cast<std::uint32_t>(halves.size())},
                      .type = TensorType::float16,
                      .data = {reinterpret_cast<const char*>(halves.data()), halves.size() * 2}};
  const auto floats = *decode_constant(tensor);
  const float infinity = std::numeric_limits<float>::infinity();
  const float want[] = {0,          -0.0F,    1,        -2,        65504,      0x1p-24F,
                        0x3FFp-24F, 0x1p-14F, infinity, -infinity, 0x1.554p-2F};
  for (std::size_t i = 0; i < halves.size(); ++i) CHECK(floats[i] == want[i]);
  CHECK(std::signbit(floats[1]));
}

TEST_CASE("Constants: sparse rows must lie inside and in order") {
  const std::vector<std::uint16_t> halves{0x3C00, 0x4000, 0x4200};  // 1, 2, 3
  TfliteTensor tensor{
      .shape = {2, 4},
      .type = TensorType::float16,
      .data = {reinterpret_cast<const char*>(halves.data()), 6},
      .sparse = {{.size = 2}, {.size = 4, .segments = {0, 1, 3}, .indices = {3, 0, 2}}}};
  CHECK(*decode_constant(tensor) == PassingVector<float>{0, 0, 0, 1, 2, 0, 3, 0});
  auto refused = [&](std::vector<std::uint32_t> segments, std::vector<std::uint32_t> indices) {
    tensor.sparse[1].segments = std::move(segments);
    tensor.sparse[1].indices = std::move(indices);
    return !decode_constant(tensor).has_value();
  };
  CHECK(refused({0, 1, 3}, {3, 0, 4}));
  CHECK(refused({0, 1, 4}, {3, 0, 2}));
  CHECK(refused({0, 5, 3}, {3, 0, 2}));
  CHECK(refused({2, 1, 3}, {3, 0, 2}));
  CHECK(refused({0, 3}, {3, 0, 2}));
  CHECK(refused({0, 1, 3}, {3, 0}));
}

}  // namespace
}  // namespace selvage::sizing::detail
