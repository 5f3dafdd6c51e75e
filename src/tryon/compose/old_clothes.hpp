// What a person wears and is, by colour: skin, hair and cloth; which of it stays in front of the
// new garment, and which must vanish where the new one is shorter.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "image/picture.hpp"
#include "tryon/compose/colour.hpp"
#include "tryon/compose/figure.hpp"
#include "tryon/compose/light.hpp"

namespace selvage::tryon {

// Not thread-safe: it remembers colours it was asked about.
class OldClothes {
 public:
  // Reads the colours off `person` (RGB), before any dressing.
  OldClothes(const image::Picture& person, const Figure& figure);

  // Down to where the upper part is worn (in Figure's terms); 0 when that cannot be told.
  [[nodiscard]] float hem() const { return hem_; }

  // Paints old cloth in the colour of skin: on the arms beyond `sleeve_end` (pixels along each arm)
  // and above the armpits, where the new neckline may be lower.
  void bare(image::Picture& person, const Figure& figure, const Light& light,
            const std::array<float, 2>& sleeve_end) const;

  // For each pixel of the picture, 0..255: how much of the person stays in front of the trunk's
  // cloth: head, hair, and arms and hands beyond `sleeve_end`.
  [[nodiscard]] std::vector<std::uint8_t> in_front(const image::Picture& person,
                                                   const Figure& figure,
                                                   const std::array<float, 2>& sleeve_end) const;

 private:
  void find_hem(const image::Picture& person, const Figure& figure);
  enum Looks : std::uint8_t { kCloth = 1, kSkin = 2, kHair = 4, kUnknown = 128 };
  // What a pixel's colour may be; remembered by its first five bits a primary.
  [[nodiscard]] std::uint8_t looks(const image::Picture& picture, int x, int y) const;
  [[nodiscard]] std::uint8_t judge(const Colour& colour) const;
  [[nodiscard]] float nearest_cloth(const Colour& colour) const;

  std::optional<Colour> skin_, hair_;
  std::vector<Colour> cloth_;
  float hem_ = 0;
  mutable std::vector<std::uint8_t> judged_ = std::vector<std::uint8_t>(1U << 15, kUnknown);
};

}  // namespace selvage::tryon
