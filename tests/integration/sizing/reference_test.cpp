// Our pipeline beside MediaPipe's own output for the same pictures and models.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"
#include "integration/sizing/models_fixture.hpp"
#include "support/shared_data.hpp"

namespace selvage::sizing {
namespace {

// Of MediaPipe's landmark and ours, in pixels; a prototype's figures were 0.01 and 0.16.
constexpr double kLargestMean = 0.5;

double number(const json::value& object, const char* key) {
  return object.at(key).to_number<double>();
}

struct Difference {
  double mean = 0, worst = 0, visibility = 0, world = 0;
};

Difference compare(const Pose& pose, const json::value& wanted) {
  Difference found;
  for (std::size_t i = 0; i < kLandmarks; ++i) {
    const auto& want = wanted.at("landmarks").at(i);
    const Landmark& have = pose.landmarks[i];
    const double distance = std::hypot(have.x - number(want, "x") * pose.image_width,
                                       have.y - number(want, "y") * pose.image_height);
    found.mean += distance / kLandmarks;
    found.worst = std::max(found.worst, distance);
    found.visibility =
        std::max(found.visibility, std::abs(have.visibility - number(want, "visibility")));
    const auto& metres = wanted.at("world").at(i);
    const WorldLandmark& world = pose.world[i];
    found.world = std::max({found.world, std::abs(world.x - number(metres, "x")),
                            std::abs(world.y - number(metres, "y")),
                            std::abs(world.z - number(metres, "z"))});
  }
  return found;
}

TEST_CASE("Pose: agrees with MediaPipe on the reference pictures, to a fraction of a pixel") {
  const auto folder = selvage::test::shared_data("pose");
  PoseEstimator* estimator = test::estimator();
  if (!folder || estimator == nullptr) return;
  const auto reference = json::parse(test::bytes_of(*folder / "mediapipe-full.json"));
  REQUIRE(reference.has_value());
  std::string figures;
  double sum = 0;
  int poses = 0;
  for (const auto& wanted : reference->as_array()) {
    const std::string name(wanted.at("image").as_string());
    CAPTURE(name);
    const image::Picture picture = test::photo(*folder / name);
    CHECK(picture.width == number(wanted, "w"));
    CHECK(picture.height == number(wanted, "h"));
    const auto pose = estimator->estimate(picture);
    REQUIRE(pose.has_value());
    const bool expected = !wanted.at("landmarks").is_null();
    CHECK(pose->has_value() == expected);
    if (!expected || !*pose) {
      figures += fmt::format("  {:28} {}\n", name, *pose ? "a pose" : "no pose");
      continue;
    }
    const Difference found = compare(**pose, wanted);
    figures +=
        fmt::format("  {:28} mean {:.4f} px, worst {:.3f} px, visibility {:.4f}, world {:.2f} mm\n",
                    name, found.mean, found.worst, found.visibility, found.world * 1000);
    CHECK(found.mean < kLargestMean);
    CHECK(found.visibility < 0.05);
    CHECK(found.world < 0.01);
    sum += found.mean;
    ++poses;
  }
  REQUIRE(poses > 0);
  MESSAGE("difference from MediaPipe, mean of all " << sum / poses << " px:\n" << figures);
}

}  // namespace
}  // namespace selvage::sizing
