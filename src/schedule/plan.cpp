#include "schedule/plan.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/crypto.hpp"

namespace selvage::schedule {

namespace {

// Where the times that fire begin, for an entry whose time `next` is later than `late`.
Timestamp begin_of_late(const Entry& entry, Timestamp next, Timestamp late, Timestamp now) {
  const auto fresh = entry.timing.next_from(late);  // the first time that is not late
  const bool fresh_is_due = fresh && due_at(entry, *fresh) <= now;
  const Timestamp after = fresh.value_or(Timestamp::max());
  switch (entry.catch_up) {
    case CatchUp::skip:
      return after;
    case CatchUp::once:
      return fresh_is_due ? after : entry.timing.first_of_last(1, next, late).value_or(after);
    case CatchUp::all:
      return entry.timing.first_of_last(entry.catch_up_max, next, late).value_or(after);
  }
  return after;
}

}  // namespace

std::string task_id(const std::string& entry, Timestamp time) {
  std::string text = to_rfc3339(time);
  text.erase(text.size() - 5, 4);  // times are whole seconds
  return entry + "@" + text;
}

Timestamp due_at(const Entry& entry, Timestamp time) {
  if (entry.jitter <= milliseconds(0)) return time;
  const std::string hash = sha256_hex(task_id(entry.name, time));
  std::uint64_t number = 0;
  std::from_chars(hash.data(), hash.data() + 15, number, 16);
  return time + milliseconds(static_cast<std::int64_t>(number) % (entry.jitter.count() + 1));
}

Plan make_plan(const Entry& entry, Timestamp next, Timestamp now, milliseconds on_time) {
  Plan plan{.next = next};
  if (due_at(entry, next) > now) return plan;
  const Timestamp late = now - on_time - entry.jitter;
  if (next < late) {
    const Timestamp begin = begin_of_late(entry, next, late, now);
    plan.skipped = entry.timing.count(next, std::min(begin, now), kMaxCounted);
    if (begin == Timestamp::max()) return {.next = std::nullopt, .skipped = plan.skipped};
    plan.next = begin;
    if (due_at(entry, begin) > now) return plan;
    next = begin;
  }
  plan.fire = next;
  plan.next = entry.timing.next_after(next);
  plan.expired = entry.expires && next + *entry.expires <= now;
  return plan;
}

}  // namespace selvage::schedule
