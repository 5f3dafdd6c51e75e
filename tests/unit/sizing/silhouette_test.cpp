#include "sizing/silhouette.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "sizing/measurements.hpp"
#include "unit/sizing/drawn_body.hpp"

namespace selvage::sizing {
namespace {

double feature(const Silhouette& silhouette, std::string_view name) {
  const auto names = feature_names();
  const auto found = std::ranges::find(names, name);
  REQUIRE(found != names.end());
  return silhouette.features[static_cast<std::size_t>(found - names.begin())];
}

TEST_CASE("Silhouette: breadths of a drawn body are right to a fraction of a sample") {
  const auto silhouette = find_silhouette(test::draw({}));
  REQUIRE(silhouette);
  const double sample = 1.0 / 190;
  CHECK(feature(*silhouette, "torso_at_68") == doctest::Approx(0.18).epsilon(0.02));
  CHECK(feature(*silhouette, "torso_at_56") == doctest::Approx(0.2).epsilon(0.02));
  CHECK(std::abs(feature(*silhouette, "crotch_y") - 0.47) < 1.5 * sample);
  CHECK(feature(*silhouette, "arm_at_120") == doctest::Approx(0.05).epsilon(0.08));
  CHECK(feature(*silhouette, "leg_at_20") == doctest::Approx(0.088).epsilon(0.05));
  CHECK(silhouette->obstacles.unseen == 0);
  CHECK(silhouette->obstacles.arms < 0.3);
}

TEST_CASE("Silhouette: a tilted camera and a smaller body in the picture change nothing") {
  const auto upright = find_silhouette(test::draw({}));
  for (const test::DrawnBody& other :
       {test::DrawnBody{.tilt_degrees = 15}, test::DrawnBody{.tilt_degrees = -15},
        test::DrawnBody{.stature = 170}}) {
    const auto changed = find_silhouette(test::draw(other));
    REQUIRE(changed);
    for (const char* name : {"torso_at_60", "torso_at_70", "leg_at_30", "crotch_y", "shoulders"})
      CHECK(feature(*changed, name) == doctest::Approx(feature(*upright, name)).epsilon(0.02));
  }
  CHECK(find_silhouette(test::draw({.tilt_degrees = 15}))->obstacles.tilt_degrees ==
        doctest::Approx(15).epsilon(0.02));
}

TEST_CASE("Silhouette: arms against the torso are cut off, and the cut is told") {
  const auto apart = find_silhouette(test::draw({.arm_degrees = 25}));
  const auto close = find_silhouette(test::draw({.arm_degrees = 2}));
  REQUIRE(apart);
  REQUIRE(close);
  CHECK(close->obstacles.arms > 0.7);
  CHECK(close->obstacles.arms > apart->obstacles.arms + 0.4);
  // never the whole of torso and arms
  CHECK(feature(*close, "torso_at_68") < 0.23);
}

TEST_CASE("Silhouette: an edge behind one arm lies where the other side's image does") {
  for (const double torso : {0.08, 0.09, 0.095}) {
    const auto one = find_silhouette(
        test::draw({.half_torso = torso, .arm_degrees = 25, .left_arm_degrees = 1}));
    REQUIRE(one);
    CHECK(feature(*one, "torso_at_68") == doctest::Approx(2 * torso).epsilon(0.03));
  }
}

const MeasuringLine& line(const Silhouette& silhouette, std::string_view name) {
  const auto found = std::ranges::find(silhouette.lines, name, &MeasuringLine::name);
  REQUIRE(found != silhouette.lines.end());
  return *found;
}

TEST_CASE("Silhouette: lines are drawn where the mask's samples were taken") {
  const Pose pose = test::draw({});
  const auto silhouette = find_silhouette(pose);
  REQUIRE(silhouette);
  const MeasuringLine& hip = line(*silhouette, "hip");
  const MaskPlaces places(pose.roi);
  const auto left = places.of(hip.x0, hip.y0), right = places.of(hip.x1, hip.y1);
  // Drawn with its middle between the samples 127 and 128.
  CHECK(left.column + right.column == doctest::Approx(255).epsilon(0.002));
  CHECK(right.column - left.column == doctest::Approx(0.2 * 190).epsilon(0.03));
}

TEST_CASE("Silhouette: chest and waist are drawn where they are, with the arms close, too") {
  for (const double arms : {25.0, 12.0, 2.0}) {
    CAPTURE(arms);
    const Pose pose = test::draw({.arm_degrees = arms});
    const auto silhouette = find_silhouette(pose);
    REQUIRE(silhouette);
    const double hips = pose[LandmarkId::left_hip].y, shoulders = pose[LandmarkId::left_shoulder].y;
    auto height = [&](const char* name) {
      return (hips - line(*silhouette, name).y0) / (hips - shoulders);
    };
    CHECK(height("chest") == doctest::Approx(0.8).epsilon(0.05));
    CHECK((height("waist") > 0.25 && height("waist") < 0.46));
    CHECK((height("hip") > -0.2 && height("hip") < 0.12));
    // from one side of the torso to the other, and no further
    const MeasuringLine& chest = line(*silhouette, "chest");
    const double across = (chest.x1 - chest.x0) / pose.roi.side * Mask::kSide / 190;
    CHECK((across > 0.17 && across < 0.25));
  }
}

TEST_CASE("Silhouette: the shade of the torso is the same mirrored, and in any light") {
  auto lit = [](auto light) {
    Pose pose = test::draw({});
    pose.grey.values.resize(pose.mask.values.size());
    for (int row = 0; row < Grey::kSide; ++row)
      for (int column = 0; column < Grey::kSide; ++column)
        pose.grey.values[static_cast<std::size_t>(row) * Grey::kSide + column] =
            static_cast<std::uint8_t>(light(column - 127.5, row));
    const auto silhouette = find_silhouette(pose);
    REQUIRE(silhouette);
    const auto names = feature_names();
    std::vector<double> light_features;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i].starts_with("light_")) light_features.push_back(silhouette->features[i]);
    REQUIRE(light_features.size() == 147);
    return light_features;
  };
  const auto shade = [](double x, double) { return 120 - 60 * std::abs(x + 10) / 128; };
  const auto as_is = lit(shade);
  const auto mirrored = lit([&](double x, double y) { return shade(-x, y); });
  const auto brighter = lit([&](double x, double y) { return 1.7 * shade(x, y); });
  const auto striped = lit([&](double x, double y) {
    return (static_cast<int>(y / 16) % 2 == 0 ? 1 : 1.6) * shade(x, y);
  });
  double most = 0;
  for (std::size_t i = 0; i < as_is.size(); ++i) {
    most = std::max(most, std::abs(as_is[i]));
    CHECK(std::abs(mirrored[i] - as_is[i]) < 0.01);
    CHECK(std::abs(brighter[i] - as_is[i]) < 0.02);
    CHECK(std::abs(striped[i] - as_is[i]) < 0.02);
  }
  CHECK(most > 0.01);
  const auto flat = lit([](double, double) { return 90; });
  for (const double each : flat) CHECK(std::abs(each) < 1e-9);
}

