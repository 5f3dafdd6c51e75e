// One photo's way through `selvage size`: read, decoded, posed, judged, and drawn when asked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sizing/pose_estimator.hpp"
#include "sizing/size_advice.hpp"

namespace selvage::app::size {

inline constexpr std::size_t kMostPhotoBytes = 64'000'000;

struct Photo {
  std::filesystem::path file;
  sizing::Wearer wearer;
  std::filesystem::path draw;  // where to; empty: not at all
  bool json = false;           // also as JSON
};

struct Sized {
  sizing::SizeAdvice advice;
  std::string json;  // what POST /estimate-body would answer; empty unless asked for
};

// What is wrong with a photo, be it the file or what it shows, is `unprocessable`; the drawing is
// made even when the pose cannot be measured, since it shows why. CPU-bound: never on an event
// loop.
[[nodiscard]] Result<Sized> size_photo(sizing::PoseEstimator& estimator, const Photo& photo,
                                       const sizing::SizeChart& chart);

}  // namespace selvage::app::size
