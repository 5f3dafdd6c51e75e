#include "sizing/detail/detection.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.hpp"

namespace selvage::sizing::detail {
namespace {

constexpr float kBodyMargin = 1.25F;  // of the square over the circle around the body

std::array<Point, kAnchors> make_anchors() {
  // Two anchors in each cell of a layer; three layers share the coarsest grid.
  struct Grid {
    int cells, anchors;
  };
  constexpr Grid kGrids[] = {{28, 2}, {14, 2}, {7, 6}};
  std::array<Point, kAnchors> all{};
  std::size_t n = 0;
  for (const auto& [cells, each] : kGrids) {
    for (int y = 0; y < cells; ++y) {
      for (int x = 0; x < cells; ++x) {
        const Point centre{(static_cast<float>(x) + 0.5F) / static_cast<float>(cells),
                           (static_cast<float>(y) + 0.5F) / static_cast<float>(cells)};
        for (int i = 0; i < each; ++i) all[n++] = centre;
      }
    }
  }
  return all;
}

float sigmoid(float logit) { return 1 / (1 + std::exp(-std::clamp(logit, -100.0F, 100.0F))); }

bool is_finite(const Detection& d) {
  float sum = d.left + d.top + d.right + d.bottom;
  for (const Point& point : d.points) sum += point.x + point.y;
  return std::isfinite(sum);
}

}  // namespace

const std::array<Point, kAnchors>& anchors() {
  static const std::array<Point, kAnchors> kAll = make_anchors();
  return kAll;
}

std::vector<Detection> decode_detections(std::span<const float> boxes,
                                         std::span<const float> logits, float least_score) {
  SELVAGE_CHECK(boxes.size() == kAnchors * kBoxValues && logits.size() == kAnchors);
  constexpr float kScale = 1.0F / kDetectorSize;
  std::vector<Detection> found;
  for (std::size_t i = 0; i < kAnchors; ++i) {
    const float score = sigmoid(logits[i]);
    if (!(score >= least_score)) continue;
    const Point anchor = anchors()[i];
    const float* box = boxes.data() + i * kBoxValues;
    const float x = box[0] * kScale + anchor.x, y = box[1] * kScale + anchor.y;
    const float width = box[2] * kScale, height = box[3] * kScale;
    if (width < 0 || height < 0) continue;
    Detection detection{.score = score,
                        .left = x - width / 2,
                        .top = y - height / 2,
                        .right = x + width / 2,
                        .bottom = y + height / 2};
    for (std::size_t k = 0; k < detection.points.size(); ++k) {
      detection.points[k] = {box[4 + 2 * k] * kScale + anchor.x,
                             box[5 + 2 * k] * kScale + anchor.y};
    }
    if (is_finite(detection)) found.push_back(detection);
  }
  return found;
}

float overlap(const Detection& a, const Detection& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const float common = width * height;
  const float both =
      (a.right - a.left) * (a.bottom - a.top) + (b.right - b.left) * (b.bottom - b.top) - common;
  return both > 0 ? common / both : 0;
}

namespace {

Detection weighted_mean(std::span<const Detection> members) {
  Detection sum;
  float weight = 0;
  for (const Detection& each : members) {
    weight += each.score;
    sum.left += each.left * each.score;
    sum.top += each.top * each.score;
    sum.right += each.right * each.score;
    sum.bottom += each.bottom * each.score;
    for (std::size_t k = 0; k < sum.points.size(); ++k) {
      sum.points[k].x += each.points[k].x * each.score;
      sum.points[k].y += each.points[k].y * each.score;
    }
  }
  for (float* value : {&sum.left, &sum.top, &sum.right, &sum.bottom}) *value /= weight;
  for (Point& point : sum.points) point = {point.x / weight, point.y / weight};
  return sum;
}

}  // namespace

std::vector<Detection> merge_detections(std::vector<Detection> all, float same) {
  std::ranges::sort(all, std::ranges::greater{}, &Detection::score);
  std::vector<Detection> people;
  std::vector<Detection> rest;
  std::vector<Detection> members;
  while (!all.empty()) {
    const Detection best = all.front();
    members = {best};
    rest.clear();
    for (std::size_t i = 1; i < all.size(); ++i) {
      (overlap(all[i], best) > same ? members : rest).push_back(all[i]);
    }
    Detection& person = people.emplace_back(weighted_mean(members));
    person.score = best.score;
    all.swap(rest);
  }
  return people;
}

int count_people(std::vector<Detection> all) {
  SELVAGE_CHECK(!all.empty());
  // One person in parts gives several weak detections that overlap little, but agree on the hips.
  constexpr float kSameBox = 0.3F, kSameHips = 0.5F;
  auto reach = [](const Detection& each) {
    return std::hypot(each.points[1].x - each.points[0].x, each.points[1].y - each.points[0].y);
  };
  std::vector<Detection> people;
  for (const Detection& each : merge_detections(std::move(all), kSameBox)) {
    const bool apart = std::ranges::all_of(people, [&](const Detection& other) {
      const float distance =
          std::hypot(each.points[0].x - other.points[0].x, each.points[0].y - other.points[0].y);
      return distance > kSameHips * std::min(reach(each), reach(other));
    });
    if (apart) people.push_back(each);
  }
  return static_cast<int>(people.size());
}

Roi letterbox(int width, int height) {
  return {.centre_x = static_cast<float>(width) / 2,
          .centre_y = static_cast<float>(height) / 2,
          .side = static_cast<float>(std::max(width, height))};
}

std::optional<Roi> body_roi(const Detection& detection, int width, int height) {
  const Roi seen = letterbox(width, height);
  auto in_picture = [&](Point point) {
    return Point{seen.centre_x + (point.x - 0.5F) * seen.side,
                 seen.centre_y + (point.y - 0.5F) * seen.side};
  };
  const Point hips = in_picture(detection.points[0]), edge = in_picture(detection.points[1]);
  const float x = edge.x - hips.x, y = edge.y - hips.y;
  const float radius = std::hypot(x, y);
  if (!(radius > 0) || !std::isfinite(radius + hips.x + hips.y)) return {};
  constexpr float kPi = std::numbers::pi_v<float>;
  // The edge point is straight above the hips of somebody who stands upright.
  const float turn = kPi / 2 - std::atan2(-y, x);
  return Roi{.centre_x = hips.x,
             .centre_y = hips.y,
             .side = 2 * radius * kBodyMargin,
             .rotation = turn - 2 * kPi * std::floor((turn + kPi) / (2 * kPi))};
}

}  // namespace selvage::sizing::detail
