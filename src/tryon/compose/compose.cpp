#include "tryon/compose/compose.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tryon/compose/cutout.hpp"
#include "tryon/compose/dress.hpp"
#include "tryon/compose/torso.hpp"
#include "tryon/compose/wear.hpp"

namespace selvage::tryon {

Result<image::Picture> compose(const image::Picture& person,
                               std::span<const image::Picture> garments) {
  if (garments.empty()) {
    return fail(ErrorKind::unprocessable, "compose.nothing_to_wear", "No garment was given",
                "Send at least one picture of a garment.");
  }
  image::Picture dressed = image::flatten_on_white(person);
  const int scale = cell_scale(dressed);
  const image::Picture cells = averaged(dressed, scale);
  const TorsoPlacement placement = TRY(find_torso(cells, scale));
  // More detail than the torso has pixels would only cost time.
  const float size = std::max(placement.body.bottom - placement.body.top, placement.shoulder_width);
  const int longest = std::clamp(static_cast<int>(size * 1.4F), 64, 1024);
  for (std::size_t i = 0; i < garments.size(); ++i) {
    auto garment = cut_out(garments[i], longest);
    if (!garment) return fail(garment.error().within(fmt::format("garment {}", i + 1)));
    dress(dressed, cells, placement, *garment);
  }
  return dressed;
}

Result<Dressed> compose(const image::Picture& person, std::span<const image::Picture> garments,
                        const std::optional<Body>& body) {
  if (body && !garments.empty()) {
    auto worn = TRY(wear(image::flatten_on_white(person), garments, *body));
    if (worn) return Dressed{std::move(*worn), true};
  }
  return Dressed{TRY(compose(person, garments)), false};
}

}  // namespace selvage::tryon
