// Whether a pose shows a body that can be measured: one person, whole, standing, towards the
// camera.
#pragma once

#include "base/error.hpp"
#include "sizing/pose.hpp"
#include "sizing/silhouette.hpp"

namespace selvage::sizing {

// The person is whole when all of nose, shoulders, hips, knees and ankles lie inside the picture,
// present and not hidden. These values separate every picture of the facts' sets.
inline constexpr float kLeastPresence = 0.6F;
inline constexpr float kLeastVisibility = 0.45F;
// Turned further than this, breadths say little about girths. The model's own estimate, which is
// 5 degrees off for people who face the camera.
inline constexpr double kMostYawDegrees = 30;
// A camera may be held this far from level.
inline constexpr double kMostTiltDegrees = 30;
// Share of forearms and hands that may lie in front of the torso. Arms hanging at its sides only
// make the answer less sure.
inline constexpr double kMostFolded = 0.3;

// When the estimator found no pose at all. Kind unprocessable, code sizing.no_person.
[[nodiscard]] Error no_person();

// Each error is of kind unprocessable (422), says what is wrong with the photo and, as its hint,
// how to take a better one. Codes: sizing.several_people, sizing.head_cropped, sizing.legs_cropped,
// sizing.body_cropped, sizing.body_hidden, sizing.lying, sizing.sitting, sizing.turned_away,
// sizing.arms_hide_torso, sizing.no_person (what looks like a pose has no head, limbs or outline:
// mannequins, pictures of clothes).
[[nodiscard]] Result<Silhouette> judge(const Pose& pose);

}  // namespace selvage::sizing
