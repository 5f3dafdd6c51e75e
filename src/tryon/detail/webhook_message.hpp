// What a webhook says, and what an endpoint's answer means. Pure.
#pragma once

#include <optional>
#include <string>

#include "net/egress_guard.hpp"
#include "tryon/session.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::tryon::detail {

struct MessageLinks {
  std::string job;                    // "https://api.example.com/v1/jobs/<id>"
  std::optional<std::string> result;  // signed; of a completed job
  Timestamp result_until;
};
// {type, timestamp, data}; the data of a job as its owner may see it, no secrets.
[[nodiscard]] std::string webhook_message(const Delivery& delivery, const Session& session,
                                          const MessageLinks& links);

// What an answer, or the lack of one, says about the attempt; the times of a next one are not
// decided here.
[[nodiscard]] Attempt judge_answer(const Result<net::GuardedAnswer>& answer);
// The wait that a Retry-After in seconds asks for, at most an hour.
[[nodiscard]] std::optional<milliseconds> asked_wait(const Result<net::GuardedAnswer>& answer);

}  // namespace selvage::tryon::detail
