#include "net/otlp_exporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <mutex>

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "base/text.hpp"
#include "net/detail/otlp_json.hpp"
#include "net/http_client.hpp"

namespace selvage::net {

namespace {

constexpr milliseconds kTryTime{10'000};
constexpr milliseconds kFirstWait{1'000};
constexpr milliseconds kLongestWait{8'000};
constexpr milliseconds kLongestServerWait{30'000};
constexpr milliseconds kComplainEvery{60'000};
constexpr ByteCount kMaxAnswer{1 << 20};

std::size_t whole(std::int64_t number, std::size_t most) {
  return number <= 0 ? 0 : std::min(static_cast<std::size_t>(number), most);
}

// The statuses after which OTLP allows to send the same again.
bool may_send_again(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<milliseconds> server_wait(const Headers& headers) {
  const std::string_view text = trim(headers.get("retry-after"));
  std::int64_t given = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), given);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size() || given < 0) {
    return std::nullopt;
  }
  return std::min<milliseconds>(seconds(std::min<std::int64_t>(given, 3600)), kLongestServerWait);
}

}  // namespace

struct OtlpExporter::Impl {
  Impl(Loop& loop, OtlpOptions given, Registry& registry)
      : options(std::move(given)),
        client(loop,
               {.connections_per_host = 2, .total_connections = 2, .ca_file = options.ca_file}),
        batch_full(loop),
        exported(registry.counter("otel_spans_exported_total", "Spans the collector has taken.")),
        no_room(dropped(registry, "queue")),
        not_sent(dropped(registry, "failed")),
        rejected(dropped(registry, "rejected")) {}

  static Counter& dropped(Registry& registry, std::string reason) {
    return registry.counter("otel_spans_dropped_total",
                            "Spans that never reached the collector, by reason.",
                            {{"reason", std::move(reason)}});
  }

  std::vector<FinishedSpan> take_batch() {
    const std::scoped_lock lock(mutex);
    const std::size_t count = std::min(queue.size(), options.max_batch);
    const auto end = queue.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<FinishedSpan> batch(std::make_move_iterator(queue.begin()),
                                    std::make_move_iterator(end));
    queue.erase(queue.begin(), end);
    return batch;
  }
  bool is_empty() {
    const std::scoped_lock lock(mutex);
    return queue.empty();
  }

  Task<void> run(CancelToken cancel) {
    CancelSource abort;  // flush_time after `cancel`: what is then under way is given up
    CancelSource done;
    TaskGroup beside;
    beside.spawn(bound_flush(cancel, done.token(), abort), "flush");
    while (!cancel.cancelled()) {
      co_await batch_full.wait(options.batch_wait, cancel);
      while (!cancel.cancelled() && !is_empty()) co_await deliver(take_batch(), abort.token());
    }
    while (!is_empty()) co_await deliver(take_batch(), abort.token());
    done.cancel();
    co_await beside.join();
  }

  Task<void> bound_flush(CancelToken cancel, CancelToken done, CancelSource& abort) {
    constexpr seconds kStep{3600};
    while (co_await sleep_for(kStep, cancel)) {
    }
    if (co_await sleep_for(options.flush_time, done)) abort.cancel();
  }

  Task<void> deliver(std::vector<FinishedSpan> batch, CancelToken abort) {
    auto request = std::make_shared<ClientRequest>();
    request->method = Method::post;
    request->url = options.url;
    request->headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : options.headers) {
      request->headers.set(name, value.reveal());
    }
    request->body = detail::otlp_request(options.resource, batch);
    request->max_body = kMaxAnswer;
    request->cancel = abort;
    const Deadline deadline = Deadline::after(options.give_up);
    for (int tries = 0;; ++tries) {
      request->deadline = deadline.sooner(Deadline::after(kTryTime));
      const auto answer = co_await client.send(std::shared_ptr<const ClientRequest>(request));
      if (answer && answer->status >= 200 && answer->status < 300) {
        taken(*answer, batch.size());
        co_return;
      }
      const std::optional<milliseconds> wait = wait_before_next(answer, tries);
      if (!wait || *wait >= deadline.left() || !co_await sleep_for(*wait, abort)) {
        not_sent.add(batch.size());
        complain(answer);
        co_return;
      }
    }
  }

  // nullopt: the same would be refused again.
  static std::optional<milliseconds> wait_before_next(const Result<ClientResponse>& answer,
                                                      int tries) {
    if (answer && !may_send_again(answer->status)) return std::nullopt;
    const std::optional<milliseconds> asked = answer ? server_wait(answer->headers) : std::nullopt;
    const milliseconds wait =
        asked.value_or(std::min(kFirstWait * (1 << std::min(tries, 4)), kLongestWait));
    return std::chrono::duration_cast<milliseconds>(wait * (0.75 + random_share() / 4));
  }

  void taken(const ClientResponse& answer, std::size_t sent) {
    const detail::Rejected refused = detail::read_otlp_response(answer.body);
    const std::size_t lost = whole(refused.spans, sent);
    exported.add(sent - lost);
    rejected.add(lost);
    if (lost == 0 && refused.message.empty()) return;
    if (!may_complain()) return;
    log::warning("trace_spans_rejected",
                 {{"spans", lost}, {"collector_says", in_quotes(refused.message, 300)}});
  }

  void complain(const Result<ClientResponse>& answer) {
    if (!may_complain()) return;
    const std::string_view hint =
        "check OTEL_EXPORTER_OTLP_ENDPOINT: it takes OTLP over HTTP with "
        "JSON, usually on port 4318";
    if (!answer) {
      log::warning("trace_export_failed", answer.error(), {{"hint", hint}});
    } else {
      log::warning("trace_export_failed", {{"status", answer->status},
                                           {"collector_says", in_quotes(answer->body, 300)},
                                           {"hint", hint}});
    }
  }
  // One line a minute is enough of it.
  bool may_complain() {
    const SteadyTime time = steady_now();
    if (last_complaint != SteadyTime() && time - last_complaint < kComplainEvery) return false;
    last_complaint = time;
    return true;
  }

  const OtlpOptions options;
  HttpClient client;
  Signal batch_full;
  Counter& exported;
  Counter& no_room;
  Counter& not_sent;
  Counter& rejected;
  SteadyTime last_complaint;
  std::mutex mutex;  // spans end on any thread
  std::deque<FinishedSpan> queue;
};

OtlpExporter::OtlpExporter(Loop& loop, OtlpOptions options, Registry& metrics)
    : impl_(std::make_unique<Impl>(loop, std::move(options), metrics)) {}
OtlpExporter::~OtlpExporter() = default;

void OtlpExporter::record(FinishedSpan span) {
  bool full = false;
  {
    const std::scoped_lock lock(impl_->mutex);
    if (impl_->queue.size() >= impl_->options.max_queued) {
      impl_->no_room.add();
      return;
    }
    impl_->queue.push_back(std::move(span));
    full = impl_->queue.size() == impl_->options.max_batch;
  }
  if (full) impl_->batch_full.set_from_any_thread();
}

// By the trace's own random bytes, so that every process decides alike.
bool OtlpExporter::samples(const std::array<std::uint8_t, 16>& trace_id) const {
  constexpr double kRange = 72057594037927936.0;  // 2^56, the bytes that W3C calls random
  double value = 0;
  for (std::size_t i = 9; i < trace_id.size(); ++i) value = value * 256 + trace_id[i];
  return value < impl_->options.ratio * kRange;
}

Task<void> OtlpExporter::run(CancelToken cancel) { co_await impl_->run(std::move(cancel)); }

}  // namespace selvage::net
