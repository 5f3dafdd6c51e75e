// PoseEstimator: a picture in, the pose of the clearest person in it out. MediaPipe's own pipeline
// (detector, rotated square, landmark model, heatmap refinement), landmark for landmark.
//
// Holds the two networks, packed for this machine's instruction set, and all scratch memory: about
// 60 MiB. Not thread-safe; one a worker. Runs on the calling thread alone (20 to 25 ms of CPU):
// never on an event loop.
#pragma once

#include <memory>
#include <optional>

#include "base/error.hpp"
#include "image/picture.hpp"
#include "sizing/pose.hpp"
#include "sizing/pose_models.hpp"

namespace selvage::sizing {

struct PoseOptions {
  // Overlap (intersection over union) from which two detections are one person. 0.5 is MediaPipe's
  // current value, 0.3 that of its older Python solution.
  float same_person_overlap = 0.5F;
  // Scores from which the detector and the landmark model are believed.
  float least_detection_score = 0.5F;
  float least_pose_score = 0.5F;
};

// The clearest person of a picture, as the detector sees it.
struct SeenPerson {
  float score = 0;  // that a person is there
  Roi roi;          // where to look closely
  int people = 0;   // that are to be seen
};

class PoseEstimator {
 public:
  // Runs both networks once, so that the first picture takes no longer than the next.
  // `models` is not needed afterwards. Errors: sizing.model_invalid (internal), sizing.inference
  // (unavailable) when the machine lacks memory or instructions.
  [[nodiscard]] static Result<PoseEstimator> create(const PoseModels& models,
                                                    PoseOptions options = {});

  PoseEstimator(PoseEstimator&&) noexcept;
  PoseEstimator& operator=(PoseEstimator&&) noexcept;
  ~PoseEstimator();

  // Nothing when the picture shows no person. Says nothing about how much of a person is to be
  // seen: a waist-up portrait has a pose, too, with guessed legs; judge presence and visibility.
  // REQUIRES: a non-empty RGB picture (decode_photo() makes one).
  // Errors: sizing.inference (internal).
  [[nodiscard]] Result<std::optional<Pose>> estimate(const image::Picture& picture);

  // Its two steps, for callers who time them. REQUIRES: the same picture. Errors: as above.
  [[nodiscard]] Result<std::optional<SeenPerson>> detect(const image::Picture& picture);
  [[nodiscard]] Result<std::optional<Pose>> look_closely(const image::Picture& picture,
                                                         const SeenPerson& person);

 private:
  struct Impl;
  explicit PoseEstimator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::sizing
