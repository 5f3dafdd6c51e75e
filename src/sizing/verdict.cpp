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

struct Spot {
  double x = 0, y = 0;
};

Spot middle(const Pose& pose, LandmarkId left, LandmarkId right) {
  return {(pose[left].x + pose[right].x) / 2.0, (pose[left].y + pose[right].y) / 2.0};
}

// Angles of the body's joints that a standing person does not have. The model bends straight legs:
// people who stand have 135 degrees and more, people who sit, climb or cycle 110 and less.
constexpr double kLeastKneeDegrees = 120;
constexpr double kLeastHipDegrees = 125;
// How far a thigh reaches along the torso's axis in the picture, in lengths of the torso: thighs
// that point to the camera or aside are short. People who stand have 0.6 and more, others 0.45 and
// less in one leg at least.
constexpr double kLeastThigh = 0.48;

double thigh_along_torso(const Pose& pose, LandmarkId hip, LandmarkId knee) {
  const Spot top = middle(pose, left_shoulder, right_shoulder);
  const Spot bottom = middle(pose, left_hip, right_hip);
  const double ax = bottom.x - top.x, ay = bottom.y - top.y;
  const double length = std::max(std::hypot(ax, ay), 1.0);
  const double tx = pose[knee].x - pose[hip].x, ty = pose[knee].y - pose[hip].y;
  return (tx * ax + ty * ay) / (length * length);
}

std::optional<Error> lying(const Pose& pose) {
  const Spot top = middle(pose, left_shoulder, right_shoulder);
  const Spot bottom = middle(pose, left_ankle, right_ankle);
  const double tilt = std::atan2(top.x - bottom.x, bottom.y - top.y) * 180 / std::numbers::pi;
  if (std::abs(tilt) <= kMostTiltDegrees) return std::nullopt;
  return refusal("sizing.lying", "the body in the photo is not upright",
                 "stand upright, and hold the camera level");
}

// By legs that can be seen: hidden ones are a guess of the model, which likes to bend them.
std::optional<Error> sitting(const Pose& pose) {
  for (const bool left : {true, false}) {
    const LandmarkId shoulder = left ? left_shoulder : right_shoulder;
    const LandmarkId hip = left ? left_hip : right_hip;
    const LandmarkId knee = left ? left_knee : right_knee;
    const LandmarkId ankle = left ? left_ankle : right_ankle;
    if (!all_visible(pose, {hip, knee, ankle})) continue;
    if (angle_at(world(pose, hip), world(pose, knee), world(pose, ankle)) < kLeastKneeDegrees ||
        angle_at(world(pose, shoulder), world(pose, hip), world(pose, knee)) < kLeastHipDegrees ||
        thigh_along_torso(pose, hip, knee) < kLeastThigh)
      return refusal("sizing.sitting", "the person in the photo does not stand with straight legs",
                     "stand upright with both feet on the floor and the legs straight");
  }
  return std::nullopt;
}

std::optional<Error> not_standing(const Pose& pose) {
  if (auto error = lying(pose)) return error;
  return sitting(pose);
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
  const bool visible = all_visible(pose, {nose, left_shoulder, right_shoulder, left_hip, right_hip,
                                          left_knee, right_knee, left_ankle, right_ankle});
  auto posture = not_standing(pose);
  // Of who sits or lies in full view there may be no silhouette that makes sense.
  if (posture && visible) return fail(std::move(*posture));
  auto silhouette = find_silhouette(pose);
  // A body whose joints are not covered by its own silhouette is a guess of the model.
  if (!silhouette || silhouette->obstacles.unseen > 0.2) return fail(no_person());
  if (posture) return fail(std::move(*posture));
  if (!visible)
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
