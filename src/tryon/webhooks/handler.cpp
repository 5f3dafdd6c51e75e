#include "tryon/webhooks/handler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "net/url.hpp"
#include "tryon/detail/delivery_rows.hpp"
#include "tryon/detail/endpoint_turns.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/webhook_message.hpp"
#include "tryon/webhooks/signature.hpp"

namespace selvage::tryon {
namespace {

constexpr milliseconds kDatabaseWait{5'000};
constexpr std::chrono::hours kRoundLife{36};  // a message older than this gets no further attempt
constexpr int kAiling = 3;                    // failures in a row from which on an endpoint rests
constexpr int kRestDoublings = 6;             // of the first rest
constexpr std::size_t kMaxErrorText = 300;    // bytes kept of an attempt's error
constexpr ByteCount kAnswerRead{1024};

// Everything an attempt needs, of one moment.
struct Loaded {
  std::optional<Delivery> delivery;
  std::optional<WebhookEndpoint> endpoint;
  std::optional<Session> session;
};

Result<Loaded> load(data::Transaction& tx, const std::string& id) {
  Loaded loaded;
  loaded.delivery = TRY(find_delivery(tx, id));
  if (!loaded.delivery) return loaded;
  loaded.endpoint = TRY(find_endpoint(tx, loaded.delivery->endpoint_id));
  loaded.session =
      TRY(find_session(tx, loaded.delivery->owner.channel, loaded.delivery->session_id));
  return loaded;
}

std::string origin_of(const std::string& url) {
  const Result<net::Url> parsed = net::Url::parse(url);
  return parsed ? parsed->origin() : std::string("an address that is none");
}

// The receiver may go on with the trace.
Span start_call(const work::JobContext& job, const Loaded& loaded, net::GuardedPost& message) {
  Span span = child_of(job.span, "POST webhook", SpanKind::client);
  if (!span) return span;
  span.set("http.request.method", "POST");
  span.set("server.address", origin_of(message.url));
  span.set("selvage.session_id", loaded.delivery->session_id);
  span.set("selvage.delivery_id", loaded.delivery->id);
  span.set("selvage.event", loaded.delivery->event);
  span.set("selvage.attempt", loaded.delivery->attempts + 1);
  message.headers.set("traceparent", span.context().traceparent());
  if (!span.context().state.empty()) message.headers.set("tracestate", span.context().state);
  return span;
}

void end_call(Span& span, const Result<net::GuardedAnswer>& answer) {
  if (!answer) {
    span.set("error.type", answer.error().code);
    span.fail(answer.error().code);
  } else {
    span.set("http.response.status_code", answer->status);
    if (answer->status >= 400) span.set("error.type", std::to_string(answer->status));
    if (answer->status >= 300) span.fail(fmt::format("answered {}", answer->status));
  }
  span.end();
}

std::optional<work::Outcome> told_to_stop(const work::JobContext& job) {
  if (!job.stop.cancelled()) return std::nullopt;
  const work::StopReason reason = job.why ? job.why->reason : work::StopReason::none;
  if (reason == work::StopReason::lease_lost) return work::LeaseLost{};
  if (reason == work::StopReason::time_limit) return std::nullopt;  // its attempt failed
  return work::HandBack{"drain: the worker is stopping"};
}

}  // namespace

std::vector<work::RetryRule> webhook_retries(milliseconds first_wait) {
  return {
      {.failure = "webhook",
       .max_retries = 11,
       .first_wait = first_wait,
       .factor = 3.0,
       .max_wait = std::chrono::hours(6),
       .jitter = 0.2,
       .why = "No 2xx within the time limit: 12 attempts over about a day, then a dead letter."}};
}

struct WebhookHandler::Impl {
  Impl(WebhookParts given, WebhookOptions wanted)
      : parts(given), options(std::move(wanted)), rules(webhook_retries(options.first_wait)) {}

