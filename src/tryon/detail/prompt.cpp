#include "tryon/detail/prompt.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace selvage::tryon::detail {

std::string full_prompt(const GenerationTask& task) {
  const bool one = task.garment_image_urls.size() == 1;
  std::string prompt = fmt::format(
      "The first picture shows a person. The {} a garment{}. Make one photorealistic picture of "
      "the same person wearing {}, with natural fit, folds and shadows. Keep the person's face, "
      "hair, skin, body shape and pose, the background, the light and the framing as they are. "
      "Keep the garment's colour, pattern, material and print exactly. Add no text and no other "
      "person.",
      one ? "second picture shows" : "other pictures each show", one ? "" : " of one outfit",
      one ? "it" : "them together");
  if (task.prompt) prompt += fmt::format("\nThe shopper's wishes: {}", *task.prompt);
  return prompt;
}

std::string owner_hash(const Owner& owner) {
  return sha256_hex(fmt::format("selvage-owner/{}/{}", name(owner.channel), owner.id))
      .substr(0, 32);
}

}  // namespace selvage::tryon::detail
