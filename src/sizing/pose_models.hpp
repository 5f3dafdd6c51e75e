// MediaPipe's pose models: the detector that finds people and the model that finds landmarks, read
// from the files of the npm package @mediapipe/pose 0.5.1675469404, which tools/setup.sh fetches.
//
// Immutable after loading and safe to share between threads. About 24 MiB; only needed until the
// estimators are made, which keep packed copies of their own.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/error.hpp"

namespace selvage::sizing {

namespace detail {
struct NetworkModel;
}

class PoseModels {
 public:
  // Both files' sizes and SHA-256 must be those of the release the pipeline's constants belong to.
  // Errors: sizing.model_missing, sizing.model_unreadable (unavailable), sizing.model_changed,
  // sizing.model_invalid (internal); each names the file.
  [[nodiscard]] static Result<std::shared_ptr<const PoseModels>> load(
      const std::filesystem::path& directory);

  ~PoseModels();
  PoseModels(const PoseModels&) = delete;
  PoseModels& operator=(const PoseModels&) = delete;

  [[nodiscard]] const detail::NetworkModel& detector() const { return *detector_; }
  [[nodiscard]] const detail::NetworkModel& landmarks() const { return *landmarks_; }

 private:
  PoseModels();
  std::unique_ptr<const detail::NetworkModel> detector_;
  std::unique_ptr<const detail::NetworkModel> landmarks_;
};

// Where the models lie when no setting says otherwise: the first that exists of `models` beside the
// running program, ../share/selvage/models from it, and build/models in the folders above it; else
// the second. Never fails: load() tells what is missing.
[[nodiscard]] std::filesystem::path default_models_directory();

}  // namespace selvage::sizing
