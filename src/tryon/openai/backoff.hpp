// When a failed call is made again.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "net/http_message.hpp"
#include "tryon/openai/api_error.hpp"

namespace selvage::tryon::openai {

// A server that asks for a longer wait than this is not waited for.
inline constexpr milliseconds kLongestServerWait{120'000};

// `transient`, unless x-should-retry says otherwise about what is not decided for good.
[[nodiscard]] bool should_try_again(const Classification& meaning, const net::Headers& headers);

// From retry-after-ms, else retry-after (seconds or an HTTP date); nullopt when neither is usable.
[[nodiscard]] std::optional<milliseconds> server_wait(const net::Headers& headers, Timestamp time);

// 0.5 s doubling to 8 s, from 2 s to 16 s when the server is overloaded; `jitter` in 0..1 takes up
// to a quarter off, so that calls that failed together do not come back together. `attempt` counts
// from 0.
[[nodiscard]] milliseconds back_off(std::int64_t attempt, bool overloaded, double jitter);

}  // namespace selvage::tryon::openai
