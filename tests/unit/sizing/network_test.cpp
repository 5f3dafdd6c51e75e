#include "sizing/detail/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/tiny_model.hpp"

namespace selvage::sizing::detail {
namespace {

// Height, width, channels; the textbook form of each operation of tiny_model(), straight from its
// definition.
struct Map {
  int height, width, channels;
  std::vector<float> all = std::vector<float>(static_cast<std::size_t>(height * width * channels));

  float& at(int y, int x, int c) {
    return all[static_cast<std::size_t>((y * width + x) * channels + c)];
  }
  float or_zero(int y, int x, int c) {
    return y < 0 || x < 0 || y >= height || x >= width ? 0 : at(y, x, c);
  }
};

Map made(int height, int width, int channels, const std::function<float(int, int, int)>& of) {
  Map map{height, width, channels};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) map.at(y, x, c) = of(y, x, c);
  return map;
}

struct Expected {
  std::vector<float> joined, sure;
};

Expected expected(Map in) {
  const test::TinyWeights w;
  Map a = made(4, 4, 4, [&](int y, int x, int out) {
    float sum = w.stem_bias[out];
    for (int ky = 0; ky < 3; ++ky)
      for (int kx = 0; kx < 3; ++kx)
        for (int c = 0; c < 3; ++c)
          sum += w.stem[((out * 3 + ky) * 3 + kx) * 3 + c] *
                 in.or_zero(2 * y + ky - 1, 2 * x + kx - 1, c);
    return std::clamp(sum, 0.0F, 6.0F);
  });
  Map b = made(4, 4, 4, [&](int y, int x, int c) {
    float sum = w.depth_bias[c];
    for (int ky = 0; ky < 3; ++ky)
      for (int kx = 0; kx < 3; ++kx)
        sum += w.depth[(ky * 3 + kx) * 4 + c] * a.or_zero(y + ky - 1, x + kx - 1, c);
    return sum + a.at(y, x, c);
  });
  Map c = made(4, 4, 8, [&](int y, int x, int out) {
    float sum = w.point_bias[out];
    for (int i = 0; i < 4; ++i) sum += w.point[out * 4 + i] * b.at(y, x, i);
    return sum;
  });
  Map d = made(8, 8, 2, [&](int y, int x, int out) {
    return c.at(y / 2, x / 2, (y % 2 * 2 + x % 2) * 2 + out);
  });
  Map pooled = made(4, 4, 2, [&](int y, int x, int out) {
    return std::max({d.at(2 * y, 2 * x, out), d.at(2 * y, 2 * x + 1, out),
                     d.at(2 * y + 1, 2 * x, out), d.at(2 * y + 1, 2 * x + 1, out)});
  });
  Map sure = made(16, 16, 2, [&](int y, int x, int out) {
    auto split = [](int i) {
      const float place = std::max(0.0F, (static_cast<float>(i) + 0.5F) / 2 - 0.5F);
      const int first = static_cast<int>(place);
      return std::tuple{first, std::min(first + 1, 7), place - static_cast<float>(first)};
    };
    const auto [y0, y1, fy] = split(y);
    const auto [x0, x1, fx] = split(x);
    const float upper = d.at(y0, x0, out) * (1 - fx) + d.at(y0, x1, out) * fx;
    const float lower = d.at(y1, x0, out) * (1 - fx) + d.at(y1, x1, out) * fx;
    return 1 / (1 + std::exp(-(upper * (1 - fy) + lower * fy)));
  });
  Expected all{pooled.all, sure.all};
  all.joined.insert(all.joined.end(), b.all.begin(), b.all.end());
  return all;
}

float largest_difference(std::span<const float> a, std::span<const float> b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST_CASE("Network: computes what the operations of its file mean") {
  const NetworkModel model = *read_network(test::tiny_model());
  Network network = *Network::create(model);
  Map in{8, 8, 3, test::tiny_weights(8 * 8 * 3, 99)};
  for (int round = 0; round < 2; ++round) {  // the second finds the buffers used
    std::ranges::copy(in.all, network.input().begin());
    REQUIRE(network.run().has_value());
    const Expected want = expected(in);
    REQUIRE(network.output(0).size() == want.joined.size());
    REQUIRE(network.output(1).size() == want.sure.size());
    CHECK(largest_difference(network.output(0), want.joined) < 1e-4F);
    CHECK(largest_difference(network.output(1), want.sure) < 1e-5F);
    for (float& each : in.all) each = -each;
  }
}

TEST_CASE("Network: a sigmoid can be put behind an output") {
  NetworkModel model = *read_network(test::tiny_model());
  Network plain = *Network::create(model);
  model.add_sigmoid(1);
  Network squashed = *Network::create(model);
  const auto input = test::tiny_weights(8 * 8 * 3, 5);
  std::ranges::copy(input, plain.input().begin());
  std::ranges::copy(input, squashed.input().begin());
  REQUIRE(plain.run().has_value());
  REQUIRE(squashed.run().has_value());
  std::vector<float> want;
  for (const float each : plain.output(1)) want.push_back(1 / (1 + std::exp(-each)));
  CHECK(largest_difference(squashed.output(1), want) < 1e-5F);
  CHECK(largest_difference(squashed.output(0), plain.output(0)) == 0);
}

TEST_CASE("Network model: only what computes is left of the file") {
  const NetworkModel model = *read_network(test::tiny_model());
  CHECK(model.nodes.size() == 8);
  CHECK(model.constants.size() == 6);
  CHECK(model.nodes[0].padding.top == 1);
  CHECK(model.nodes[0].padding.right == 1);
  CHECK(model.outputs[0].size() == 2);
  CHECK(model.output_elements(0) == 96);
}

}  // namespace
}  // namespace selvage::sizing::detail
