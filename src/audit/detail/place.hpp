// From a span of bytes to what a person reads.
#pragma once

#include "audit/finding.hpp"
#include "stack/text.hpp"

namespace selvage::audit {

// A span that no file says is the empty place.
[[nodiscard]] Place place_of(const stack::Span& span);

}  // namespace selvage::audit
