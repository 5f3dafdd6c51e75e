// Findings that a comment, a waiver or the baseline sets aside.
#pragma once

#include <functional>

#include "audit/audit.hpp"

namespace selvage::audit {

// Moves them from findings to set_aside, and adds the aud-* findings that `wanted` admits.
void set_aside(Report& report, const Stack& stack, const Question& question,
               const std::function<bool(const Rule&)>& wanted);

}  // namespace selvage::audit
