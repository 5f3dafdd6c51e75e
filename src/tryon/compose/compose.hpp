// The offline try-on: lays a garment onto the person's torso and arms, without any model or
// network.
//
// What it does is simple and says so: the person is cut from the background by colour, the garment
// from its own; torso and sleeves are mapped piece by piece onto torso and arms, take over the
// light and the folds of what the person wears, and get a soft edge. Face, hair and hands are left
// as they are.
#pragma once

#include <span>

#include "base/error.hpp"
#include "image/picture.hpp"

namespace selvage::tryon {

// The person wearing the garments, the first one innermost; RGB, of the person's size. Meant for
// pictures of at most 1024 pixels on a side (about 20 ms of CPU time); larger ones work and take
// longer. Synchronous, for a sized pool; safe from any thread. Errors, all unprocessable:
// compose.no_person when no standing figure can be made out, compose.no_garment when a garment
// cannot be told from its background, compose.nothing_to_wear when `garments` is empty.
[[nodiscard]] Result<image::Picture> compose(const image::Picture& person,
                                             std::span<const image::Picture> garments);

}  // namespace selvage::tryon
