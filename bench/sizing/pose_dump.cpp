// Prints what the pose pipeline finds, one JSON line a picture, for fitting and comparing.
//
//   pose_dump [--models DIRECTORY] [--masks DIRECTORY] [--same-person 0.5] PICTURE...
//
// {"image": path, "width", "height": of the decoded picture, "pose": null or {...}}; landmarks are
// [x, y, z, visibility, presence] in pixels, world [x, y, z, visibility] in metres. With --masks,
// each picture's mask goes to DIRECTORY/<file name>.f32: 256 x 256 floats of this machine.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sizing/photo.hpp"
#include "sizing/pose_estimator.hpp"

namespace {

namespace fs = std::filesystem;
using namespace selvage;

struct Arguments {
  fs::path models = sizing::default_models_directory();
  fs::path masks;
  sizing::PoseOptions options;
  std::vector<fs::path> pictures;
};

std::string text_of(const sizing::Pose& pose) {
  std::string landmarks, world;
  for (const auto& [x, y, z, visibility, presence] : pose.landmarks) {
    landmarks += fmt::format("{}[{:.4f},{:.4f},{:.4f},{:.6f},{:.6f}]", landmarks.empty() ? "" : ",",
                             x, y, z, visibility, presence);
  }
  for (const auto& [x, y, z, visibility] : pose.world) {
    world += fmt::format("{}[{:.6f},{:.6f},{:.6f},{:.6f}]", world.empty() ? "" : ",", x, y, z,
                         visibility);
  }
  return fmt::format(
      R"({{"detection_score":{:.6f},"pose_score":{:.6f},"people":{},)"
      R"("roi":{{"centre_x":{:.4f},"centre_y":{:.4f},"side":{:.4f},"rotation":{:.6f}}},)"
      R"("landmarks":[{}],"world":[{}]}})",
      pose.detection_score, pose.pose_score, pose.people, pose.roi.centre_x, pose.roi.centre_y,
      pose.roi.side, pose.roi.rotation, landmarks, world);
}

Result<void> dump(sizing::PoseEstimator& estimator, const fs::path& path, const fs::path& masks) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const image::Picture picture = TRY(sizing::decode_photo(bytes));
  const auto pose = TRY(estimator.estimate(picture));
  fmt::print("{{\"image\":\"{}\",\"width\":{},\"height\":{},\"pose\":{}}}\n", path.string(),
             picture.width, picture.height, pose ? text_of(*pose) : "null");
  if (pose && !masks.empty()) {
    std::ofstream out(masks / (path.filename().string() + ".f32"), std::ios::binary);
    out.write(reinterpret_cast<const char*>(pose->mask.values.data()),
              static_cast<std::streamsize>(pose->mask.values.size() * sizeof(float)));
  }
  return {};
}

Result<void> run(const Arguments& arguments) {
  const auto models = TRY(sizing::PoseModels::load(arguments.models));
  auto estimator = TRY(sizing::PoseEstimator::create(*models, arguments.options));
  for (const fs::path& picture : arguments.pictures) {
    if (auto done = dump(estimator, picture, arguments.masks); !done) {
      return fail(done.error().within(picture.string()));
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--models" && i + 1 < argc) {
      arguments.models = argv[++i];
    } else if (word == "--masks" && i + 1 < argc) {
      arguments.masks = argv[++i];
    } else if (word == "--same-person" && i + 1 < argc) {
      arguments.options.same_person_overlap = std::strtof(argv[++i], nullptr);
    } else {
      arguments.pictures.emplace_back(word);
    }
  }
  if (!arguments.masks.empty()) fs::create_directories(arguments.masks);
  if (auto done = run(arguments); !done) {
    fmt::print(stderr, "error: {}\n", done.error().describe());
    return exit_code(done.error().kind);
  }
}
