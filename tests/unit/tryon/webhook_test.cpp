// The pure parts of webhooks: signatures, messages, what answers mean, and the line of an endpoint.
#include <doctest/doctest.h>

#include "tryon/detail/endpoint_turns.hpp"
#include "tryon/detail/webhook_message.hpp"
#include "tryon/webhooks/handler.hpp"
#include "tryon/webhooks/signature.hpp"

using namespace selvage;
using namespace selvage::tryon;
using tryon::detail::EndpointTurns;

namespace {

constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kOther = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const Timestamp kTime = from_unix_ms(1'614'265'330'999);

}  // namespace

// The values were computed with Python's hmac, as receivers in that language do.
TEST_CASE("Webhook signature: as the Standard Webhooks specification says") {
  const std::string_view secrets[] = {kSecret};
  const net::Headers headers =
      webhook_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", kTime, R"({"test": 2432232314})", secrets);
  CHECK(headers.get("webhook-id") == "msg_p5jXN8AQM9LWM0D4loKWxJek");
  CHECK(headers.get("webhook-timestamp") == "1614265330");
  CHECK(headers.get("content-type") == "application/json");
  CHECK(headers.get("webhook-signature") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("Webhook signature: while secrets change over, both sign") {
  const std::string_view secrets[] = {kSecret, kOther};
  const net::Headers headers =
      webhook_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", kTime, R"({"test": 2432232314})", secrets);
  CHECK(headers.get("webhook-signature") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
        "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=");
}

TEST_CASE("Webhook endpoint: an old secret signs until its time is over") {
  WebhookEndpoint endpoint;
  endpoint.secret = Secret(std::string(kSecret));
  CHECK(endpoint.signing_secrets(kTime) == std::vector<std::string_view>{kSecret});
  endpoint.old_secret = Secret(std::string(kOther));
  endpoint.old_secret_until = kTime + seconds(1);
  CHECK(endpoint.signing_secrets(kTime) == std::vector<std::string_view>{kSecret, kOther});
  CHECK(endpoint.signing_secrets(kTime + seconds(1)) == std::vector<std::string_view>{kSecret});
}

TEST_CASE("Webhook events: all by default, unknown ones are refused by name") {
  CHECK(parse_events({})->size() == 3);
  CHECK(*parse_events({"job.failed", "job.failed", "job.completed"}) ==
        std::vector<std::string>{"job.completed", "job.failed"});
  const auto unknown = parse_events({"job.exploded"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.contains("job.exploded"));
}

namespace {

Session failed_session() {
  Session session;
  session.id = "s1";
  session.request_id = "r1";
  session.owner = {Channel::b2b, "acme"};
  session.status = SessionStatus::failed;
  session.error_code = "moderation_blocked";
  session.error_message = "Please try another photo.";
  session.error_detail = "provider request 42 said so";
  session.person_image_url = "https://shop.example/p.jpg?signature=secret";
  session.garment_image_urls = {"https://shop.example/g.jpg?signature=secret"};
  session.prompt = "private words";
  session.finished_at = kTime;
  return session;
}

}  // namespace

TEST_CASE("Webhook message: what the owner may know, nothing else") {
  Delivery delivery;
  delivery.event = "job.failed";
  const std::string text = tryon::detail::webhook_message(delivery, failed_session(),
                                                          {"https://a.example/v1/jobs/s1", {}, {}});
  CHECK(
      text.starts_with(R"({"type":"job.failed","timestamp":"2021-02-25T15:02:10.999Z","data":{)"));
  for (const char* shown : {R"("id":"s1")", R"("request_id":"r1")", R"("status":"failed")",
                            R"("code":"moderation_blocked")", R"("result_url":null)",
                            R"("job_url":"https://a.example/v1/jobs/s1")"}) {
    CHECK_MESSAGE(text.contains(shown), shown);
  }
  for (const char* hidden : {"signature=secret", "private words", "provider request 42"}) {
    CHECK_FALSE_MESSAGE(text.contains(hidden), hidden);
  }
  CHECK(event_of(failed_session()) == "job.failed");
  Session cancelled = failed_session();
  cancelled.error_code = "cancelled";
  CHECK(event_of(cancelled) == "job.cancelled");
}

namespace {

net::GuardedAnswer answer(int status, std::string_view retry_after = "") {
  net::GuardedAnswer answer;
  answer.status = status;
  if (!retry_after.empty()) answer.headers.add("Retry-After", std::string(retry_after));
  return answer;
}

}  // namespace

TEST_CASE("Webhook answers: 2xx is delivered, 410 is enough, the rest is tried again") {
  for (const int status : {200, 201, 202, 204, 299}) {
    CHECK(tryon::detail::judge_answer(answer(status)).delivered);
  }
  for (const int status : {301, 302, 307, 400, 401, 404, 422}) {
    const Attempt attempt = tryon::detail::judge_answer(answer(status));
    CHECK_FALSE(attempt.delivered);
    CHECK_FALSE(attempt.nobody_there);  // this message's trouble, not the endpoint's
    CHECK_FALSE(attempt.disable_reason);
    CHECK(attempt.error.contains(std::to_string(status)));
  }
  for (const int status : {408, 429, 500, 502, 503}) {
    CHECK(tryon::detail::judge_answer(answer(status)).nobody_there);
  }
  const Attempt gone = tryon::detail::judge_answer(answer(410));
  CHECK_FALSE(gone.delivered);
  CHECK(gone.disable_reason.has_value());
  const Attempt late = tryon::detail::judge_answer(
      fail(ErrorKind::timeout, "egress.timeout", "https://a.example did not answer"));
  CHECK(late.nobody_there);
  CHECK_FALSE(late.status.has_value());
}

TEST_CASE("Webhook answers: Retry-After counts, within reason") {
  CHECK(tryon::detail::asked_wait(answer(503, "7")) == seconds(7));
  CHECK(tryon::detail::asked_wait(answer(429, "999999999")) == seconds(3600));
  for (const char* odd : {"", "-5", "soon", "7.5", "Wed, 21 Oct 2026 07:28:00 GMT", "1 2"}) {
    CHECK_FALSE(tryon::detail::asked_wait(answer(503, odd)).has_value());
  }
}

TEST_CASE("Webhook retries: twelve attempts over about a day") {
  const auto rules = webhook_retries(seconds(5));
  const work::RetryPolicy policy(rules);
  milliseconds least{0};
  int retries = 0;
  while (const auto wait = policy.next_wait("webhook", retries)) {
    least += *wait;
    ++retries;
  }
  CHECK(retries == 11);
  CHECK(least > std::chrono::hours(20));
  CHECK(least < std::chrono::hours(30));
}

TEST_CASE("Endpoint turns: so many at once, the rest gets times one after the other") {
  EndpointTurns turns(2);
  auto first = turns.ask("a", kTime, {}, false);
  CHECK(std::holds_alternative<EndpointTurns::Turn>(first));
  {
    auto second = turns.ask("a", kTime, {}, false);
    CHECK(std::holds_alternative<EndpointTurns::Turn>(second));
    milliseconds last{0};
    for (int i = 0; i < 50; ++i) {
      const auto waiting = turns.ask("a", kTime, {}, false);
      REQUIRE(std::holds_alternative<milliseconds>(waiting));
      CHECK(std::get<milliseconds>(waiting) > last);
      last = std::get<milliseconds>(waiting);
    }
    CHECK(std::holds_alternative<EndpointTurns::Turn>(turns.ask("b", kTime, {}, false)));
  }
  CHECK(std::holds_alternative<EndpointTurns::Turn>(turns.ask("a", kTime, {}, false)));
}

TEST_CASE("Endpoint turns: an endpoint that rests gets nothing, an ailing one a probe") {
  EndpointTurns turns(4);
  const auto resting = turns.ask("a", kTime, kTime + seconds(30), true);
  REQUIRE(std::holds_alternative<milliseconds>(resting));
  CHECK(std::get<milliseconds>(resting) >= seconds(30));
  auto probe = turns.ask("a", kTime + seconds(31), kTime + seconds(30), true);
  CHECK(std::holds_alternative<EndpointTurns::Turn>(probe));
  CHECK(std::holds_alternative<milliseconds>(turns.ask("a", kTime + seconds(31), {}, true)));
}

TEST_CASE("Endpoint turns: a line of a hundred thousand is bounded in time and memory") {
  EndpointTurns turns(1);
  auto held = turns.ask("a", kTime, {}, false);
  milliseconds longest{0};
  for (int i = 0; i < 100'000; ++i) {
    longest = std::max(longest, std::get<milliseconds>(turns.ask("a", kTime, {}, false)));
  }
  CHECK(longest <= std::chrono::minutes(11));
  for (int i = 0; i < 10'000; ++i) {
    const auto turn = turns.ask("endpoint-" + std::to_string(i), kTime, {}, false);
    CHECK(std::holds_alternative<EndpointTurns::Turn>(turn));
  }
  CHECK(turns.known() < 5'000);
}
