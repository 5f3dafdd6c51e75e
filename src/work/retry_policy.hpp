// When a failed job is tried again, as data: one row a failure class.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"

namespace selvage::work {

struct RetryRule {
  std::string_view failure;  // class, as a handler names it: "rate_limited"
  int max_retries = 0;
  milliseconds first_wait{0};
  double factor = 1.0;       // each further wait is this much longer
  milliseconds max_wait{0};  // of the wait before jitter; 0: 30 days
  double jitter = 0.0;       // 0..1 of the wait, added at random so that retries spread
  std::string_view why;      // for the reference page
};

class RetryPolicy {
 public:
  // `rules` must outlive the policy. A failure without a rule is never retried.
  explicit RetryPolicy(std::span<const RetryRule> rules) : rules_(rules) {}
  // How long to wait before the next try after `retries` retries; nullopt: give up. `server_wait`
  // (Retry-After) is a lower bound.
  [[nodiscard]] std::optional<milliseconds> next_wait(
      std::string_view failure, int retries,
      std::optional<milliseconds> server_wait = std::nullopt) const;
  [[nodiscard]] std::span<const RetryRule> rules() const { return rules_; }

 private:
  std::span<const RetryRule> rules_;
};

}  // namespace selvage::work
