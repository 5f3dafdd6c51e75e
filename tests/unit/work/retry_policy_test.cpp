#include "work/retry_policy.hpp"

#include <doctest/doctest.h>

#include <set>

namespace selvage::work {

namespace {

constexpr RetryRule kRules[] = {
    {"rate_limited", 1, seconds(10), 1.0, seconds(10), 0.0, "the limit is per minute"},
    {"server_error", 4, seconds(1), 3.0, seconds(20), 0.0, "usually brief"},
    {"uncapped", 100, seconds(1), 10.0, milliseconds(0), 0.0, ""},
    {"jittered", 3, seconds(10), 1.0, seconds(10), 0.5, ""},
};
const RetryPolicy kPolicy(kRules);

}  // namespace

TEST_CASE("RetryPolicy: each further wait is longer, up to the cap, and then it gives up") {
  CHECK(kPolicy.next_wait("server_error", 0) == seconds(1));
  CHECK(kPolicy.next_wait("server_error", 1) == seconds(3));
  CHECK(kPolicy.next_wait("server_error", 2) == seconds(9));
  CHECK(kPolicy.next_wait("server_error", 3) == seconds(20));
  CHECK_FALSE(kPolicy.next_wait("server_error", 4));
  CHECK(kPolicy.next_wait("rate_limited", 0) == seconds(10));
  CHECK_FALSE(kPolicy.next_wait("rate_limited", 1));
}

TEST_CASE("RetryPolicy: a failure without a rule is never retried") {
  CHECK_FALSE(kPolicy.next_wait("moderation", 0));
  CHECK_FALSE(kPolicy.next_wait("", 0, seconds(5)));
}

TEST_CASE("RetryPolicy: the server's own wait is a lower bound") {
  CHECK(kPolicy.next_wait("rate_limited", 0, seconds(3)) == seconds(10));
  CHECK(kPolicy.next_wait("rate_limited", 0, seconds(47)) == seconds(47));
  CHECK_FALSE(kPolicy.next_wait("rate_limited", 1, seconds(47)));
}

TEST_CASE("RetryPolicy: no growth overflows") {
  CHECK(kPolicy.next_wait("uncapped", 99) == std::chrono::hours(24 * 30));
  CHECK(kPolicy.next_wait("rate_limited", 0, milliseconds::max()) == std::chrono::hours(24 * 30));
}

TEST_CASE("RetryPolicy: jitter spreads the waits and never shortens them") {
  std::set<milliseconds> waits;
  for (int i = 0; i < 200; ++i) waits.insert(*kPolicy.next_wait("jittered", 0));
  CHECK(*waits.begin() >= seconds(10));
  CHECK(*waits.rbegin() <= seconds(15));
  CHECK(*waits.rbegin() - *waits.begin() > seconds(2));
  CHECK(waits.size() > 50);
}

}  // namespace selvage::work
