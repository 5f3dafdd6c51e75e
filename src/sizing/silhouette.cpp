#include "sizing/silhouette.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "sizing/detail/body_frame.hpp"
#include "sizing/detail/outline.hpp"
#include "sizing/detail/relief.hpp"
#include "sizing/detail/scan.hpp"

namespace selvage::sizing {
namespace {

using detail::BodyFrame;
using detail::extreme;
using detail::Found;
using detail::middle;
using detail::Outline;
using detail::Point;
using detail::Row;
using detail::smooth;
using enum LandmarkId;

// Collects features and, on its first run, their names.
class Features {
 public:
  Features(std::vector<double>& values, std::vector<std::string>* names)
      : values_(values), names_(names) {}
  void add(const char* name, double value) {
    values_.push_back(std::isfinite(value) ? value : 0);
    if (names_) names_->emplace_back(name);
  }
  void add(const char* name, double at, double value) {
    values_.push_back(std::isfinite(value) ? value : 0);
    if (names_) names_->push_back(name + std::to_string(static_cast<int>(std::lround(at * 100))));
  }

 private:
  std::vector<double>& values_;
  std::vector<std::string>* names_;
};

// Where a girth is taken, from the hips' landmarks (0) to the shoulders' (1): within these heights
// where the body is narrowest or broadest, else as most people have it. Means of the rendered
// bodies' tape measures, and one and a half standard deviations.
struct Band {
  double low, usual, high;
  int sign;
};
constexpr double kChestLine = 0.80;  // arms leave no edge to go by
constexpr Band kWaistLine{0.28, 0.35, 0.43, -1};
constexpr Band kHipLine{-0.15, -0.04, 0.08, 1};

class Body {
 public:
  Body(const Pose& pose, const BodyFrame& frame) : pose_(pose), frame_(frame), outline_(frame) {
    shoulders_ = middle(at(left_shoulder), at(right_shoulder)).y;
    hips_ = middle(at(left_hip), at(right_hip)).y;
    crotch_ = outline_.crotch();
    auto torso = [&](double y) { return breadth(y); };
    waist_ = extreme(level(0.25), level(0.7), -1, torso);
    hip_ = extreme(std::min(crotch_.y, hips_) - 0.005, level(0.15), 1, torso);
    armpit_ = armpit();
    chest_ = {armpit_ - 0.012, breadth(armpit_ - 0.012)};
  }

  void features(Features& to) const;
  [[nodiscard]] Obstacles obstacles() const;
  [[nodiscard]] std::vector<MeasuringLine> lines() const;

 private:
  [[nodiscard]] Point at(LandmarkId id) const { return frame_.landmark(id); }
  // The height that lies `t` of the way from the hips' landmarks to the shoulders'.
  [[nodiscard]] double level(double t) const { return hips_ + t * (shoulders_ - hips_); }
  [[nodiscard]] double apart(LandmarkId a, LandmarkId b) const {
    return detail::length(at(a) - at(b));
  }
  [[nodiscard]] double both(LandmarkId a, LandmarkId b, LandmarkId c, LandmarkId d) const {
    return (apart(a, b) + apart(c, d)) / 2;
  }
  [[nodiscard]] double world(LandmarkId a, LandmarkId b) const {
    const auto &p = pose_.world[static_cast<std::size_t>(a)],
               &q = pose_.world[static_cast<std::size_t>(b)];
    return std::hypot(p.x - q.x, p.y - q.y, p.z - q.z);
  }
  [[nodiscard]] double depth(LandmarkId id) const {
    return pose_[id].z / pose_.roi.side * Mask::kSide * frame_.sample();
  }
  [[nodiscard]] double turn(LandmarkId a, LandmarkId b) const {
    const auto &p = pose_.world[static_cast<std::size_t>(a)],
               &q = pose_.world[static_cast<std::size_t>(b)];
    return std::abs(std::atan2(p.z - q.z, std::hypot(p.x - q.x, p.y - q.y)));
  }
  [[nodiscard]] double breadth(double y) const {
    return smooth(y, [this](double at) { return outline_.torso(at).breadth(); });
  }
  [[nodiscard]] double armpit() const;
  [[nodiscard]] double hidden_by_arms() const;
  [[nodiscard]] double folded() const;
  [[nodiscard]] double blur() const;
  [[nodiscard]] double area(double low, double high) const;
  [[nodiscard]] double line_height(const Band& band) const;

