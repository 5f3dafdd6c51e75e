// The body in numbers: breadths, heights, lengths and shade of a silhouette, free of the camera's
// distance.
//
// Breadths and heights are in statures (1 is the person's height), so the height in centimetres is
// the only scale; then comes light and shade on the torso (see detail/relief.hpp). Left and right
// are averaged: a mirrored picture gives the same numbers. Method and sources:
// docs/guides/body-sizing.md.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sizing/pose.hpp"

namespace selvage::sizing {

// A line across the body as drawn for people, in pixels of the picture.
struct MeasuringLine {
  std::string_view name;  // "chest", "waist", "hip", "shoulder", "inseam", "arm"
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

// How well the picture shows what is measured; each is 0 for the best picture.
struct Obstacles {
  double yaw_degrees = 0;   // turned away from the camera, either way
  double tilt_degrees = 0;  // the body's axis against the picture's vertical, clockwise
  double arms = 0;    // 0..1: share of the torso's edges between hips and chest that an arm hides
  double folded = 0;  // 0..1: share of forearms and hands that lies in front of the torso
  double blur = 0;    // breadth of the mask's edge, in statures
  double unseen = 0;  // 0..1: share of the body's landmarks that the mask does not cover
};

struct Silhouette {
  std::vector<double> features;  // in the order of feature_names(), all finite
  Obstacles obstacles;
  std::vector<MeasuringLine> lines;
};

// What the regression reads; the fitting tool and the coefficients use the same order.
[[nodiscard]] std::span<const std::string_view> feature_names();

// Nothing when the mask or the landmarks are degenerate. Pure, about 1 ms; any thread.
[[nodiscard]] std::optional<Silhouette> find_silhouette(const Pose& pose);

}  // namespace selvage::sizing
