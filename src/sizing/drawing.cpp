#include "sizing/drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "image/canvas.hpp"
#include "image/lettering.hpp"
#include "image/resize.hpp"

namespace selvage::sizing {
namespace {

using image::Canvas;
using image::Colour;
using image::Spot;
using enum LandmarkId;

constexpr Colour kSilhouette{26, 188, 176};
constexpr Colour kShade{10, 16, 24};
constexpr Colour kBone{255, 255, 255};
constexpr Colour kLine{255, 200, 46};
constexpr Colour kInk{24, 22, 16};

constexpr float kTint = 0.34F;         // of the silhouette's inside
constexpr float kSurroundings = 0.3F;  // how much darker what is not the body becomes
// Strokes and letters are in parts of the body's square, within the picture's means.
constexpr float kUnit = 1.0F / 480;
constexpr float kLetters = 7.6F;  // height of digits, in units

constexpr std::array kBones{
    Bone{left_shoulder, right_shoulder}, Bone{left_hip, right_hip},
    Bone{left_shoulder, left_hip},       Bone{right_shoulder, right_hip},
    Bone{left_shoulder, left_elbow},     Bone{left_elbow, left_wrist},
    Bone{left_wrist, left_index},        Bone{right_shoulder, right_elbow},
    Bone{right_elbow, right_wrist},      Bone{right_wrist, right_index},
    Bone{left_hip, left_knee},           Bone{left_knee, left_ankle},
    Bone{left_ankle, left_heel},         Bone{left_heel, left_foot_index},
    Bone{left_ankle, left_foot_index},   Bone{right_hip, right_knee},
    Bone{right_knee, right_ankle},       Bone{right_ankle, right_heel},
    Bone{right_heel, right_foot_index},  Bone{right_ankle, right_foot_index},
};

// The mask between its samples by quadratic B-splines: smooth edges however much it is enlarged.
class SmoothMask {
 public:
  SmoothMask(const Pose& pose, float scale) : mask_(pose.mask), places_(pose.roi), scale_(scale) {}

  // Of a point of the picture.
  [[nodiscard]] float at(float x, float y) const {
    const auto place = places_.of(x / scale_, y / scale_);
    return sampled(place.column + 0.5F, place.row + 0.5F);
  }

 private:
  static std::array<float, 3> weights(float t) {  // t: -0.5..0.5 from the middle sample
    return {(0.5F - t) * (0.5F - t) / 2, 0.75F - t * t, (0.5F + t) * (0.5F + t) / 2};
  }
  // Sample 0 at 0.5.
  [[nodiscard]] float sampled(float u, float v) const {
    if (!(u > -1 && v > -1 && u < Mask::kSide + 1 && v < Mask::kSide + 1)) return 0;
    const int column = static_cast<int>(std::floor(u)), row = static_cast<int>(std::floor(v));
    const auto across = weights(u - static_cast<float>(column) - 0.5F);
    const auto down = weights(v - static_cast<float>(row) - 0.5F);
    float sum = 0;
    for (int j = 0; j < 3; ++j) {
      const int y = row + j - 1;
      if (y < 0 || y >= Mask::kSide) continue;
      for (int i = 0; i < 3; ++i) {
        const int x = column + i - 1;
        if (x < 0 || x >= Mask::kSide) continue;
        sum += mask_.at(x, y) * across[static_cast<std::size_t>(i)] *
               down[static_cast<std::size_t>(j)];
      }
    }
    return sum;
  }

  const Mask& mask_;
  MaskPlaces places_;
  float scale_;
};

class Drawing {
 public:
  Drawing(image::Picture& picture, const Pose& pose, float scale)
      : canvas_(picture),
        width_(static_cast<float>(picture.width)),
        height_(static_cast<float>(picture.height)),
        pose_(pose),
        scale_(scale) {
    const float body = std::min(pose.roi.side * scale, 1.3F * std::max(width_, height_));
    unit_ = std::max(body * kUnit, 1.4F);
  }

  void silhouette();
  void skeleton();
  void lines(std::span<const MeasuringLine> all);
  void labels(std::span<const MeasuringLine> lines, std::span<const LineLabel> all);