TEST_CASE("Silhouette: every feature of every drawn body is finite and named") {
  for (const double arms : {-10.0, 0.0, 40.0, 90.0, 170.0})
    for (const double tilt : {-60.0, 0.0, 100.0}) {
      const auto silhouette =
          find_silhouette(test::draw({.arm_degrees = arms, .tilt_degrees = tilt}));
      if (!silhouette) continue;
      CHECK(silhouette->features.size() == feature_names().size());
      CHECK(std::ranges::all_of(silhouette->features, [](double f) { return std::isfinite(f); }));
    }
}

TEST_CASE("Silhouette: nonsense has none, and never crashes") {
  Pose pose = test::draw({});
  pose.mask.values.clear();
  CHECK_FALSE(find_silhouette(pose));
  pose = test::draw({});
  for (auto& mark : pose.landmarks) mark.x = mark.y = 300;
  CHECK_FALSE(find_silhouette(pose));
  pose = test::draw({});
  pose.landmarks[5].x = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(find_silhouette(pose));
  pose = test::draw({});
  pose.roi.side = 0;
  CHECK_FALSE(find_silhouette(pose));
  // everything and nothing is the body
  for (const float all : {0.0F, 1.0F}) {
    pose = test::draw({});
    std::ranges::fill(pose.mask.values, all);
    if (const auto silhouette = find_silhouette(pose))
      CHECK(std::ranges::all_of(silhouette->features, [](double f) { return std::isfinite(f); }));
  }
}

TEST_CASE("Measurements: the coefficients were fitted to the features that are computed") {
  CHECK(coefficients_match_features());
}

TEST_CASE("Measurements: a drawn body has sane sizes that grow with the height") {
  const auto silhouette = find_silhouette(test::draw({}));
  REQUIRE(silhouette);
  const Measurements small = measure(*silhouette, 150, std::nullopt);
  const Measurements large = measure(*silhouette, 190, std::nullopt);
  for (const Measure m : kMeasures) {
    CAPTURE(name(m));
    CHECK(small[m].cm < large[m].cm);
    CHECK(small[m].sd > 0);
    CHECK(measure_named(name(m)) == m);
  }
  CHECK(small[Measure::chest].cm > 50);
  CHECK(large[Measure::chest].cm < 160);
  // rectangles are no body the fit has seen: it must say that it is unsure
  CHECK(large[Measure::chest].sd > 3.5);
}

}  // namespace
}  // namespace selvage::sizing
