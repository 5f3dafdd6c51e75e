#include "celery/detail/settler.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "celery/detail/chord_results.hpp"

namespace selvage::celery {

namespace {

const std::string kErrorModule = "celery.exceptions";

// Redis is there and says no, as to a key of another type.
template <class T>
bool is_refused(const Result<T>& outcome) {
  return !outcome && outcome.error().code == "redis.reply";
}

Result<void> done(const Result<Applied>& outcome) {
  if (outcome) return {};
  return selvage::fail(outcome.error());
}

}  // namespace

// How a task ended: what is stored of it and what it sets off.
struct Settler::End {
  std::string_view state;
  std::string result;  // JSON
  std::string traceback{};
  // A task that goes to the dead letters may be revived and must then not be taken for settled.
  bool may_be_revived = false;
  Steps steps{};
  // (id, meta) of tasks that end with it
  std::vector<std::pair<std::string, std::string>> others{};
  std::vector<LostStep> lost{};  // those of them that are members of a chord
};

Settler::Settler(ResultStore& results, const Routes& routes, const NodeState& node, bool extended)
    : results_(results), routes_(routes), node_(node), extended_(extended) {}

std::string Settler::meta(const Try& what, const ResultState& state) const {
  return result_meta(
      what.message, state,
      {.wanted = extended_, .worker = node_.name(), .queue = what.queue, .retries = what.retries});
}

Task<Result<void>> Settler::succeed(Try what, std::string value) {
  End end{.state = "SUCCESS", .result = std::move(value)};
  if (!what.message.then.callbacks.empty() || !what.message.then.chain.empty()) {
    end.steps = CO_TRY(steps_after_success(what.message, end.result, routes_,
                                           StepOrigin::of(what.message, node_.name())));
  }
  co_return co_await store(what, std::move(end));
}

Task<Result<void>> Settler::fail(Try what, Raised why) {
  const Message& message = what.message;
  End end{.state = "FAILURE",
          .result = exception_json(why),
          .traceback = traceback_of(why),
          .may_be_revived = why.keep};
  if (!message.then.errbacks.empty()) {
    auto steps = error_steps(message.then.errbacks, message.id, routes_,
                             StepOrigin::of(message, node_.name()));
    if (steps) {
      end.steps = std::move(*steps);
    } else {  // the failure itself must not get lost with them
      log::warning("celery_errbacks_skipped", steps.error(), {{"task_id", message.id}});
    }
  }
  for (LostStep& lost : steps_lost_with(message)) {
    if (!lost.id.empty()) {
      end.others.emplace_back(lost.id, failed_meta(lost.id, end.result, end.traceback));
    }
    if (!lost.chord.empty() && !lost.group.empty()) end.lost.push_back(std::move(lost));
  }
  Result<void> stored = co_await store(what, end);
  if (end.steps.messages.empty() || !is_refused(stored)) co_return stored;
  log::warning("celery_errbacks_skipped", stored.error(), {{"task_id", message.id}});
  end.steps = {};
  co_return co_await store(what, std::move(end));
}

Task<Result<void>> Settler::revoke(Try what, std::string reason) {
  const Raised why{
      .type = "TaskRevokedError", .message = std::move(reason), .module = kErrorModule};
  co_return co_await store(what, End{.state = "REVOKED", .result = exception_json(why)});
}

Task<Result<void>> Settler::note(Try what, std::string state, std::string result,
                                 std::string traceback) {
  if (what.message.ignore_result) co_return Result<void>();
  co_return co_await results_.note(
      what.message.id, meta(what, {.state = state, .result = result, .traceback = traceback}));
}

Task<Result<void>> Settler::store(Try what, End end) {
  const Message& message = what.message;
  const bool keeps_result = !message.ignore_result;
  const std::string delivery = end.may_be_revived ? std::string() : message.delivery_tag;
  const std::string mark = message.delivery_tag + (end.may_be_revived ? "-failed" : "");
  std::string own = keeps_result ? meta(what, {.state = end.state,
                                               .result = end.result,
                                               .traceback = end.traceback,
                                               .children = end.steps.children,
                                               .delivery = delivery})
                                 : std::string();
  struct Part {
    std::string group;
    std::string chord;
  };
  std::vector<Change> changes;
  std::vector<Part> parts;
  const auto add_part = [&](const std::string& id, const std::string& group,
                            std::optional<std::int64_t> index, const std::string& chord) {
    changes.push_back(
        {Change::Kind::chord_part, group, chord_part(id, end.state, end.result), index});
    parts.push_back({group, chord});
  };
  for (const NewChord& chord : end.steps.chords) {
    changes.push_back({Change::Kind::chord_size, chord.group, fmt::format("{}", chord.size)});
  }
  for (auto& [id, text] : end.others) {
    changes.push_back({Change::Kind::result, std::move(id), std::move(text)});
  }
  if (!message.then.chord.empty() && !message.group.empty()) {
    add_part(message.id, message.group, message.group_index, message.then.chord);
  }
  for (const LostStep& lost : end.lost) add_part(lost.id, lost.group, lost.group_index, lost.chord);

  if (changes.empty() && end.steps.messages.empty()) {
    if (keeps_result) {
      CO_TRY(co_await results_.put(message.id, std::move(own), delivery));
    }
    co_return Result<void>();
  }
  Guard guard{.kind = keeps_result ? Guard::Kind::result : Guard::Kind::published,
              .id = message.id,
              .delivery = keeps_result ? delivery : mark};
  if (keeps_result) {
    changes.insert(changes.begin(), {Change::Kind::result, message.id, std::move(own)});
  }
  const Applied applied = CO_TRY(
      co_await results_.apply(std::move(guard), std::move(changes), std::move(end.steps.messages)));
  if (applied.before) {
    CO_TRY(co_await settled_before(what));
    co_return Result<void>();
  }
  for (std::size_t i = 0; i < applied.counts.size(); ++i) {
    CO_TRY(co_await end_chord(applied.counts[i], parts[i].chord,
                              StepOrigin::of(message, node_.name())));
  }
  co_return Result<void>();
}

Task<Result<bool>> Settler::settled_before(Try what) {
  const Message& message = what.message;
  if (!CO_TRY(co_await results_.settled_before(message.id, message.delivery_tag))) co_return false;
  if (!message.then.chord.empty() && !message.group.empty()) {
    CO_TRY(co_await end_chord(CO_TRY(co_await results_.chord_count(message.group)),
                              message.then.chord, StepOrigin::of(message, node_.name())));
  }
  co_return true;
}

Task<Result<void>> Settler::end_chord(ChordCount count, std::string callback, StepOrigin origin) {
  if (count.broken) {
    const Raised why{
        .type = "ChordError",
        .message = fmt::format("The keys that count group {} hold something else", count.group),
        .module = kErrorModule};
    log::error("celery_chord_broken",
               {{"group", count.group},
                {"effect", "its callback fails"},
                {"hint", "something else writes to celery-taskset-meta-* of this Redis"}});
    co_return co_await fail_chord(std::move(count.group), std::move(callback), why,
                                  std::move(origin));
  }
  if (!count.complete()) co_return Result<void>();
  co_return co_await call_chord(std::move(count.group), std::move(callback), std::move(origin));
}

Task<Result<std::string>> Settler::chord_results(std::string group) {
  auto parts = CO_TRY(co_await results_.chord_parts(group));
  auto saved = CO_TRY(co_await results_.saved_group(std::move(group)));
  co_return celery::chord_results(parts, saved);
}

Task<Result<void>> Settler::call_chord(std::string group, std::string callback, StepOrigin origin) {
  auto results = co_await chord_results(group);
  if (!results) {
    const std::string& code = results.error().code;
    if (code != "celery.chord" && code != "celery.malformed" && !is_refused(results)) {
      co_return selvage::fail(std::move(results.error()));
    }
    const Raised why{
        .type = "ChordError", .message = results.error().message, .module = kErrorModule};
    co_return co_await fail_chord(std::move(group), std::move(callback), why, std::move(origin));
  }
  auto steps = chord_steps(callback, *results, routes_, origin);
  if (!steps) {
    const Raised why{.type = "ChordError",
                     .message = "Callback error: " + steps.error().message,
                     .module = kErrorModule};
    co_return co_await fail_chord(std::move(group), std::move(callback), why, std::move(origin));
  }
  std::vector<Change> changes;
  for (const NewChord& chord : steps->chords) {
    changes.push_back({Change::Kind::chord_size, chord.group, fmt::format("{}", chord.size)});
  }
  const auto called = co_await results_.apply({.kind = Guard::Kind::chord, .id = group},
                                              std::move(changes), std::move(steps->messages));
  if (!is_refused(called)) co_return done(called);
  const Raised why{.type = "ChordError",
                   .message = "Callback error: " + called.error().message,
                   .module = kErrorModule};
  co_return co_await fail_chord(std::move(group), std::move(callback), why, std::move(origin));
}

// A member failed, so the callback never runs: it fails, and who wants to know is told.
Task<Result<void>> Settler::fail_chord(std::string group, std::string callback, Raised why,
                                       StepOrigin origin) {
  const ChordCallback target = read_callback(callback);
  std::vector<Change> changes;
  Steps steps;
  if (!target.id.empty()) {
    changes.push_back({Change::Kind::result, target.id,
                       failed_meta(target.id, exception_json(why), traceback_of(why))});
  }
  if (!target.errbacks.empty()) {
    auto told = error_steps(target.errbacks, target.id, routes_, origin);
    if (told) steps = std::move(*told);
  }
  const bool tells = !steps.messages.empty();
  const Guard guard{.kind = Guard::Kind::chord, .id = std::move(group)};
  auto failed = co_await results_.apply(guard, changes, std::move(steps.messages));
  if (tells && is_refused(failed)) {
    log::warning("celery_errbacks_skipped", failed.error(), {{"task_id", target.id}});
    failed = co_await results_.apply(guard, std::move(changes), {});
  }
  co_return done(failed);
}

}  // namespace selvage::celery
