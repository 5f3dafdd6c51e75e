// The offline try-on: lays a garment onto a person, without any network.
//
// The garment is cut from its background and read like a pattern: trunk, sleeves, legs. When the
// person's body is known (see body.hpp), these follow the body's shoulders, sides, arms and legs;
// head, hair, hands and crossed arms stay in front, and where the new garment is shorter than the
// old one skin is painted. Without it the person is cut from the background by colour, which needs
// somebody standing before a calm wall, and only tops can be worn. Either way the cloth takes over
// the light on what the person wears, and the face stays as it is.
#pragma once

#include <optional>
#include <span>

#include "base/error.hpp"
#include "image/picture.hpp"
#include "tryon/body.hpp"

namespace selvage::tryon {

// `body` is of the same picture. When it says nothing about a torso that could be dressed (seen
// from the side, shoulders hidden) the silhouette is used.
struct Dressed {
  image::Picture picture;
  bool by_body = false;
};
[[nodiscard]] Result<Dressed> compose(const image::Picture& person,
                                      std::span<const image::Picture> garments,
                                      const std::optional<Body>& body);

// By silhouette. The person wearing the garments, the first one innermost; RGB, of the person's
// size. Meant for pictures of at most 1024 pixels on a side (20 to 150 ms of CPU time, most with a
// body); larger ones work and take longer. Synchronous, for a sized pool; safe from any thread.
// Errors, all unprocessable: compose.no_person when no standing figure can be made out,
// compose.no_garment when a garment cannot be told from its background, compose.nothing_to_wear
// when `garments` is empty.
[[nodiscard]] Result<image::Picture> compose(const image::Picture& person,
                                             std::span<const image::Picture> garments);

}  // namespace selvage::tryon
