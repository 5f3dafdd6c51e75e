#include "work/retry_policy.hpp"

#include <algorithm>
#include <cmath>

#include "base/id.hpp"

namespace selvage::work {

namespace {

constexpr milliseconds kLongestWait = std::chrono::hours(24 * 30);

}  // namespace

std::optional<milliseconds> RetryPolicy::next_wait(std::string_view failure, int retries,
                                                   std::optional<milliseconds> server_wait) const {
  const auto rule = std::ranges::find(rules_, failure, &RetryRule::failure);
  if (rule == rules_.end() || retries >= rule->max_retries) return std::nullopt;

  const milliseconds cap =
      rule->max_wait > milliseconds(0) ? std::min(rule->max_wait, kLongestWait) : kLongestWait;
  double wait = static_cast<double>(rule->first_wait.count()) * std::pow(rule->factor, retries);
  wait = std::min(wait, static_cast<double>(cap.count()));
  wait *= 1.0 + std::clamp(rule->jitter, 0.0, 1.0) * random_share();
  return std::max(milliseconds(std::llround(wait)),
                  std::min(server_wait.value_or(milliseconds(0)), kLongestWait));
}

}  // namespace selvage::work
