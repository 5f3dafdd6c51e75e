// Writes what src/sizing sees of the rendered bodies, for fit_measurements.py: one line of CSV a
// picture, variant (rolled, cropped, darker, worse JPEG) and mirroring of it, features in their own
// order.
//
//   dump_features MODELS BODIES VARIANTS [FIRST COUNT] > features.csv
//
// FIRST and COUNT choose some of the bodies, for a run on several cores; the header comes with
// the first body of all.
// Variant 0 is the picture as it is; the others are drawn with a fixed seed, so the file can be
// made again. Pictures without a pose are left out and counted on standard error.
#include <fmt/core.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include "image/resize.hpp"
#include "sizing/photo.hpp"
#include "sizing/pose_estimator.hpp"
#include "sizing/silhouette.hpp"
#include "support/picture_variants.hpp"

using namespace selvage;

namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A random harmless change. `pose` is that of the picture, for a crop that keeps the body.
image::Picture varied(image::Picture picture, const sizing::Pose& pose, std::mt19937& random) {
  auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  if (between(0, 1) < 0.6) {
    float left = 1e9F, right = 0, top = 1e9F, bottom = 0;
    for (const auto& mark : pose.landmarks) {
      left = std::min(left, mark.x), right = std::max(right, mark.x);
      top = std::min(top, mark.y), bottom = std::max(bottom, mark.y);
    }
    // the crown lies a head above the eyes, hands and soles a little beyond their landmarks
    const double tall = bottom - top;
    auto inward = [&](double edge, double body) { return edge + (body - edge) * between(0, 1); };
    const double w = picture.width, h = picture.height;
    picture = test::cropped(picture, static_cast<int>(inward(0, std::max(0.0, left - 0.06 * tall))),
                            static_cast<int>(inward(0, std::max(0.0, top - 0.15 * tall))),
                            static_cast<int>(inward(w, std::min(w, right + 0.06 * tall))),
                            static_cast<int>(inward(h, std::min(h, bottom + 0.06 * tall))));
  }
  if (between(0, 1) < 0.7) picture = test::rolled(picture, between(-15, 15));
  if (between(0, 1) < 0.5) picture = test::mirrored(picture);
  if (between(0, 1) < 0.6) picture = test::brighter(picture, between(0.55, 1.5));
  if (between(0, 1) < 0.5) {
    const double scale = between(0.6, 1);
    picture = image::resize(picture, {static_cast<int>(picture.width * scale),
                                      static_cast<int>(picture.height * scale)});
  }
  if (between(0, 1) < 0.6) picture = test::recompressed(picture, static_cast<int>(between(28, 90)));
  return picture;
}

// Whether there was anything to print.
bool print_features(sizing::PoseEstimator& estimator, const image::Picture& picture,
                    const std::string& name) {
  const auto pose = estimator.estimate(picture);
  if (!pose || !*pose) return false;
  const auto silhouette = sizing::find_silhouette(**pose);
  if (!silhouette) return false;
  const auto& seen = silhouette->obstacles;
  fmt::print("{},{},{:.2f},{:.2f},{:.4f},{:.5f},{:.3f}", name, (*pose)->people, seen.yaw_degrees,
             seen.tilt_degrees, seen.arms, seen.blur, seen.unseen);
  for (const double feature : silhouette->features) fmt::print(",{:.6g}", feature);
  fmt::print("\n");
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    fmt::print(stderr,
               "usage: dump_features MODELS BODIES VARIANTS [FIRST COUNT] > features.csv\n");
    return 2;
  }
  const auto models = sizing::PoseModels::load(argv[1]);
  if (!models) {
    fmt::print(stderr, "error: {}\n", models.error().describe());
    return 3;
  }
  auto estimator = sizing::PoseEstimator::create(**models);
  if (!estimator) {
    fmt::print(stderr, "error: {}\n", estimator.error().describe());
    return 3;
  }
  const int variants = std::atoi(argv[3]);
  const int first = argc == 6 ? std::atoi(argv[4]) : 0;
  const int end = argc == 6 ? first + std::atoi(argv[5]) : std::numeric_limits<int>::max();
  if (first == 0) {
    fmt::print("file,variant,mirrored,people,yaw,tilt,arms,fading,unseen");
    for (const auto name : sizing::feature_names()) fmt::print(",{}", name);
    fmt::print("\n");
  }

  int without = 0;
  for (int number = first; number < end; ++number) {
    const std::string file = fmt::format("b{:04}.jpg", number);
    const std::string bytes = slurp(std::filesystem::path(argv[2]) / file);
    if (bytes.empty()) break;
    const auto picture = sizing::decode_photo(bytes);
    if (!picture) continue;
    const auto original = estimator->estimate(*picture);  // says what a crop must keep
    for (int variant = 0; variant <= variants; ++variant) {
      std::mt19937 random(static_cast<unsigned>(number * 1000 + variant));
      image::Picture changed = *picture;
      if (variant > 0 && original && *original) changed = varied(changed, **original, random);
      for (const bool mirror : {false, true}) {
        if (mirror) changed = test::mirrored(changed);
        without += !print_features(*estimator, changed,
                                   fmt::format("{},{},{}", file, variant, mirror ? 1 : 0));
      }
    }
  }
  fmt::print(stderr, "{} pictures without a silhouette\n", without);
  return 0;
}
