// A small reader for the XML that S3 services answer with. Tolerant of what it has no use for
// (attributes, comments, processing instructions, namespace prefixes), strict about what could
// hurt: no document types, so no entities but the five of XML and character references; depth and
// number of elements are capped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::data {

inline constexpr int kMaxXmlDepth = 16;
inline constexpr std::size_t kMaxXmlElements = 64 * 1024;

struct XmlElement {
  std::string name;  // without its prefix
  std::string text;  // of this element alone, decoded, trimmed
  std::vector<XmlElement> children;

  // The first child of that name, or nullptr.
  [[nodiscard]] const XmlElement* child(std::string_view wanted) const;
  // Its text, or empty.
  [[nodiscard]] std::string_view text_of(std::string_view wanted) const;
};

// The root element. Errors: xml.syntax (unavailable: what answers is no S3 service), with the
// byte's offset.
[[nodiscard]] Result<XmlElement> parse_xml(std::string_view document);

}  // namespace selvage::data
