#include "sizing/pose_estimator.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sizing/detail/detection.hpp"
#include "sizing/detail/landmarks.hpp"
#include "sizing/detail/network.hpp"
#include "sizing/detail/tflite_model.hpp"
#include "sizing/detail/warp.hpp"

namespace selvage::sizing {
namespace {

// Outputs of the networks, in the order of their files.
constexpr std::size_t kBoxes = 0, kScores = 1;
constexpr std::size_t kPointsOut = 0, kPoseFlag = 1, kMaskOut = 2, kHeatmapsOut = 3, kWorldOut = 4;

using detail::NetworkModel;

// That the rest of this file may index what the networks put out.
Result<void> check_form(const NetworkModel& model, int input_side,
                        std::initializer_list<std::size_t> outputs) {
  const auto side = static_cast<std::uint32_t>(input_side);
  bool fits = model.values[model.input] == detail::Shape{side, side, 3} &&
              model.outputs.size() == outputs.size();
  std::size_t i = 0;
  for (const std::size_t elements : outputs) {
    fits = fits && model.output_elements(i) == elements;
    ++i;
  }
  if (fits) return {};
  return detail::invalid_model("its inputs or outputs are not a pose model's");
}

// Luma of the square that the landmark model was given, 0..1 a channel.
Grey grey_of(std::span<const float> square) {
  Grey grey;
  grey.values.reserve(square.size() / 3);
  for (std::size_t i = 0; i + 2 < square.size(); i += 3) {
    const float light = 0.299F * square[i] + 0.587F * square[i + 1] + 0.114F * square[i + 2];
    grey.values.push_back(static_cast<std::uint8_t>(light * 255 + 0.5F));
  }
  return grey;
}

}  // namespace

struct PoseEstimator::Impl {
  detail::Network detector, landmarks;
  PoseOptions options;
  detail::Levels signed_levels = detail::levels(2.0F / 255, -1);
  detail::Levels unsigned_levels = detail::levels(1.0F / 255, 0);
};

PoseEstimator::PoseEstimator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PoseEstimator::PoseEstimator(PoseEstimator&&) noexcept = default;
PoseEstimator& PoseEstimator::operator=(PoseEstimator&&) noexcept = default;
PoseEstimator::~PoseEstimator() = default;

Result<PoseEstimator> PoseEstimator::create(const PoseModels& models, PoseOptions options) {
  using namespace detail;
  TRY(check_form(models.detector(), kDetectorSize, {kAnchors * kBoxValues, kAnchors}));
  TRY(check_form(models.landmarks(), kLandmarkSize,
                 {kPoints * kPointValues, 1, std::size_t{Mask::kSide} * Mask::kSide,
                  std::size_t{kHeatmapSize} * kHeatmapSize * kPoints, kPoints * kWorldValues}));
  auto impl = std::make_unique<Impl>(TRY(Network::create(models.detector())),
                                     TRY(Network::create(models.landmarks())), options);
  TRY(impl->detector.run());
  TRY(impl->landmarks.run());
  return PoseEstimator(std::move(impl));
}

Result<std::optional<Pose>> PoseEstimator::estimate(const image::Picture& picture) {
  const auto person = TRY(detect(picture));
  if (!person) return std::nullopt;
  return look_closely(picture, *person);
}

Result<std::optional<SeenPerson>> PoseEstimator::detect(const image::Picture& picture) {
  detail::Network& detector = impl_->detector;
  detail::warp(picture, detail::letterbox(picture.width, picture.height), detail::kDetectorSize,
               detail::Border::black, impl_->signed_levels, detector.input());
  TRY(detector.run());
  const float sure = impl_->options.least_detection_score;
  auto all = detail::decode_detections(detector.output(kBoxes), detector.output(kScores),
                                       std::min(sure, detail::kLeastOtherScore));
  std::vector<detail::Detection> clear;
  std::ranges::copy_if(all, std::back_inserter(clear),
                       [&](const detail::Detection& each) { return each.score >= sure; });
  if (clear.empty()) return std::nullopt;
  const auto merged =
      detail::merge_detections(std::move(clear), impl_->options.same_person_overlap);
  const auto roi = detail::body_roi(merged.front(), picture.width, picture.height);
  if (!roi) return std::nullopt;
  return SeenPerson{merged.front().score, *roi, detail::count_people(std::move(all))};
}

Result<std::optional<Pose>> PoseEstimator::look_closely(const image::Picture& picture,
                                                        const SeenPerson& person) {
  detail::Network& landmarks = impl_->landmarks;
  detail::warp(picture, person.roi, detail::kLandmarkSize, detail::Border::nearest,
               impl_->unsigned_levels, landmarks.input());
  TRY(landmarks.run());
  Pose pose{.detection_score = person.score,
            .pose_score = landmarks.output(kPoseFlag)[0],
            .roi = person.roi,
            .image_width = picture.width,
            .image_height = picture.height,
            .people = person.people};
  if (!(pose.pose_score > impl_->options.least_pose_score)) return std::nullopt;
  detail::place_landmarks({.points = landmarks.output(kPointsOut),
                           .heatmaps = landmarks.output(kHeatmapsOut),
                           .world = landmarks.output(kWorldOut)},
                          pose);
  pose.grey = grey_of(landmarks.input());
  const auto mask = landmarks.output(kMaskOut);
  pose.mask.values.assign(mask.begin(), mask.end());
  return pose;
}

}  // namespace selvage::sizing