  Task<work::Outcome> run(work::JobContext job, std::string id) {
    Result<Loaded> loaded =
        co_await parts.database.read([&id](data::Transaction& tx) { return load(tx, id); });
    if (!loaded) co_return work::RetryLater{kDatabaseWait, loaded.error().code};
    if (!loaded->delivery || loaded->delivery->task_id != job.lease.ref.task_id ||
        loaded->delivery->state == DeliveryState::delivered) {
      co_return work::Done{};  // delivered before a crash, replayed as another task, or forgotten
    }
    if (!loaded->endpoint || loaded->endpoint->disabled_reason || !loaded->session) {
      co_return co_await drop(std::move(job), std::move(*loaded));
    }
    const WebhookEndpoint& endpoint = *loaded->endpoint;
    auto turn = turns.ask(endpoint.id, now(), endpoint.retry_at, endpoint.failures >= kAiling);
    if (const auto* wait = std::get_if<milliseconds>(&turn)) {
      co_return work::HandBack{"line: the endpoint has enough messages on their way",
                               now() + *wait};
    }
    co_return co_await attempt(std::move(job), std::move(*loaded));
  }

  // Nobody wants it any more.
  Task<work::Outcome> drop(work::JobContext job, Loaded loaded) {
    Attempt over;
    over.error = !loaded.endpoint  ? "the webhook was removed"
                 : !loaded.session ? "the job is no longer known"
                                   : "disabled: " + *loaded.endpoint->disabled_reason;
    co_return co_await note(std::move(job), std::move(loaded), std::move(over));
  }

  Task<work::Outcome> attempt(work::JobContext job, Loaded loaded) {
    const SteadyTime begin = steady_now();
    Result<net::GuardedPost> message = co_await compose(job, loaded);
    if (!message) co_return work::RetryLater{kDatabaseWait, message.error().code};
    Span call = start_call(job, loaded, *message);
    const Result<net::GuardedAnswer> answer = co_await parts.guard.post(*message);
    end_call(call, answer);
    if (!answer && answer.error().kind == ErrorKind::cancelled) {
      if (std::optional<work::Outcome> told = told_to_stop(job)) co_return std::move(*told);
    }
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - begin);
    turns.took(loaded.endpoint->id, took);
    seconds_spent.observe(static_cast<double>(took.count()) / 1000.0);
    Attempt result = detail::judge_answer(answer);
    result.error.resize(std::min(result.error.size(), kMaxErrorText));
    plan_next(result, loaded, detail::asked_wait(answer));
    co_return co_await note(std::move(job), std::move(loaded), std::move(result));
  }

  Task<Result<net::GuardedPost>> compose(const work::JobContext& job, const Loaded& loaded) {
    const Session& session = *loaded.session;
    detail::MessageLinks links;
    links.job = fmt::format("{}/v1/jobs/{}", options.base_url, session.id);
    if (session.status == SessionStatus::completed && session.result_key) {
      links.result_until = now() + options.result_lifetime;
      Result<std::string> link =
          co_await parts.storage.signed_url(*session.result_key, options.result_lifetime);
      if (!link && detail::is_infrastructure(link.error())) co_return fail(link.error());
      if (link) links.result = std::move(*link);  // without it the picture is gone for good
    }
    const Timestamp time = now();
    net::GuardedPost message;
    message.url = loaded.endpoint->url;
    message.body = detail::webhook_message(*loaded.delivery, session, links);
    message.headers = webhook_headers(loaded.delivery->id, time, message.body,
                                      loaded.endpoint->signing_secrets(time));
    message.max_answer = kAnswerRead;
    message.deadline = Deadline::after(options.timeout);
    message.cancel = job.stop;
    co_return message;
  }

  // When it is tried again, and whether its endpoint rests meanwhile.
  void plan_next(Attempt& attempt, const Loaded& loaded, std::optional<milliseconds> asked) const {
    if (attempt.delivered) return;
    const Timestamp time = now();
    const WebhookEndpoint& endpoint = *loaded.endpoint;
    if (attempt.nobody_there) {
      const int failures = endpoint.failures + 1;
      if (failures >= kAiling || asked) {
        const int doublings = std::clamp(failures - kAiling, 0, kRestDoublings);
        attempt.endpoint_rests_until =
            time + std::max(options.first_wait * (1 << doublings), asked.value_or(milliseconds(0)));
      }
      if (endpoint.failing_since && time - *endpoint.failing_since > kGivenUpAfter) {
        attempt.disable_reason =
            fmt::format("nobody has answered since {}", to_rfc3339(*endpoint.failing_since));
      }
    }
    if (attempt.disable_reason || time - loaded.delivery->round_at > kRoundLife) return;
    const auto wait =
        work::RetryPolicy(rules).next_wait("webhook", loaded.delivery->attempts, asked);
    if (wait) attempt.next_attempt_at = time + *wait;
  }

