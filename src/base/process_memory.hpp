// How much memory this process holds, as the kernel counts it.
#pragma once

#include <optional>

#include "base/units.hpp"

namespace selvage {

// Resident pages, shared ones included; nullopt when /proc does not tell. Any thread.
[[nodiscard]] std::optional<ByteCount> resident_memory();

}  // namespace selvage
