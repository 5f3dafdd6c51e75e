// What follows a task: callbacks, the next step of its chain, error callbacks, the callback of a
// chord. Signatures become messages here; groups, chains and chords among them are taken apart as
// Celery's canvas does it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "celery/message.hpp"
#include "celery/result_store.hpp"
#include "celery/routes.hpp"

namespace selvage::celery {

inline constexpr std::size_t kMaxFollowing = 10'000;  // messages that one task may set off

struct NewChord {
  std::string group;
  std::int64_t size = 0;  // members whose results its callback waits for
};

struct Steps {
  std::vector<Element> messages;
  std::vector<NewChord> chords;  // their sizes must be stored before the messages are published
  std::string children;          // a JSON array, as a result's `children`
};

// On whose behalf steps are made.
struct StepOrigin {
  std::string node;  // "selvage@host"
  std::string root_id;
  std::string parent_id;
  std::string traceparent;
  std::string tracestate;
  [[nodiscard]] static StepOrigin of(const Message& message, std::string node);
};

// All of these: errors celery.signature (invalid), which says what is wrong with it,
// celery.too_large.

// Callbacks and the next step of the chain, called with `result` (JSON).
[[nodiscard]] Result<Steps> steps_after_success(const Message& message, std::string_view result,
                                                const Routes& routes, const StepOrigin& origin);
// `errbacks` (a JSON array of signatures), called with the id of the task that failed.
[[nodiscard]] Result<Steps> error_steps(std::string_view errbacks, std::string_view failed_id,
                                        const Routes& routes, const StepOrigin& origin);
// The callback of a chord, called with the list of its members' results (JSON).
[[nodiscard]] Result<Steps> chord_steps(std::string_view callback, std::string_view results,
                                        const Routes& routes, const StepOrigin& origin);

// A task that will never run because one before it in its chain failed.
struct LostStep {
  std::string id;
  std::string group;
  std::optional<std::int64_t> group_index;
  std::string chord;  // signature, or empty
};
[[nodiscard]] std::vector<LostStep> steps_lost_with(const Message& message);

// What a chord's callback says of itself: its id, and who wants to hear that it failed.
struct ChordCallback {
  std::string id;        // empty when the sender gave it none
  std::string errbacks;  // a JSON array, or empty
};
[[nodiscard]] ChordCallback read_callback(std::string_view signature);

}  // namespace selvage::celery