  void torso(Features& to) const;
  void limbs(Features& to) const;
  void skeleton(Features& to) const;
  void relief(Features& to) const;

  const Pose& pose_;
  const BodyFrame& frame_;
  Outline outline_;
  double shoulders_ = 0, hips_ = 0, armpit_ = 0;
  Outline::Crotch crotch_;
  Found waist_, hip_, chest_;
};

// The mean height below which arms and torso part; when they never do, where they usually would.
double Body::armpit() const {
  double sum = 0;
  for (const bool left : {true, false}) {
    double found = level(0.78);
    for (double y = level(0.98); y > level(0.45); y -= 0.003) {
      const Row row = outline_.torso(y);
      if ((left ? row.left : row.right).is_cut) continue;
      found = y;
      break;
    }
    sum += found;
  }
  return sum / 2;
}

double Body::hidden_by_arms() const {
  int cut = 0, all = 0;
  for (double y = level(0.0); y < level(0.7); y += 0.008) {
    const Row row = outline_.torso(y);
    cut += int{row.left.is_cut} + int{row.right.is_cut};
    all += 2;
  }
  return all == 0 ? 0 : static_cast<double>(cut) / all;
}

double Body::folded() const {
  // Half the trunk's breadth between the joints, which lie inside of it: arms at its sides do not
  // count.
  const double half_hips = std::abs(at(left_hip).x - at(right_hip).x) / 2;
  const double half_shoulders = std::abs(at(left_shoulder).x - at(right_shoulder).x) / 2;
  const double middle_x = middle(at(left_hip), at(right_hip)).x;
  const double span = std::max(shoulders_ - hips_, 0.05);
  const double drift = middle(at(left_shoulder), at(right_shoulder)).x - middle_x;
  int inside = 0, all = 0;
  auto count = [&](Point from, Point to) {
    for (double t = 0.1; t < 0.95; t += 0.1, ++all) {
      const Point p = from + (to - from) * t;
      const double up = (p.y - hips_) / span;
      const double half = half_hips + std::clamp(up, 0.0, 1.0) * (half_shoulders - half_hips);
      inside += up > 0 && up < 1 && std::abs(p.x - middle_x - up * drift) < half;
    }
  };
  count(at(left_elbow), at(left_wrist)), count(at(left_wrist), at(left_index));
  count(at(right_elbow), at(right_wrist)), count(at(right_wrist), at(right_index));
  return static_cast<double>(inside) / all;
}

// Over how many statures the mask fades from 0.9 to 0.1, at the flanks.
double Body::blur() const {
  double sum = 0;
  int rows = 0;
  for (double t = 0.2; t < 0.65; t += 0.05) {
    const Row row = outline_.torso(level(t));
    for (const int side : {-1, 1}) {
      const auto& edge = side < 0 ? row.left : row.right;
      if (edge.is_cut) continue;
      const double step = frame_.sample() * 0.25;
      int fading = 0;
      for (int i = -24; i <= 24; ++i) {
        const double here = frame_.mask_at({edge.x + i * step, row.y});
        fading += here > 0.1 && here < 0.9;
      }
      sum += fading * step;
      ++rows;
    }
  }
  return rows == 0 ? 0 : sum / rows;
}

double Body::area(double low, double high) const {
  double sum = 0;
  const double step = 0.008;
  for (double y = low; y < high; y += step)
    for (double x = -0.3; x <= 0.3; x += step) sum += frame_.mask_at({x, y});
  return sum * step * step;
}

void Body::torso(Features& to) const {
  for (double y = 0.42; y < 0.801; y += 0.02) to.add("torso_at_", y, breadth(y));
  for (double t = -0.2; t < 0.91; t += 0.1) to.add("torso_by_", t, breadth(level(t)));
  to.add("waist", waist_.breadth);
  to.add("waist_y", waist_.y);
  to.add("hip", hip_.breadth);
  to.add("hip_y", hip_.y);
  to.add("chest", chest_.breadth);
  to.add("armpit_y", armpit_);
  auto overall = [&](double y) { return outline_.overall_breadth(y); };
  to.add("bideltoid", extreme(shoulders_ - 0.05, shoulders_, 1, overall).breadth);
  to.add("at_shoulders", overall(shoulders_));
  const double nose = at(LandmarkId::nose).y;
  to.add("neck", extreme(shoulders_ + 0.02, nose - 0.02, -1, overall).breadth);
  to.add("head", extreme(nose - 0.02, 0.97, 1, overall).breadth);
  to.add("area", area(0, 1));
  to.add("torso_area", area(level(-0.1), level(1)));
  to.add("crotch_y", crotch_.y);
  to.add("crotch_seen", crotch_.seen ? 1 : 0);
  to.add("arms_hide", hidden_by_arms());
  to.add("blur", blur());
}

void Body::limbs(Features& to) const {
  for (double y = 0.06; y < 0.441; y += 0.02)
    to.add("leg_at_", y, smooth(y, [&](double at) { return outline_.leg_breadth(at); }));
  for (double along = 0.2; along < 1.91; along += 0.1)
    to.add("arm_at_", along, outline_.arm_thickness(along));
  to.add("upper_arm", both(left_shoulder, left_elbow, right_shoulder, right_elbow));
  to.add("forearm", both(left_elbow, left_wrist, right_elbow, right_wrist));
  to.add("hand", both(left_wrist, left_index, right_wrist, right_index));
  to.add("thigh", both(left_hip, left_knee, right_hip, right_knee));
  to.add("shank", both(left_knee, left_ankle, right_knee, right_ankle));
  to.add("foot", both(left_heel, left_foot_index, right_heel, right_foot_index));
  auto lean = [](Point from, Point to) {
    return std::abs(std::atan2(to.x - from.x, from.y - to.y));
  };
  to.add("abduction",
         (lean(at(left_shoulder), at(left_elbow)) + lean(at(right_shoulder), at(right_elbow))) / 2);
  to.add("stance", std::abs(at(left_ankle).x - at(right_ankle).x));
}

void Body::skeleton(Features& to) const {
  to.add("shoulders", apart(left_shoulder, right_shoulder));
  to.add("shoulders_y", shoulders_);
  to.add("hips", apart(left_hip, right_hip));
  to.add("hips_y", hips_);
  to.add("knees_y", middle(at(left_knee), at(right_knee)).y);
  to.add("ankles_y", middle(at(left_ankle), at(right_ankle)).y);
  to.add("heels_y", middle(at(left_heel), at(right_heel)).y);
  to.add("toes_y", middle(at(left_foot_index), at(right_foot_index)).y);
  to.add("nose_y", at(LandmarkId::nose).y);
  to.add("mouth_y", middle(at(mouth_left), at(mouth_right)).y);
  to.add("ears", apart(left_ear, right_ear));
  to.add("eyes", apart(left_eye, right_eye));
  to.add("mouth", apart(mouth_left, mouth_right));

  // The model's own idea of the body in metres, as shares of its legs and trunk.
  const double legs = world(left_hip, left_knee) + world(left_knee, left_ankle) +
                      world(right_hip, right_knee) + world(right_knee, right_ankle);
  const double trunk = world(left_shoulder, left_hip) + world(right_shoulder, right_hip);
  const double whole = std::max((legs + trunk) / 2, 0.1);
  to.add("world_shoulders", world(left_shoulder, right_shoulder) / whole);
  to.add("world_hips", world(left_hip, right_hip) / whole);
  to.add("world_trunk", trunk / 2 / whole);
  to.add("world_thigh", (world(left_hip, left_knee) + world(right_hip, right_knee)) / 2 / whole);
  to.add("world_upper_arm",
         (world(left_shoulder, left_elbow) + world(right_shoulder, right_elbow)) / 2 / whole);
  to.add("world_forearm",
         (world(left_elbow, left_wrist) + world(right_elbow, right_wrist)) / 2 / whole);
  to.add("turned_shoulders", turn(left_shoulder, right_shoulder));
  to.add("turned_hips", turn(left_hip, right_hip));
  to.add("shoulders_z", (depth(left_shoulder) + depth(right_shoulder)) / 2);
  to.add("nose_z", depth(LandmarkId::nose));
  to.add("knees_z", (depth(left_knee) + depth(right_knee)) / 2);
  to.add("ankles_z", (depth(left_ankle) + depth(right_ankle)) / 2);
}

void Body::relief(Features& to) const {
  const detail::Relief relief = detail::find_relief(pose_);
  for (int row = 0; row < detail::Relief::kRows; ++row) {
    const std::string name = fmt::format("light_{:.0f}_", detail::Relief::height(row) * 100);
    int column = 0;
    for (const double light : relief.light[static_cast<std::size_t>(row)])
      to.add(name.c_str(), 0.05 * column++, light);
  }
}

void Body::features(Features& to) const {
  torso(to);
  limbs(to);
  skeleton(to);
  relief(to);
}

Obstacles Body::obstacles() const {
  Obstacles seen;
  const double turned = (turn(left_shoulder, right_shoulder) + turn(left_hip, right_hip)) / 2;
  seen.yaw_degrees = turned * 180 / std::numbers::pi;
  seen.tilt_degrees = frame_.tilt_degrees();
  seen.arms = hidden_by_arms();
  seen.folded = folded();
  seen.blur = blur();
  int missing = 0;
  constexpr LandmarkId kBody[] = {LandmarkId::nose, left_shoulder, right_shoulder, left_elbow,
                                  right_elbow,      left_hip,      right_hip,      left_knee,
                                  right_knee,       left_ankle,    right_ankle};
  for (const LandmarkId id : kBody) missing += frame_.mask_at(at(id)) < 0.5;
  seen.unseen = missing / static_cast<double>(std::size(kBody));
  return seen;
}

// Of what is seen: hands beside the hips are not hips.
double Body::line_height(const Band& band) const {
  double best = level(band.usual), most = -1;
  for (double y = level(band.low); y < level(band.high); y += 0.004) {
    const Row row = outline_.torso(y);
    if (row.left.is_cut || row.right.is_cut) continue;
    const double here = band.sign * row.breadth() + 1;
    if (here > most) best = y, most = here;
  }
  return best;
}

std::vector<MeasuringLine> Body::lines() const {
  std::vector<MeasuringLine> all;
  auto add = [&](std::string_view name, Point from, Point to) {
    const Point a = frame_.to_picture(from), b = frame_.to_picture(to);
    all.push_back({name, static_cast<float>(a.x), static_cast<float>(a.y), static_cast<float>(b.x),
                   static_cast<float>(b.y)});
  };
  auto across = [&](std::string_view name, double y) {
    const Row row = outline_.torso(y);
    add(name, {row.left.x, y}, {row.right.x, y});
  };
  auto between_marks = [&](std::string_view name, LandmarkId from, LandmarkId to) {
    all.push_back({name, pose_[from].x, pose_[from].y, pose_[to].x, pose_[to].y});
  };
  between_marks("shoulder", left_shoulder, right_shoulder);
  // At the arm's root its bone stands where the chest ends, not an arm's radius outside of it.
  const double y = level(kChestLine);
  const Row chest = outline_.torso(y);
  add("chest", {chest.left.farthest, y}, {chest.right.farthest, y});
  across("waist", line_height(kWaistLine));
  across("hip", line_height(kHipLine));
  const double between = middle(at(left_knee), at(right_knee)).x;
  add("inseam", {between, crotch_.y}, {between, 0});
  between_marks("arm", left_shoulder, left_elbow);
  between_marks("arm", left_elbow, left_wrist);
  return all;
}

}  // namespace

std::optional<Silhouette> find_silhouette(const Pose& pose) {
  const std::optional<BodyFrame> frame = BodyFrame::find(pose);
  if (!frame) return std::nullopt;
  const Body body(pose, *frame);
  Silhouette result;
  Features features(result.features, nullptr);
  body.features(features);
  result.obstacles = body.obstacles();
  result.lines = body.lines();
  return result;
}

std::span<const std::string_view> feature_names() {
  // Asked of a body that stands: the names come from the code that computes the features.
  static const std::vector<std::string> kNames = [] {
    Pose pose;
    pose.roi = {0, 0, 1, 0};
    pose.mask.values.assign(std::size_t{Mask::kSide} * Mask::kSide, 0);
    auto put = [&](LandmarkId id, float y) { pose.landmarks[static_cast<std::size_t>(id)].y = y; };
    put(left_shoulder, -0.3F), put(right_shoulder, -0.3F);
    put(left_ear, -0.4F), put(right_ear, -0.4F);
    put(left_ankle, 0.4F), put(right_ankle, 0.4F);
    std::vector<std::string> names;
    std::vector<double> values;
    Features features(values, &names);
    const auto frame = BodyFrame::find(pose);
    if (frame) Body(pose, *frame).features(features);
    return names;
  }();
  static const std::vector<std::string_view> kViews(kNames.begin(), kNames.end());
  return kViews;
}

}  // namespace selvage::sizing
