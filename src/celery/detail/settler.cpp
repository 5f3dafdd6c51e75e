#include "celery/detail/settler.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "celery/detail/chord_results.hpp"

namespace selvage::celery {

namespace {

const std::string kErrorModule = "celery.exceptions";

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
    if (!applied.counts[i].complete()) continue;
    CO_TRY(
        co_await call_chord(parts[i].group, parts[i].chord, StepOrigin::of(message, node_.name())));
  }
  co_return Result<void>();
}

Task<Result<bool>> Settler::settled_before(Try what) {
  const Message& message = what.message;
  if (!CO_TRY(co_await results_.settled_before(message.id, message.delivery_tag))) co_return false;
  if (!message.then.chord.empty() && !message.group.empty()) {
    const ChordCount count = CO_TRY(co_await results_.chord_count(message.group));
    if (count.complete()) {
      CO_TRY(co_await call_chord(message.group, message.then.chord,
                                 StepOrigin::of(message, node_.name())));
    }
  }
  co_return true;
}

Task<Result<std::string>> Settler::chord_results(std::string group) {
  auto parts = CO_TRY(co_await results_.chord_parts(group));
  auto saved = CO_TRY(co_await results_.saved_group(std::move(group)));
  co_return celery::chord_results(parts, saved);
}

Task<Result<void>> Settler::call_chord(std::string group, std::string callback, StepOrigin origin) {
  auto results = co_await chord_results(group);
  if (!results) {
    if (results.error().code != "celery.chord" && results.error().code != "celery.malformed") {
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
  CO_TRY(co_await results_.apply({.kind = Guard::Kind::chord, .id = std::move(group)},
                                 std::move(changes), std::move(steps->messages)));
  co_return Result<void>();
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
  CO_TRY(co_await results_.apply({.kind = Guard::Kind::chord, .id = std::move(group)},
                                 std::move(changes), std::move(steps.messages)));
  co_return Result<void>();
}

}  // namespace selvage::celery
