#include <fmt/format.h>

#include "base/text.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon {

Result<Owner> parse_owner(std::string_view channel, std::string_view id) {
  const std::optional<Channel> parsed = parse_channel(channel);
  if (!parsed) {
    return fail(ErrorKind::invalid, "owner.channel",
                fmt::format("the channel must be b2b or b2c, is {}", in_quotes(channel)),
                "b2b: a store pays; b2c: a user pays");
  }
  if (!detail::is_id(id)) {
    return fail(ErrorKind::invalid, "owner.id",
                fmt::format("{} cannot be an owner's id", in_quotes(id)),
                "use 1 to 128 letters, digits, and _ . : -");
  }
  return Owner{*parsed, std::string(id)};
}

std::string owner_key(const Owner& owner) {
  return fmt::format("{}:{}", name(owner.channel), owner.id);
}

}  // namespace selvage::tryon
