// Feeds the pose pipeline around its networks: mutated photos, and networks that put out anything.
// Started with an empty folder as its corpus, it first writes seeds there.
//
//   mkdir corpus && pose_path_fuzz corpus -max_len=20000
//
// The first 64 bytes are the numbers the networks "put out"; the rest is the photo.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "image/encode.hpp"
#include "sizing/detail/detection.hpp"
#include "sizing/detail/landmarks.hpp"
#include "sizing/detail/warp.hpp"
#include "sizing/photo.hpp"

namespace {

namespace fs = std::filesystem;
using namespace selvage::sizing;
using namespace selvage::sizing::detail;
using selvage::image::Format;
using selvage::image::Picture;

constexpr std::size_t kNumbers = 16;

void write_seeds(const fs::path& folder) {
  Picture picture = Picture::filled(33, 21, 3, 255);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = static_cast<std::uint8_t>(i * 7 / 3);
  }
  const std::vector<float> numbers{3,  10, 20, 100, 150,  112, 112, 112,
                                   20, 5,  7,  1,   0.5F, 64,  200, -9};
  const std::string head(reinterpret_cast<const char*>(numbers.data()), kNumbers * sizeof(float));
  for (const Format format : {Format::jpeg, Format::png, Format::webp}) {
    std::ofstream(folder / selvage::image::name(format), std::ios::binary)
        << head << *selvage::image::encode(picture, format);
  }
}

// Small, and kept between runs: most of a run's time shall go to the photo and the numbers.
constexpr int kSide = 8;
std::vector<float> input(std::size_t{kSide} * kSide * 3);
std::vector<float> boxes(kAnchors* kBoxValues), logits(kAnchors, -100);
std::vector<float> points(kPoints* kPointValues), world(kPoints* kWorldValues);
std::vector<float> heatmaps(std::size_t{kHeatmapSize} * kHeatmapSize * kPoints);

void put_out(const float* numbers) {
  for (std::size_t i = 0; i < kNumbers; ++i) {
    const std::size_t anchor = i * 141;
    logits[anchor] = numbers[i];
    for (std::size_t k = 0; k < kBoxValues; ++k) {
      boxes[anchor * kBoxValues + k] = numbers[(i + k) % kNumbers];
    }
    heatmaps[i * 9973] = numbers[i];
  }
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = numbers[i * 3 % kNumbers];
  for (std::size_t i = 0; i < world.size(); ++i) world[i] = numbers[i * 5 % kNumbers];
}

void cut(const Picture& picture, const Roi& roi, Border border) {
  static const Levels kLevels = levels(1.0F / 255, 0);
  warp(picture, roi, kSide, border, kLevels, input);
  for (const float each : input) SELVAGE_CHECK(each >= 0 && each <= 1);
}

void look(const Picture& picture, const float* numbers) {
  cut(picture, letterbox(picture.width, picture.height), Border::black);
  put_out(numbers);
  auto found = decode_detections(boxes, logits, 0.5F);
  const std::size_t detections = found.size();
  const auto people = merge_detections(std::move(found), std::abs(numbers[0]));
  SELVAGE_CHECK(people.size() <= detections && people.empty() == (detections == 0));
  if (people.empty()) return;
  const auto roi = body_roi(people.front(), picture.width, picture.height);
  if (!roi) return;
  cut(picture, *roi, Border::nearest);
  Pose pose{.roi = *roi};
  place_landmarks({.points = points, .heatmaps = heatmaps, .world = world}, pose);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const fs::path path = (*argv)[i];
    if (fs::is_directory(path) && fs::is_empty(path)) {
      write_seeds(path);
      break;
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  float numbers[kNumbers];
  if (size < sizeof numbers) return 0;
  std::memcpy(numbers, data, sizeof numbers);
  selvage::image::DecodeLimits limits;
  limits.caps.area = 1 << 18;
  limits.memory = std::size_t{32} << 20;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto picture = decode_photo(file.substr(sizeof numbers), limits);
  if (!picture) {
    SELVAGE_CHECK(!picture.error().code.empty());
    return 0;
  }
  SELVAGE_CHECK(picture->channels == 3 && !picture->empty());
  look(*picture, numbers);
  return 0;
}