  Task<work::Outcome> note(work::JobContext job, Loaded loaded, Attempt attempt) {
    const Delivery& delivery = *loaded.delivery;
    const Result<bool> noted = co_await parts.database.write(
        [&](data::Transaction& tx) { return record_attempt(tx, delivery, attempt); });
    log::Context log = job.log;
    log.with("delivery_id", delivery.id).with("session_id", delivery.session_id);
    if (!noted) {
      log.warning("webhook_not_noted", noted.error());
      co_return work::RetryLater{kDatabaseWait, noted.error().code};  // and sent once more
    }
    tell(log, loaded, attempt);
    if (attempt.delivered || !*noted) co_return work::Done{};
    if (attempt.next_attempt_at) {
      const milliseconds wait = std::max(*attempt.next_attempt_at - now(), milliseconds(0));
      co_return work::RetryLater{wait, "webhook: " + attempt.error};
    }
    // A dead letter is for what its receiver still wants.
    const bool unwanted = attempt.disable_reason || !loaded.endpoint ||
                          loaded.endpoint->disabled_reason || !loaded.session;
    if (unwanted) co_return work::Done{"webhook_disabled"};
    co_return work::Bury{fmt::format("webhook: given up after {} attempts; the last {}",
                                     delivery.attempts + 1, attempt.error)};
  }

  void tell(const log::Context& log, const Loaded& loaded, const Attempt& attempt) {
    const std::string_view outcome = attempt.delivered         ? "delivered"
                                     : attempt.next_attempt_at ? "retried"
                                                               : "failed";
    parts.metrics
        .counter("tryon_webhook_attempts_total",
                 "Attempts to deliver a webhook by what they came to.",
                 {{"outcome", std::string(outcome)}})
        .add();
    const std::string origin = loaded.endpoint ? origin_of(loaded.endpoint->url) : "";
    if (attempt.delivered) {
      log.info("webhook_delivered", {{"event_type", loaded.delivery->event},
                                     {"origin", origin},
                                     {"attempt", loaded.delivery->attempts + 1}});
    } else {
      log.warning("webhook_failed", {{"event_type", loaded.delivery->event},
                                     {"origin", origin},
                                     {"attempt", loaded.delivery->attempts + 1},
                                     {"detail", attempt.error},
                                     {"outcome", outcome}});
    }
    if (attempt.disable_reason && loaded.endpoint) {
      log.warning("webhook_disabled", {{"webhook_id", loaded.endpoint->id},
                                       {"origin", origin},
                                       {"reason", *attempt.disable_reason}});
    }
  }

  WebhookParts parts;
  const WebhookOptions options;
  const std::vector<work::RetryRule> rules;
  detail::EndpointTurns turns{kPerEndpoint};
  Histogram& seconds_spent = parts.metrics.histogram(
      "tryon_webhook_seconds", "Time of one attempt to deliver a webhook.", kHttpBuckets);
};

WebhookHandler::WebhookHandler(WebhookParts parts, WebhookOptions options)
    : impl_(std::make_unique<Impl>(parts, std::move(options))) {}
WebhookHandler::~WebhookHandler() = default;

TraceContext WebhookHandler::trace_parent(const work::Lease& lease) const {
  return detail::read_delivery_trace(lease.payload);
}

Task<work::Outcome> WebhookHandler::handle(work::JobContext job) {
  std::optional<std::string> id = detail::read_delivery_payload(job.lease.payload);
  if (!id) co_return work::Bury{"webhook.malformed: the task names no delivery"};
  co_return co_await impl_->run(std::move(job), std::move(*id));
}

Task<void> WebhookHandler::give_up(work::JobContext job, std::string reason) {
  const std::optional<std::string> id = detail::read_delivery_payload(job.lease.payload);
  if (!id) co_return;
  Attempt last;
  last.error = std::move(reason);
  const Result<bool> noted =
      co_await impl_->parts.database.write([&](data::Transaction& tx) -> Result<bool> {
        const std::optional<Delivery> delivery = TRY(find_delivery(tx, *id));
        if (!delivery || delivery->task_id != job.lease.ref.task_id) return false;
        return record_attempt(tx, *delivery, last);
      });
  if (!noted) job.log.error("webhook_not_given_up", noted.error());
}

}  // namespace selvage::tryon