 private:
  struct Tag {
    std::string_view text;
    Spot from;  // where its line ends
    bool right = true;
    float y = 0;  // of its middle
  };
  [[nodiscard]] Spot at(LandmarkId id) const {
    return {pose_[id].x * scale_, pose_[id].y * scale_};
  }
  [[nodiscard]] std::optional<Tag> tag(std::span<const MeasuringLine> lines,
                                       const LineLabel& label) const;
  // Whether a line of the same name goes on where this one ends.
  [[nodiscard]] bool is_joint(std::span<const MeasuringLine> all, const MeasuringLine& line,
                              Spot end) const;
  void spread(std::vector<Tag*>& column) const;
  void write(const Tag& tag);

  Canvas canvas_;
  float width_, height_;
  const Pose& pose_;
  float scale_;
  float unit_ = 1;
};

void Drawing::silhouette() {
  if (pose_.mask.values.empty() || !(pose_.roi.side > 0)) return;
  const SmoothMask mask(pose_, scale_);
  canvas_.shade(kShade, [&](float x, float y) { return (1 - mask.at(x, y)) * kSurroundings; });
  const float half = unit_ * 0.75F;
  canvas_.shade(kSilhouette, [&](float x, float y) {
    const float here = mask.at(x, y);
    const float tint = here * kTint;
    if (here < 0.02F || here > 0.98F) return tint;
    // How far away the mask is 0.5: by its steepness.
    const float dx = mask.at(x + 1, y) - mask.at(x - 1, y);
    const float dy = mask.at(x, y + 1) - mask.at(x, y - 1);
    const float steep = std::hypot(dx, dy) / 2;
    if (steep < 1e-4F) return tint;
    return std::max(tint, half + 0.5F - std::abs(here - 0.5F) / steep);
  });
}

void Drawing::skeleton() {
  // A bone that is guessed, since it is hidden or outside of the picture, is drawn fainter.
  auto sure = [&](LandmarkId id) {
    return std::clamp(std::min(pose_[id].visibility, pose_[id].presence) * 1.4F, 0.25F, 1.0F);
  };
  for (const Bone& bone : kBones) {
    canvas_.line(at(bone.from), at(bone.to), unit_ * 1.5F,
                 kBone.faded(0.85F * std::min(sure(bone.from), sure(bone.to))));
  }
  for (const LandmarkId id :
       {left_shoulder, right_shoulder, left_elbow, right_elbow, left_wrist, right_wrist, left_hip,
        right_hip, left_knee, right_knee, left_ankle, right_ankle}) {
    canvas_.dot(at(id), unit_ * 3, kShade.faded(sure(id)));
    canvas_.dot(at(id), unit_ * 2.1F, kBone.faded(sure(id)));
  }
  for (const LandmarkId id : {nose, left_eye, right_eye, left_ear, right_ear}) {
    canvas_.dot(at(id), unit_ * 1.1F, kBone.faded(0.9F * sure(id)));
  }
}

bool Drawing::is_joint(std::span<const MeasuringLine> all, const MeasuringLine& line,
                       Spot end) const {
  auto touches = [&](float x, float y) {
    return std::hypot(x * scale_ - end.x, y * scale_ - end.y) < 0.5F;
  };
  return std::ranges::any_of(all, [&](const MeasuringLine& other) {
    return &other != &line && other.name == line.name &&
           (touches(other.x0, other.y0) || touches(other.x1, other.y1));
  });
}

void Drawing::lines(std::span<const MeasuringLine> all) {
  for (const Colour colour : {kInk.faded(0.55F), kLine}) {
    const float more = colour.red == kInk.red ? unit_ * 1.4F : 0;
    for (const MeasuringLine& line : all) {
      const Spot a{line.x0 * scale_, line.y0 * scale_}, b{line.x1 * scale_, line.y1 * scale_};
      canvas_.line(a, b, unit_ * 2 + more, colour);
      // Ends like those of a dimension line in a plan.
      const float length = std::hypot(b.x - a.x, b.y - a.y);
      if (length < 1) continue;
      const Spot tick{-(b.y - a.y) / length * unit_ * 4, (b.x - a.x) / length * unit_ * 4};
      for (const Spot end : {a, b}) {
        if (is_joint(all, line, end)) continue;
        canvas_.line({end.x - tick.x, end.y - tick.y}, {end.x + tick.x, end.y + tick.y},
                     unit_ * 2 + more, colour);
      }
    }
  }
}

// The arm's and the leg's labels stand on the side of the arm that is measured, those of the torso
// on the other, where nothing but their own lines leads to them.
std::optional<Drawing::Tag> Drawing::tag(std::span<const MeasuringLine> lines,
                                         const LineLabel& label) const {
  const auto line = std::ranges::find(lines, label.line, &MeasuringLine::name);
  if (line == lines.end()) return std::nullopt;
  const bool arm_right = at(left_elbow).x >= at(right_elbow).x;
  const bool limb = label.line == "arm" || label.line == "inseam";
  Tag tag{label.text, {}, arm_right == limb, 0};
  const Spot a{line->x0 * scale_, line->y0 * scale_}, b{line->x1 * scale_, line->y1 * scale_};
  if (label.line == "inseam") {
    tag.from = {a.x + (b.x - a.x) * 0.55F, a.y + (b.y - a.y) * 0.55F};
  } else if (label.line == "arm") {
    tag.from = b;  // the elbow
  } else {
    tag.from = (a.x > b.x) == tag.right ? a : b;
  }
  tag.y = tag.from.y;
  return tag;
}

// Moves labels of one side up and down until none covers another.
void Drawing::spread(std::vector<Tag*>& column) const {
  const float apart = unit_ * (kLetters + 9);
  std::ranges::sort(column, {}, [](const Tag* tag) { return tag->y; });
  for (int turn = 0; turn < 50; ++turn) {
    for (std::size_t i = 1; i < column.size(); ++i) {
      const float missing = apart - (column[i]->y - column[i - 1]->y);
      if (missing <= 0) continue;
      column[i - 1]->y -= missing / 2;
      column[i]->y += missing / 2;
    }
    for (Tag* tag : column) tag->y = std::clamp(tag->y, apart / 2, height_ - apart / 2);
  }
}

void Drawing::labels(std::span<const MeasuringLine> lines, std::span<const LineLabel> all) {
  std::vector<Tag> tags;
  for (const LineLabel& label : all) {
    if (const auto made = tag(lines, label)) tags.push_back(*made);
  }
  for (const bool right : {false, true}) {
    std::vector<Tag*> column;
    for (Tag& tag : tags) {
      if (tag.right == right) column.push_back(&tag);
    }
    spread(column);
  }
  for (const Tag& tag : tags) write(tag);
}

void Drawing::write(const Tag& tag) {
  const float letters = unit_ * kLetters, padding = unit_ * 4.5F;
  const float width = image::lettering_width(tag.text, letters) + 2 * padding;
  const float tall = letters + 1.5F * padding;
  // Beside the whole body, where the picture has room.
  float left = pose_[nose].x * scale_, right = left;
  for (const Landmark& landmark : pose_.landmarks) {
    left = std::min(left, landmark.x * scale_);
    right = std::max(right, landmark.x * scale_);
  }
  const float beside = unit_ * 22;
  float x = tag.right ? right + beside : left - beside - width;
  x = std::clamp(x, unit_ * 3, std::max(unit_ * 3, width_ - width - unit_ * 3));
  const Spot near{tag.right ? x : x + width, tag.y};
  canvas_.line(tag.from, near, unit_ * 2, kInk.faded(0.4F));
  canvas_.line(tag.from, near, unit_ * 0.9F, kLine);
  canvas_.box({x, tag.y - tall / 2}, width, tall, unit_ * 3, kLine);
  canvas_.write({x + padding, tag.y + letters / 2}, letters, tag.text, kInk);
}

}  // namespace

std::span<const Bone> bones() { return kBones; }

image::Picture draw_measuring(image::Picture photo, const Pose& pose,
                              std::span<const MeasuringLine> lines,
                              std::span<const LineLabel> labels) {
  const int longer = std::max(photo.width, photo.height);
  float scale = 1;
  if (longer < kDrawnSide) {
    scale = static_cast<float>(kDrawnSide) / static_cast<float>(longer);
    auto scaled = [&](int side) {
      return std::max(1, static_cast<int>(std::lround(static_cast<float>(side) * scale)));
    };
    photo = image::resize(photo, {scaled(photo.width), scaled(photo.height)});
  }
  Drawing drawing(photo, pose, scale);
  drawing.silhouette();
  drawing.skeleton();
  drawing.lines(lines);
  drawing.labels(lines, labels);
  return photo;
}

}  // namespace selvage::sizing
