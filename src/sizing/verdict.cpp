#include "sizing/verdict.hpp"

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <numbers>
#include <optional>

namespace selvage::sizing {
namespace {

using enum LandmarkId;

constexpr char kHowToStand[] =
    "stand upright two to three metres from the camera, facing it, arms a little away from the "
    "body, and leave room above the head and below the feet";

Error refusal(const char* code, std::string message, std::string hint = kHowToStand) {
  return {ErrorKind::unprocessable, code, std::move(message), std::move(hint), nullptr};
}

bool inside(const Pose& pose, LandmarkId id) {
  const Landmark& mark = pose[id];
  return mark.x >= 0 && mark.y >= 0 && mark.x <= static_cast<float>(pose.image_width) &&
         mark.y <= static_cast<float>(pose.image_height);
}

bool all_in_picture(const Pose& pose, std::initializer_list<LandmarkId> ids) {
  for (const LandmarkId id : ids)
    if (!inside(pose, id) || pose[id].presence < kLeastPresence) return false;
  return true;
}

bool all_visible(const Pose& pose, std::initializer_list<LandmarkId> ids) {
  for (const LandmarkId id : ids)
    if (pose[id].visibility < kLeastVisibility) return false;
  return true;
}

std::optional<Error> cropped(const Pose& pose) {
  const bool head = all_in_picture(pose, {nose});
  const bool trunk = all_in_picture(pose, {left_shoulder, right_shoulder, left_hip, right_hip});
  const bool legs = all_in_picture(pose, {left_knee, right_knee, left_ankle, right_ankle});
  if (head && trunk && legs) return std::nullopt;
  if (!legs && (head || trunk))
    return refusal("sizing.legs_cropped", "the photo does not show the whole legs down to the feet",
                   "step back until the feet are in the picture, with some floor below them");
  if (!head && legs)
    return refusal("sizing.head_cropped", "the photo does not show the head",
                   "step back until the whole head is in the picture, with some room above it");
  return refusal("sizing.body_cropped", "the photo does not show a whole body");
}

double angle_at(const WorldLandmark& a, const WorldLandmark& corner, const WorldLandmark& b) {
  const double ax = a.x - corner.x, ay = a.y - corner.y, az = a.z - corner.z;
  const double bx = b.x - corner.x, by = b.y - corner.y, bz = b.z - corner.z;
  const double norm = std::hypot(ax, ay, az) * std::hypot(bx, by, bz);
  if (norm < 1e-9) return 180;
  const double cosine = std::clamp((ax * bx + ay * by + az * bz) / norm, -1.0, 1.0);
  return std::acos(cosine) * 180 / std::numbers::pi;
}

const WorldLandmark& world(const Pose& pose, LandmarkId id) {
  return pose.world[static_cast<std::size_t>(id)];
}

// Angles of the body's joints that a standing person does not have. The model bends straight legs:
// people who stand have 135 degrees and more, people who sit, climb or cycle 110 and less.
constexpr double kLeastKneeDegrees = 120;
constexpr double kLeastHipDegrees = 125;

std::optional<Error> not_standing(const Pose& pose) {
  const double dx =
      (pose[left_shoulder].x + pose[right_shoulder].x - pose[left_ankle].x - pose[right_ankle].x) /
      2.0;
  const double dy =
      (pose[left_ankle].y + pose[right_ankle].y - pose[left_shoulder].y - pose[right_shoulder].y) /
      2.0;
  if (std::abs(std::atan2(dx, dy)) * 180 / std::numbers::pi > kMostTiltDegrees)
    return refusal("sizing.lying", "the body in the photo is not upright",
                   "stand upright, and hold the camera level");
  for (const bool left : {true, false}) {
    const auto& shoulder = world(pose, left ? left_shoulder : right_shoulder);
    const auto& hip = world(pose, left ? left_hip : right_hip);
    const auto& knee = world(pose, left ? left_knee : right_knee);
    const auto& ankle = world(pose, left ? left_ankle : right_ankle);
    if (angle_at(hip, knee, ankle) < kLeastKneeDegrees ||
        angle_at(shoulder, hip, knee) < kLeastHipDegrees)
      return refusal("sizing.sitting", "the person in the photo does not stand with straight legs",
                     "stand upright with both feet on the floor and the legs straight");
  }
  return std::nullopt;
}

}  // namespace

Error no_person() {
  return refusal("sizing.no_person", "there is no person to be seen in the photo");
}

Result<Silhouette> judge(const Pose& pose) {
  if (auto error = cropped(pose)) return fail(std::move(*error));
  if (pose.people > 1)
    return fail(refusal("sizing.several_people",
                        fmt::format("the photo shows {} people", pose.people),
                        "send a photo of one person alone, without mirrors or posters of people"));
  auto silhouette = find_silhouette(pose);
  // A body whose joints are not covered by its own silhouette is a guess of the model.
  if (!silhouette || silhouette->obstacles.unseen > 0.2) return fail(no_person());
  if (auto error = not_standing(pose)) return fail(std::move(*error));
  if (!all_visible(pose, {nose, left_shoulder, right_shoulder, left_hip, right_hip, left_knee,
                          right_knee, left_ankle, right_ankle}))
    return fail(refusal("sizing.body_hidden", "part of the body is hidden in the photo",
                        "stand free, with nothing between the camera and the body"));
  const Obstacles& seen = silhouette->obstacles;
  if (seen.yaw_degrees > kMostYawDegrees)
    return fail(
        refusal("sizing.turned_away",
                fmt::format("the body is turned away from the camera, by about {:.0f} degrees",
                            seen.yaw_degrees),
                "face the camera with both shoulders"));
  if (seen.folded > kMostFolded)
    return fail(refusal("sizing.arms_hide_torso", "the arms are in front of the torso",
                        "let the arms hang down, a hand's breadth away from the body"));
  return std::move(*silhouette);
}

}  // namespace selvage::sizing
