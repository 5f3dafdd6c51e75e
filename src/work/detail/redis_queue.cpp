#include "work/detail/redis_queue.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/log.hpp"
#include "work/detail/redis_keys.hpp"
#include "work/detail/redis_record.hpp"

namespace selvage::work {

namespace {

// What a producer may push and a worker will still get; more goes to the dead letters. Celery's
// clients know no limit: its room refuses what is too large itself, so that they are told.
constexpr std::size_t kLargestElement = 4 * kMaxPayload;
constexpr std::size_t kLargestCeleryElement = 64 * kMaxPayload;
constexpr std::size_t kAbsorbAtOnce = 200;   // bounds how long a script keeps the server
constexpr std::chrono::minutes kKeepIds{2};  // longer than the outbox keeps what was shipped

std::size_t largest_element(QueueKind kind) {
  return kind == QueueKind::celery ? kLargestCeleryElement : kLargestElement;
}

std::int64_t number_in(const data::RedisReply& reply, std::int64_t otherwise) {
  if (reply.is_integer()) return reply.integer();
  if (!reply.is_text()) return otherwise;
  const std::string& text = reply.text();
  std::int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// What is left of the time a task was to wait. Who enqueued it and we may disagree about the time
// of day, so never more than was asked for.
milliseconds wait_of(const OutboxRow& row) {
  const milliseconds asked = std::max(row.run_at - row.enqueued_at, milliseconds(0));
  return std::clamp(row.run_at - now(), milliseconds(0), asked);
}

// The tasks that came straight from a raw list: {priority, first token, payload or nil, ...}.
void read_raw(data::RedisReply::Array items, const std::string& queue, std::vector<Lease>& leases) {
  if (items.size() < 2) return;
  std::int64_t token = number_in(items[1], 0);
  const Timestamp time = now();  // a list does not say since when
  for (std::size_t i = 2; i < items.size(); ++i, ++token) {
    if (!items[i].is_text()) continue;
    leases.push_back(
        {.ref = {.task_id = "@" + std::to_string(token), .queue = queue, .token = token},
         .payload = items[i].take_text(),
         .deliveries = 1,
         .retries = 0,
         .enqueued_at = time,
         .due_at = time});
  }
}

Result<void> read_records(data::RedisReply::Array items, const std::string& queue,
                          std::vector<Lease>& leases) {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    TaskRecord record = TRY(parse_record(items[i + 1].take_text()));
    leases.push_back(
        {.ref = {.task_id = std::move(record.id), .queue = queue, .token = number_in(items[i], 0)},
         .payload = std::move(record.payload),
         .deliveries = record.deliveries,
         .retries = record.retries,
         .enqueued_at = from_unix_ms(record.enqueued_ms),
         .due_at = from_unix_ms(record.due_ms)});
  }
  return {};
}

}  // namespace

RedisQueue::RedisQueue(net::Loop& home, const RedisCallOptions& options, QueueForm form,
                       milliseconds poll, TaskGroup& group)
    : group_(group),
      calls_(home, options, std::move(form)),
      settling_(calls_, group),
      waiting_(calls_, group, poll) {}

std::vector<std::string> RedisQueue::claim_arguments(const std::string& holder, std::size_t max,
                                                     milliseconds duration) const {
  const QueueForm& form = calls_.form();
  const std::size_t absorb = form.kind == QueueKind::fair
                                 ? std::min(std::max<std::size_t>(2 * max, 50), kAbsorbAtOnce)
                                 : 0;
  std::vector<std::string> arguments{std::to_string(max),
                                     std::to_string(duration.count()),
                                     holder,
                                     std::to_string(largest_element(form.kind)),
                                     std::to_string(absorb),
                                     form.id_member};
  arguments.insert(arguments.end(), form.key_members.begin(), form.key_members.end());
  return arguments;
}

Task<Result<std::vector<Lease>>> RedisQueue::lease(std::string worker_id, std::size_t max,
                                                   milliseconds duration) {
  CO_TRY(co_await recall_lost());
  const std::string holder = fmt::format("{}#{}", escape_name(worker_id), ++claims_);
  const std::uint64_t wakes = waiting_.wakes();
  auto reply = co_await calls_.eval(queue_scripts().claim,
                                    claim_arguments(holder, std::min(max, kMaxClaim), duration));
  if (!reply) {
    if (may_have_run(reply.error())) lost_claims_.push_back(holder);
    co_return fail(std::move(reply.error()));
  }
  if (!reply->is_array() || reply->array().empty()) co_return odd_reply("a claim");
  data::RedisReply::Array parts = reply->take_array();
  const bool paused = number_in(parts[0], 0) == 1;
  std::optional<milliseconds> until_due;
  if (parts.size() > 1) {
    const std::int64_t due = number_in(parts[1], -1);
    if (due >= 0) until_due = milliseconds(due);
  }
  waiting_.claimed(wakes, paused, until_due);
  if (paused) co_return std::vector<Lease>{};
  if (parts.size() != 5) co_return odd_reply("a claim");
  if (calls_.form().kind == QueueKind::fair && number_in(parts[2], 0) > 0) absorb_soon();
  co_return read_claim(std::move(parts));
}

Result<std::vector<Lease>> RedisQueue::read_claim(data::RedisReply::Array parts) {
  if (!parts[3].is_array() || !parts[4].is_array()) return odd_reply("a claim");
  const std::string& queue = calls_.form().queue;
  std::vector<Lease> leases;
  TRY(read_records(parts[4].take_array(), queue, leases));
  for (data::RedisReply& list : parts[3].take_array()) {
    if (list.is_array()) read_raw(list.take_array(), queue, leases);
  }
  return leases;
}

// Before anything else is claimed, what an earlier claim may have taken is handed back: it would
// otherwise wait for its lease to lapse, and count a crash.
Task<Result<void>> RedisQueue::recall_lost() {
  while (!lost_claims_.empty()) {
    const std::string holder = std::move(lost_claims_.front());
    lost_claims_.pop_front();
    const auto reply = co_await calls_.eval(queue_scripts().recall, {holder});
    if (!reply) {
      lost_claims_.push_back(holder);
      co_return fail(reply.error());
    }
    const std::int64_t count = number_in(*reply, 0);
    if (count > 0) {
      log::info("claim_recalled", {{"queue", calls_.form().queue}, {"tasks", count}});
    }
  }
  co_return Result<void>{};
}

Task<Result<std::vector<LeaseRef>>> RedisQueue::extend(std::vector<LeaseRef> held,
                                                       milliseconds duration) {
  std::vector<std::string> arguments{std::to_string(duration.count())};
  for (const LeaseRef& ref : held) arguments.push_back(std::to_string(ref.token));
  const auto reply = CO_TRY(co_await calls_.eval(queue_scripts().extend, std::move(arguments)));
  if (!reply.is_array() || reply.array().size() != held.size()) co_return odd_reply("extending");
  std::vector<LeaseRef> lost;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (number_in(reply.array()[i], 0) == 0) lost.push_back(std::move(held[i]));
  }
  co_return lost;
}

