// What the provider is told beside the pictures.
#pragma once

#include <string>

#include "tryon/generation_task.hpp"

namespace selvage::tryon::detail {

// The system's instructions with the shopper's wishes behind them.
[[nodiscard]] std::string full_prompt(const GenerationTask& task);
// Opaque and stable, 32 hex digits: lets a provider tell end users apart without knowing them.
[[nodiscard]] std::string owner_hash(const Owner& owner);

}  // namespace selvage::tryon::detail
