#include "app/body_finder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "net/loop.hpp"

namespace selvage::app {
namespace {

constexpr int kLongestSide = 384;  // as fine as the square of 256 cells can be

float certainty(const sizing::Mask& mask, float column, float row) {
  constexpr int kSide = sizing::Mask::kSide;
  if (column < -0.5F || row < -0.5F || column > kSide - 0.5F || row > kSide - 0.5F) return 0;
  const float x = std::clamp(column, 0.0F, kSide - 1.001F);
  const float y = std::clamp(row, 0.0F, kSide - 1.001F);
  const int ix = static_cast<int>(x), iy = static_cast<int>(y);
  const float tx = x - static_cast<float>(ix), ty = y - static_cast<float>(iy);
  const float upper = mask.at(ix, iy) + (mask.at(ix + 1, iy) - mask.at(ix, iy)) * tx;
  const float lower = mask.at(ix, iy + 1) + (mask.at(ix + 1, iy + 1) - mask.at(ix, iy + 1)) * tx;
  return upper + (lower - upper) * ty;
}

constexpr milliseconds kPause{100};
constexpr int kTries = 50;

Task<Result<std::optional<tryon::Body>>> find_body(sizing::LatePosePool* poses,
                                                   image::Picture picture) {
  auto look = [&picture](sizing::PoseEstimator& estimator) -> Result<std::optional<tryon::Body>> {
    const std::optional<sizing::Pose> pose = TRY(estimator.estimate(picture));
    if (!pose) return std::optional<tryon::Body>{};
    return std::optional<tryon::Body>(body_of(*pose));
  };
  for (int attempt = 1;; ++attempt) {
    auto body = co_await poses->get().run(look);
    if (body || body.error().code != "sizing.busy" || attempt == kTries) co_return std::move(body);
    co_await net::sleep_for(kPause);
  }
}

}  // namespace

tryon::Body body_of(const sizing::Pose& pose) {
  tryon::Body body;
  static_assert(tryon::Body::kPoints == sizing::kLandmarks);
  for (std::size_t i = 0; i < sizing::kLandmarks; ++i) {
    const sizing::Landmark& from = pose.landmarks[i];
    body.points[i] = {from.x, from.y, from.z, from.visibility * from.presence};
  }
  const int longest = std::max({pose.image_width, pose.image_height, 1});
  const float step = std::max(1.0F, static_cast<float>(longest) / static_cast<float>(kLongestSide));
  body.columns = std::max(1, static_cast<int>(static_cast<float>(pose.image_width) / step));
  body.rows = std::max(1, static_cast<int>(static_cast<float>(pose.image_height) / step));
  const float step_x = static_cast<float>(pose.image_width) / static_cast<float>(body.columns);
  const float step_y = static_cast<float>(pose.image_height) / static_cast<float>(body.rows);
  const sizing::MaskPlaces places(pose.roi);
  body.silhouette.reserve(static_cast<std::size_t>(body.columns) *
                          static_cast<std::size_t>(body.rows));
  for (int row = 0; row < body.rows; ++row) {
    for (int column = 0; column < body.columns; ++column) {
      const auto place = places.of((static_cast<float>(column) + 0.5F) * step_x,
                                   (static_cast<float>(row) + 0.5F) * step_y);
      const float sure = certainty(pose.mask, place.column, place.row);
      body.silhouette.push_back(
          static_cast<std::uint8_t>(std::clamp(sure, 0.0F, 1.0F) * 255 + 0.5F));
    }
  }
  return body;
}

tryon::BodyFinder body_finder(sizing::LatePosePool& poses) {
  return [&poses] [[clang::coro_wrapper]] (image::Picture picture) {
    return find_body(&poses, std::move(picture));
  };
}

}  // namespace selvage::app
