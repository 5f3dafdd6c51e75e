// The picture formats Selvage reads and writes, recognised by their first bytes and never by a
// name.
#pragma once

#include <optional>
#include <string_view>

namespace selvage::image {

enum class Format { jpeg, png, webp };

// The format the magic bytes announce; empty when they announce none of ours. Looks at 12 bytes at
// most.
[[nodiscard]] std::optional<Format> sniff(std::string_view bytes);

// What unsupported bytes seem to be ("an HEIC photo", "an SVG drawing", "a web page"), for error
// messages.
[[nodiscard]] std::string_view describe_unsupported(std::string_view bytes);

[[nodiscard]] std::string_view name(Format format);        // "JPEG"
[[nodiscard]] std::string_view media_type(Format format);  // "image/jpeg"
[[nodiscard]] std::string_view extension(Format format);   // ".jpg"

// Accepts any letter case, parameters ("image/png; charset=x") and the old alias image/jpg.
[[nodiscard]] std::optional<Format> format_of_media_type(std::string_view type);

}  // namespace selvage::image
