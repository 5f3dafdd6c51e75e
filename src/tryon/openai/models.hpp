// What each OpenAI image model takes. A new model is one row in models.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace selvage::tryon::openai {

enum class SizeRule {
  three_sizes,  // 1024x1024, 1536x1024, 1024x1536
  flexible,     // WxH: edges multiples of 16 up to 3840, ratio 1:3..3:1, 655,360..8,294,400 pixels
};

struct Model {
  std::string_view id;  // without a snapshot's date
  SizeRule sizes = SizeRule::flexible;
  bool high_qualities = false;  // also xhigh and max
  bool input_fidelity = false;  // takes the parameter; others answer 400 to it
  std::string_view shutdown;    // announced, "YYYY-MM-DD", or empty
  std::string_view successor;   // what to set instead, when there is a shutdown
};

// The row of `id` or of the model that `id` is a dated snapshot of; nullptr when unknown.
[[nodiscard]] const Model* find_model(std::string_view id);
// The row to work by for `id`: its own, or for an unknown model what the newest ones have in
// common.
[[nodiscard]] const Model& capabilities_of(std::string_view id);

// Whether a request with these values can succeed. Errors: settings.invalid, naming the setting.
[[nodiscard]] Result<void> check_size(const Model& model, std::string_view size);
[[nodiscard]] Result<void> check_quality(const Model& model, std::string_view quality);

// Days from `today` until the date ("YYYY-MM-DD"): negative once it has passed; nullopt when it is
// no date.
[[nodiscard]] std::optional<long> days_until(std::string_view date, Timestamp today);

}  // namespace selvage::tryon::openai