Task<Result<bool>> RedisQueue::settle(Settlement wish) {
  const bool comes_back = wish.what == LeaseEnd::retry || wish.what == LeaseEnd::hand_back;
  const bool ended = CO_TRY(co_await settling_.settle(std::move(wish)));
  if (ended && comes_back) wake();  // who waits must know of the new time
  co_return ended;
}

Task<Result<std::string>> RedisQueue::ship(std::vector<OutboxRow> rows) {
  std::vector<std::string> arguments{wake_channel(calls_.form().queue)};
  for (OutboxRow& row : rows) {
    arguments.push_back(escape_name(row.id));
    arguments.push_back(escape_name(row.fair_key));
    arguments.push_back(std::to_string(row.priority));
    arguments.push_back(std::to_string(wait_of(row).count()));
    arguments.push_back(std::to_string(std::max<std::int64_t>(to_unix_ms(row.enqueued_at), 0)));
    arguments.emplace_back(row.for_celery ? "1" : "0");
    arguments.push_back(std::move(row.payload));
  }
  CO_TRY(co_await calls_.eval(queue_scripts().ship, std::move(arguments)));
  const std::string there = server();  // at once: the answer came from this one
  wake();
  co_return there;
}

Task<Result<RedisDepth>> RedisQueue::depth() {
  const auto reply = CO_TRY(co_await calls_.eval(queue_scripts().depth, {}));
  if (!reply.is_array() || reply.array().size() != 10) co_return odd_reply("a depth");
  const auto number = [&](std::size_t at) { return number_in(reply.array()[at], 0); };
  RedisDepth depth;
  const std::int64_t due = number(3);
  depth.shown = {.queue = calls_.form().queue,
                 .ready = number(0) + number(1) + due + number(6),
                 .delayed = number(2) - due,
                 .leased = number(4),
                 .dead = number(5),
                 .paused = number(7) == 1};
  depth.waiting = depth.shown.ready + depth.shown.delayed;
  const std::int64_t oldest = number_in(reply.array()[8], -1);
  if (oldest >= 0) {
    depth.shown.oldest_ready = std::max(now() - from_unix_ms(oldest), milliseconds(0));
  }
  // a raw element does not say how long it has waited; we know how long we have seen it
  const std::string digest = reply.array()[9].is_text() ? reply.array()[9].text() : "";
  if (digest != next_digest_) {
    next_digest_ = digest;
    next_since_ = steady_now();
  }
  if (!digest.empty()) {
    const auto seen = std::chrono::duration_cast<milliseconds>(steady_now() - next_since_);
    depth.shown.oldest_ready = std::max(depth.shown.oldest_ready.value_or(milliseconds(0)), seen);
  }
  co_return depth;
}

