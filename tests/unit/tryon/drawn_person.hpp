// A person drawn from the points of a body, with the silhouette that belongs to it: everything
// about the picture is known.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "image/picture.hpp"
#include "tryon/body.hpp"
#include "tryon/compose/point.hpp"

namespace selvage::tryon::test {

struct Paint {
  std::uint8_t r = 0, g = 0, b = 0;
};
inline constexpr Paint kWall{188, 190, 196}, kSkin{205, 150, 120}, kHair{60, 40, 30},
    kShirt{40, 90, 170}, kTrousers{70, 72, 60};

inline bool is_about(const image::Picture& picture, Point p, Paint paint, int tolerance = 45) {
  const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
  if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return false;
  const std::uint8_t* q = picture.row(y).data() + picture.channels * x;
  return std::abs(q[0] - paint.r) < tolerance && std::abs(q[1] - paint.g) < tolerance &&
         std::abs(q[2] - paint.b) < tolerance;
}

struct DrawnPerson {
  image::Picture picture;
  Body body;
  std::array<Point, 2> shoulder, elbow, wrist, fingers, hip, knee, ankle;  // viewer's left, right
  Point head;
};

struct Posture {
  // Elbows and wrists as steps from the shoulder and from the elbow, for the viewer's left arm; the
  // right one is its mirror image unless it is given.
  Point upper{-28, 88}, fore{-14, 84};
  std::optional<Point> right_upper, right_fore;
  bool long_sleeves = false;
  int width = 480, height = 720;
};

inline DrawnPerson draw_person(const Posture& posture = {}) {
  DrawnPerson person;
  person.picture = image::Picture::filled(posture.width, posture.height, 3, 0);
  person.head = {240, 92};
  person.shoulder = {Point{188, 180}, Point{292, 180}};
  const Point right_upper = posture.right_upper.value_or(Point{-posture.upper.x, posture.upper.y});
  const Point right_fore = posture.right_fore.value_or(Point{-posture.fore.x, posture.fore.y});
  person.elbow = {person.shoulder[0] + posture.upper, person.shoulder[1] + right_upper};
  person.wrist = {person.elbow[0] + posture.fore, person.elbow[1] + right_fore};
  for (std::size_t side : {0U, 1U}) {
    person.fingers[side] = person.wrist[side] + unit(person.wrist[side] - person.elbow[side]) * 26;
  }
  person.hip = {Point{211, 336}, Point{269, 336}};
  person.knee = {Point{206, 470}, Point{274, 470}};
  person.ankle = {Point{204, 600}, Point{276, 600}};

  auto capsule = [](Point p, Point a, Point b, float from, float to) {
    const Nearest near = nearest_on(a, b, p);
    return near.distance < from + (to - from) * near.along;
  };
  auto trunk_half = [](float y) {  // shoulders, waist, hips
    if (y < 260) return 58.0F - (y - 180) * 0.10F;
    return 50.0F + (y - 260) * 0.10F;
  };
  Body& body = person.body;
  body.columns = posture.width / 2;
  body.rows = posture.height / 2;
  body.silhouette.assign(static_cast<std::size_t>(body.columns * body.rows), 0);
  for (int y = 0; y < posture.height; ++y) {
    for (int x = 0; x < posture.width; ++x) {
      const Point p{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
      Paint paint = kWall;
      bool inside = true;
      const bool trunk = p.y > 172 && p.y < 362 &&
                         std::abs(p.x - 240) < trunk_half(p.y) - std::max(0.0F, 190 - p.y);
      const bool yoke = capsule(p, {240, 168}, person.shoulder[0], 22, 18) ||
                        capsule(p, {240, 168}, person.shoulder[1], 22, 18);
      if (distance(p, person.head) < 38) {
        paint = p.y < person.head.y - 18 ? kHair : kSkin;
      } else if (capsule(p, {240, 110}, {240, 160}, 18, 18)) {
        paint = kSkin;
      } else if (capsule(p, person.hip[0], person.knee[0], 30, 22) ||
                 capsule(p, person.hip[1], person.knee[1], 30, 22) ||
                 capsule(p, person.knee[0], person.ankle[0], 22, 13) ||
                 capsule(p, person.knee[1], person.ankle[1], 22, 13)) {
        paint = kTrousers;
      } else {
        inside = false;
      }
      if (trunk || yoke) {
        paint = p.y > 330 ? kTrousers : kShirt;
        inside = true;
      }
      for (std::size_t side : {0U, 1U}) {
        const bool upper = capsule(p, person.shoulder[side], person.elbow[side], 19, 15);
        const bool fore = capsule(p, person.elbow[side], person.wrist[side], 15, 10);
        const bool hand = capsule(p, person.wrist[side], person.fingers[side], 11, 10);
        if (!upper && !fore && !hand) continue;
        const float along = nearest_on(person.shoulder[side], person.elbow[side], p).along;
        const bool sleeve = posture.long_sleeves ? upper || fore : upper && along < 0.5F;
        paint = sleeve && !hand ? kShirt : kSkin;
        inside = true;
      }
      std::uint8_t* q = person.picture.row(y).data() + 3 * x;
      q[0] = paint.r;
      q[1] = paint.g;
      q[2] = paint.b;
      if (inside && x / 2 < body.columns && y / 2 < body.rows)
        body.silhouette[static_cast<std::size_t>(y / 2 * body.columns + x / 2)] = 255;
    }
  }
  auto put = [&](BodyPart part, Point p, float z = 0) {
    body.points[static_cast<std::size_t>(part)] = {p.x, p.y, z, 0.99F};
  };
  // The person faces us: their left is our right.
  put(BodyPart::nose, person.head + Point{0, 4});
  put(BodyPart::left_eye, person.head + Point{11, -6});
  put(BodyPart::right_eye, person.head + Point{-11, -6});
  put(BodyPart::left_ear, person.head + Point{34, 0});
  put(BodyPart::right_ear, person.head + Point{-34, 0});
  put(BodyPart::mouth_left, person.head + Point{8, 18});
  put(BodyPart::mouth_right, person.head + Point{-8, 18});
  put(BodyPart::right_shoulder, person.shoulder[0]);
  put(BodyPart::left_shoulder, person.shoulder[1]);
  put(BodyPart::right_elbow, person.elbow[0], -20);
  put(BodyPart::left_elbow, person.elbow[1], -20);
  put(BodyPart::right_wrist, person.wrist[0], -40);
  put(BodyPart::left_wrist, person.wrist[1], -40);
  put(BodyPart::right_index, person.fingers[0], -40);
  put(BodyPart::left_index, person.fingers[1], -40);
  put(BodyPart::right_hip, person.hip[0]);
  put(BodyPart::left_hip, person.hip[1]);
  put(BodyPart::right_knee, person.knee[0]);
  put(BodyPart::left_knee, person.knee[1]);
  put(BodyPart::right_ankle, person.ankle[0]);
  put(BodyPart::left_ankle, person.ankle[1]);
  return person;
}

}  // namespace selvage::tryon::test
