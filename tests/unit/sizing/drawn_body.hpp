// A body of rectangles with known breadths, as the landmark model would describe it.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "sizing/pose.hpp"

namespace selvage::sizing::test {

// In shares of the stature. Stands at x 0 with its soles at y 0; y grows upwards.
struct DrawnBody {
  double half_torso = 0.09, half_hips = 0.1;
  double shoulders_y = 0.81, waist_y = 0.62, hips_y = 0.52, crotch_y = 0.47;
  double arm_degrees = 25;                 // away from the torso
  std::optional<double> left_arm_degrees;  // of the picture's left, when it differs
  double arm_radius = 0.025;
  double tilt_degrees = 0;  // of the camera, clockwise
  int stature = 190;        // in samples of the mask
  int width = 720, height = 960;
};

namespace drawing {

struct Dot {
  double x, y;
};

inline double to_segment(Dot p, Dot a, Dot b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double t =
      std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

inline Dot along(Dot from, double degrees, double length) {
  const double a = degrees * std::numbers::pi / 180;
  return {from.x + std::sin(a) * length, from.y - std::cos(a) * length};
}

}  // namespace drawing

inline Pose draw(const DrawnBody& body) {
  using drawing::Dot;
  const double half_shoulders = body.half_torso + 0.02;
  const Dot shoulder{half_shoulders, body.shoulders_y};
  struct Arm {
    Dot elbow, wrist, hand;
  };
  auto arm_at = [&](double degrees) {
    const Dot elbow = drawing::along(shoulder, degrees, 0.17);
    const Dot wrist = drawing::along(elbow, degrees, 0.15);
    return Arm{elbow, wrist, drawing::along(wrist, degrees, 0.05)};
  };
  const Arm right = arm_at(body.arm_degrees);
  const Arm left = arm_at(body.left_arm_degrees.value_or(body.arm_degrees));
  const double leg = body.half_hips * 0.55;

  auto inside = [&](double x, double y) {
    const double side = std::abs(x);
    if (std::hypot(x, y - 0.935) < 0.065) return true;   // head
    if (side < 0.03 && y > 0.8 && y < 0.9) return true;  // neck
    if (side < half_shoulders && y > 0.77 && y < body.shoulders_y + 0.01) return true;
    if (side < body.half_torso && y >= body.waist_y && y < 0.8) return true;
    if (side < body.half_hips && y >= body.crotch_y && y < body.waist_y) return true;
    if (side > 0.012 && side < body.half_hips && y >= 0 && y < body.crotch_y) return true;
    const Dot at{side, y};
    const Arm& arm = x < 0 ? left : right;
    return drawing::to_segment(at, shoulder, arm.elbow) < body.arm_radius ||
           drawing::to_segment(at, arm.elbow, arm.hand) < body.arm_radius;
  };

  Pose pose;
  pose.detection_score = pose.pose_score = 0.99F;
  pose.people = 1;
  pose.image_width = body.width, pose.image_height = body.height;
  const double a = body.tilt_degrees * std::numbers::pi / 180;
  const double side = 0.94 * body.height;
  pose.roi = {static_cast<float>(body.width / 2.0), static_cast<float>(body.height / 2.0),
              static_cast<float>(side), static_cast<float>(a)};

  // Soft edges, as the model's: each sample is the share of its points that lie inside.
  pose.mask.values.resize(std::size_t{Mask::kSide} * Mask::kSide);
  constexpr int kFine = 4;
  for (int row = 0; row < Mask::kSide; ++row)
    for (int column = 0; column < Mask::kSide; ++column) {
      int hits = 0;
      for (int i = 0; i < kFine * kFine; ++i) {
        const double u = column + (i % kFine + 0.5) / kFine - Mask::kSide / 2.0;
        const double v = row + (i / kFine + 0.5) / kFine - Mask::kSide / 2.0;
        hits += inside(u / body.stature, 0.5 - v / body.stature);
      }
      pose.mask.values[static_cast<std::size_t>(row) * Mask::kSide + column] =
          static_cast<float>(hits) / (kFine * kFine);
    }

  auto put = [&](LandmarkId id, double x, double y) {
    const double u = x * body.stature / Mask::kSide * side;
    const double v = (0.5 - y) * body.stature / Mask::kSide * side;
    Landmark& mark = pose.landmarks[static_cast<std::size_t>(id)];
    mark = {static_cast<float>(pose.roi.centre_x + std::cos(a) * u - std::sin(a) * v),
            static_cast<float>(pose.roi.centre_y + std::sin(a) * u + std::cos(a) * v), 0, 0.99F,
            0.99F};
    pose.world[static_cast<std::size_t>(id)] = {
        static_cast<float>(x * 1.7), static_cast<float>((body.hips_y - y) * 1.7), 0, 0.99F};
  };
  // The person's left is on the right of the picture.
  auto both = [&](LandmarkId left, LandmarkId right, double x, double y) {
    put(left, x, y), put(right, -x, y);
  };
  using enum LandmarkId;
  put(nose, 0, 0.93);
  both(left_eye_inner, right_eye_inner, 0.008, 0.945);
  both(left_eye, right_eye, 0.015, 0.945);
  both(left_eye_outer, right_eye_outer, 0.022, 0.945);
  both(left_ear, right_ear, 0.04, 0.935);
  both(mouth_left, mouth_right, 0.013, 0.9);
  both(left_shoulder, right_shoulder, shoulder.x, shoulder.y);
  put(left_elbow, right.elbow.x, right.elbow.y), put(right_elbow, -left.elbow.x, left.elbow.y);
  put(left_wrist, right.wrist.x, right.wrist.y), put(right_wrist, -left.wrist.x, left.wrist.y);
  put(left_pinky, right.hand.x, right.hand.y), put(right_pinky, -left.hand.x, left.hand.y);
  put(left_index, right.hand.x, right.hand.y), put(right_index, -left.hand.x, left.hand.y);
  put(left_thumb, right.hand.x, right.hand.y), put(right_thumb, -left.hand.x, left.hand.y);
  both(left_hip, right_hip, leg, body.hips_y);
  both(left_knee, right_knee, leg, 0.28);
  both(left_ankle, right_ankle, leg, 0.05);
  both(left_heel, right_heel, leg, 0.02);
  both(left_foot_index, right_foot_index, leg, 0.01);
  return pose;
}

}  // namespace selvage::sizing::test
