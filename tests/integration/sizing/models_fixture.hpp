// The real models, loaded once for all cases of the program.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sizing/photo.hpp"
#include "sizing/pose_estimator.hpp"

namespace selvage::sizing::test {

// Null, said loudly, when tools/fetch_models has not run on this machine.
inline PoseEstimator* estimator() {
  static auto made = [] -> Result<PoseEstimator> {
    const auto models = TRY(PoseModels::load(default_models_directory()));
    return PoseEstimator::create(*models);
  }();
  if (made) return &*made;
  if (made.error().code != "sizing.model_missing") FAIL(made.error().describe());
  MESSAGE("SKIPPED: " << made.error().describe() << " (tools/fetch_models)");
  return nullptr;
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline image::Picture photo(const std::filesystem::path& path) {
  auto picture = decode_photo(bytes_of(path));
  REQUIRE_MESSAGE(picture.has_value(), path.string());
  return *std::move(picture);
}

inline std::filesystem::path sample(const std::string& name) {
  return std::filesystem::path(SELVAGE_SOURCE_DIR) / "samples" / name;
}

}  // namespace selvage::sizing::test