Task<Result<void>> RedisQueue::upkeep() {
  const std::string keep = std::to_string(milliseconds(kKeepIds).count());
  const auto reply = CO_TRY(co_await calls_.eval(queue_scripts().upkeep, {keep, parked_cursor_}));
  parked_cursor_ = reply.is_text() ? reply.text() : "";
  co_return Result<void>{};
}

Task<Result<void>> RedisQueue::pause(bool paused) {
  CO_TRY(co_await calls_.eval(queue_scripts().pause,
                              {paused ? "1" : "0", wake_channel(calls_.form().queue)}));
  wake();
  co_return Result<void>{};
}

Task<Result<bool>> RedisQueue::revive(std::string id) {
  const bool revived = CO_TRY(co_await end_dead("revive", std::move(id)));
  if (revived) wake();
  co_return revived;
}

[[clang::coro_wrapper]] Task<Result<bool>> RedisQueue::discard_dead(std::string id) {
  return end_dead("discard", std::move(id));
}

Task<Result<bool>> RedisQueue::end_dead(std::string_view how, std::string id) {
  const auto reply =
      CO_TRY(co_await calls_.eval(queue_scripts().dead, {std::string(how), escape_name(id),
                                                         wake_channel(calls_.form().queue)}));
  co_return number_in(reply, 0) == 1;
}

void RedisQueue::absorb_soon() {
  if (std::exchange(absorbing_, true)) return;
  group_.spawn(absorb_all(), "absorb");
}

// Until the raw list is empty, so that an owner whose one task is the last of ten thousand does not
// wait until the others have been claimed. Trouble ends it; the next claim goes on.
Task<void> RedisQueue::absorb_all() {
  const QueueForm& form = calls_.form();
  while (true) {
    std::vector<std::string> arguments{std::to_string(kAbsorbAtOnce),
                                       std::to_string(largest_element(form.kind)), form.id_member};
    arguments.insert(arguments.end(), form.key_members.begin(), form.key_members.end());
    const auto reply = co_await calls_.eval(queue_scripts().absorb, std::move(arguments));
    if (!reply || number_in(*reply, 0) == 0) break;
  }
  absorbing_ = false;
  wake();
}

}  // namespace selvage::work
