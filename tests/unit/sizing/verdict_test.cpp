#include "sizing/verdict.hpp"

#include <doctest/doctest.h>

#include "unit/sizing/drawn_body.hpp"

namespace selvage::sizing {
namespace {

using enum LandmarkId;

Landmark& mark(Pose& pose, LandmarkId id) { return pose.landmarks[static_cast<std::size_t>(id)]; }
WorldLandmark& world(Pose& pose, LandmarkId id) { return pose.world[static_cast<std::size_t>(id)]; }

std::string code_of(const Pose& pose) {
  const auto verdict = judge(pose);
  if (verdict) return "fine";
  CHECK(verdict.error().kind == ErrorKind::unprocessable);
  CHECK_FALSE(verdict.error().message.empty());
  CHECK_FALSE(verdict.error().hint.empty());
  return verdict.error().code;
}

TEST_CASE("Verdict: a whole standing body is measured, with the camera tilted, too") {
  CHECK(code_of(test::draw({})) == "fine");
  CHECK(code_of(test::draw({.tilt_degrees = 15})) == "fine");
  CHECK(code_of(test::draw({.tilt_degrees = -15})) == "fine");
}

TEST_CASE("Verdict: what is cut off is named") {
  Pose pose = test::draw({});
  for (const LandmarkId id : {left_ankle, right_ankle, left_knee, right_knee})
    mark(pose, id).presence = 0.2F;
  CHECK(code_of(pose) == "sizing.legs_cropped");
  pose = test::draw({});
  mark(pose, left_ankle).y = static_cast<float>(pose.image_height) + 5;
  CHECK(code_of(pose) == "sizing.legs_cropped");
  pose = test::draw({});
  mark(pose, nose).y = -3;
  CHECK(code_of(pose) == "sizing.head_cropped");
  pose = test::draw({});
  mark(pose, right_shoulder).x = -20;
  CHECK(code_of(pose) == "sizing.body_cropped");
}

TEST_CASE("Verdict: one person only") {
  Pose pose = test::draw({});
  pose.people = 3;
  CHECK(code_of(pose) == "sizing.several_people");
  CHECK(judge(pose).error().message == "the photo shows 3 people");
}

TEST_CASE("Verdict: who lies, sits, hides or turns away is told so") {
  CHECK(code_of(test::draw({.tilt_degrees = 80})) == "sizing.lying");

  Pose pose = test::draw({});
  for (const LandmarkId id : {left_knee, right_knee}) world(pose, id).z = -0.8F;
  for (const LandmarkId id : {left_ankle, right_ankle}) world(pose, id).z = -0.8F;
  CHECK(code_of(pose) == "sizing.sitting");

  // the thighs point to the camera, and the model takes them for straight
  pose = test::draw({});
  for (const auto& [hip, knee] : {std::pair{left_hip, left_knee}, {right_hip, right_knee}})
    mark(pose, knee).y = mark(pose, hip).y + 0.3F * (mark(pose, knee).y - mark(pose, hip).y);
  CHECK(code_of(pose) == "sizing.sitting");

  // a body that fills little of its silhouette still sits: there is somebody, in full view
  pose.mask.values.assign(pose.mask.values.size(), 0);
  CHECK(code_of(pose) == "sizing.sitting");

  // but legs that nobody can see do not
  pose = test::draw({});
  for (const LandmarkId id : {left_knee, right_knee}) {
    world(pose, id).z = -0.8F;
    mark(pose, id).visibility = 0.1F;
  }
  CHECK(code_of(pose) == "sizing.body_hidden");

  pose = test::draw({});
  mark(pose, left_knee).visibility = 0.1F;
  CHECK(code_of(pose) == "sizing.body_hidden");

  pose = test::draw({});
  for (const LandmarkId id : {left_shoulder, left_hip})
    world(pose, id).x *= 0.6F, world(pose, id).z = 0.2F;
  for (const LandmarkId id : {right_shoulder, right_hip})
    world(pose, id).x *= 0.6F, world(pose, id).z = -0.2F;
  CHECK(code_of(pose) == "sizing.turned_away");

  // arms that only touch the torso are measured around, folded ones are not
  CHECK(code_of(test::draw({.arm_degrees = 0})) == "fine");
  pose = test::draw({});
  const Landmark shoulder = mark(pose, left_shoulder), other = mark(pose, right_shoulder);
  const Landmark hip = mark(pose, left_hip);
  const float chest = (shoulder.y + hip.y) / 2;
  for (const LandmarkId id : {left_wrist, left_index, left_pinky, right_elbow})
    mark(pose, id).x = other.x, mark(pose, id).y = chest;
  for (const LandmarkId id : {right_wrist, right_index, right_pinky, left_elbow})
    mark(pose, id).x = shoulder.x, mark(pose, id).y = chest;
  CHECK(code_of(pose) == "sizing.arms_hide_torso");
}

TEST_CASE("Verdict: a torso whose limbs are only guessed is no person") {
  Pose pose = test::draw({});
  // a dress-form: nothing above the shoulders, nothing below the hips
  for (int row = 0; row < Mask::kSide; ++row)
    for (int column = 0; column < Mask::kSide; ++column)
      if (row < 75 || row > 135)
        pose.mask.values[static_cast<std::size_t>(row) * Mask::kSide + column] = 0;
  CHECK(code_of(pose) == "sizing.no_person");
  CHECK(no_person().code == "sizing.no_person");
}

}  // namespace
}  // namespace selvage::sizing
