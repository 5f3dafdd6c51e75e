// Joins two rooms that do not know each other: the pose that sizing finds becomes the body that the
// local provider dresses.
#pragma once

#include "sizing/late_pose_pool.hpp"
#include "tryon/body.hpp"

namespace selvage::app {

// The same person in the dresser's terms: the silhouette is turned from the pose's square to the
// picture, at most 384 cells on the longer side. Milliseconds; any thread.
[[nodiscard]] tryon::Body body_of(const sizing::Pose& pose);

// Asks `poses`, which outlives the finder; while too many wait there, again for a few seconds: a
// job has time, and its picture is better with a pose. Errors: those of PosePool::run().
[[nodiscard]] tryon::BodyFinder body_finder(sizing::LatePosePool& poses);

}  // namespace selvage::app
