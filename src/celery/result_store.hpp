// ResultStore: where the results of tasks go, and the one place where what follows a task is
// published.
//
// A result that is SUCCESS already is never replaced. What a task sets off (its result, the
// messages of following steps, its entry in a chord) is applied as one, so that a task delivered
// twice sets it off once; a result says in its member `delivery` which delivery wrote it.
//
// Lives on one loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::celery {

// What keeps a set of changes from being applied twice.
struct Guard {
  enum class Kind {
    result,     // the task's result was written by the same delivery
    published,  // a mark of its own, for tasks whose result is not stored
    chord       // the chord's entries are gone: somebody called its callback
  };
  Kind kind = Kind::result;
  std::string id;        // the task's, or the group's of a chord
  std::string delivery;  // the message's delivery tag
};

struct Change {
  enum class Kind {
    result,      // of task `id`; `value` is its meta as JSON
    chord_size,  // of group `id`; `value` is a number
    chord_part   // of group `id`; `value` is one member's entry
  };
  Kind kind = Kind::result;
  std::string id;
  std::string value;
  std::optional<std::int64_t> index{};  // of a chord_part
};

// Where the members of a chord stand.
struct ChordCount {
  std::string group;
  std::int64_t parts = 0;
  std::optional<std::int64_t> size;  // unknown: its sender has not stored it, or it expired
  bool broken = false;               // its keys hold something else, and will not count it any more
  [[nodiscard]] bool complete() const { return size && parts == *size; }
};

struct Applied {
  bool before = false;  // the guard says so; nothing was changed
  std::vector<ChordCount> counts;
};

// For a queue, as Celery names it.
struct Element {
  std::string queue;
  int priority = 0;
  std::string text;
};

class ResultStore {
 public:
  virtual ~ResultStore() = default;

  // The result of a task with nothing to follow. False: the same delivery had stored one before.
  [[nodiscard]] virtual Task<Result<bool>> put(std::string task_id, std::string meta,
                                               std::string delivery) = 0;
  // A state on the way: STARTED, RETRY, PROGRESS.
  [[nodiscard]] virtual Task<Result<void>> note(std::string task_id, std::string meta) = 0;
  [[nodiscard]] virtual Task<Result<Applied>> apply(Guard guard, std::vector<Change> changes,
                                                    std::vector<Element> messages) = 0;
  // Whether the delivery had its end stored before: it crashed after that and before its ack.
  [[nodiscard]] virtual Task<Result<bool>> settled_before(std::string task_id,
                                                          std::string delivery) = 0;

  [[nodiscard]] virtual Task<Result<ChordCount>> chord_count(std::string group) = 0;
  // The entries of a chord in the order of its members: [1, id, state, result].
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> chord_parts(std::string group) = 0;
  // What the sender kept of a group whose results are nested, or nullopt.
  [[nodiscard]] virtual Task<Result<std::optional<std::string>>> saved_group(std::string group) = 0;
};

}  // namespace selvage::celery
