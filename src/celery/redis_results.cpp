#include "celery/redis_results.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/task_group.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/result_scripts.hpp"

namespace selvage::celery {

namespace {

constexpr std::int64_t kBrokenChord = -2;          // the size that scripts say then
constexpr std::size_t kMaxBatch = 256;             // results in one script call
constexpr std::size_t kMaxBatchBytes = 1U << 20U;  // of their metas

std::string_view name(Guard::Kind kind) {
  switch (kind) {
    case Guard::Kind::result:
      return "result";
    case Guard::Kind::published:
      return "published";
    case Guard::Kind::chord:
      return "chord";
  }
  return "";
}

ChordCount count_from(std::string group, const data::RedisReply* answers) {
  const std::int64_t size = answers[2].integer();
  ChordCount count{.group = std::move(group),
                   .parts = answers[0].integer(),
                   .size = {},
                   .broken = size == kBrokenChord};
  if (size >= 0) count.size = size + answers[1].integer();
  return count;
}

Error unexpected_answer() {
  return {ErrorKind::internal, "redis.reply", "Redis answered a script unexpectedly", {}, nullptr};
}

}  // namespace

struct RedisResults::Impl {
  // One result on its way; lives in the frame of the coroutine that waits for it.
  struct Write {
    Impl& store;
    std::string key;
    std::string meta;
    std::string delivery;
    std::coroutine_handle<> awaiting{};
    std::optional<Result<std::int64_t>> answer{};

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      awaiting = handle;
      store.add(*this);
    }
    Result<std::int64_t> await_resume() { return std::move(*answer); }
  };

  // Resumes in the loop's next turn: by then all that settle in this turn have added theirs.
  struct NextTurn {
    net::Loop& loop;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { loop.resume(handle); }
    void await_resume() const noexcept {}
  };

  void add(Write& write) {
    waiting.push_back(&write);
    if (waiting.size() == 1) sending.spawn(send_waiting(), "results");
  }

  Task<void> send_waiting() {
    co_await NextTurn{results.home()};
    std::vector<Write*> all = std::exchange(waiting, {});
    for (std::size_t start = 0; start < all.size();) {
      std::size_t end = start;
      for (std::size_t bytes = 0; end < all.size() && end - start < kMaxBatch; ++end) {
        bytes += all[end]->meta.size();
        if (bytes > kMaxBatchBytes && end > start) break;
      }
      sending.spawn(send(std::vector<Write*>(all.begin() + static_cast<std::ptrdiff_t>(start),
                                             all.begin() + static_cast<std::ptrdiff_t>(end))),
                    "results");
      start = end;
    }
  }

  Task<void> send(std::vector<Write*> batch) {
    std::vector<std::string> names;
    std::vector<std::string> words{fmt::format("{}", expires.count())};
    names.reserve(batch.size());
    words.reserve(2 * batch.size() + 1);
    for (Write* write : batch) {
      names.push_back(std::move(write->key));
      words.push_back(std::move(write->meta));
      words.push_back(std::move(write->delivery));
    }
    auto reply = co_await results.eval(kStoreResults, std::move(names), std::move(words));
    const bool whole = reply && reply->is_array() && reply->array().size() == batch.size();
    std::vector<std::coroutine_handle<>> awaiting;
    awaiting.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (whole && reply->array()[i].is_integer()) {
        batch[i]->answer = reply->array()[i].integer();
      } else {
        batch[i]->answer = fail(reply ? unexpected_answer() : reply.error());
      }
      awaiting.push_back(batch[i]->awaiting);
    }
    // a Write may be gone as soon as its coroutine goes on
    for (const std::coroutine_handle<> handle : awaiting) handle.resume();
  }

  // The words of a change in kApply's form.
  void add_change(Change change, std::vector<std::string>& names, std::vector<std::string>& words) {
    switch (change.kind) {
      case Change::Kind::result:
        names.push_back(keys.result(change.id));
        words.insert(words.end(), {"result", std::move(change.value)});
        return;
      case Change::Kind::chord_size:
        names.push_back(keys.group(change.id, ".s"));
        words.insert(words.end(), {"size", std::move(change.value)});
        return;
      case Change::Kind::chord_part:
        names.insert(names.end(), {keys.group(change.id, ".j"), keys.group(change.id, ".t"),
                                   keys.group(change.id, ".s")});
        words.insert(words.end(),
                     {change.index ? fmt::format("part:{}", *change.index) : "part:+inf",
                      std::move(change.value), "of", "", "of", ""});
        return;
    }
  }

  Task<Result<Applied>> run(Guard guard, std::vector<Change> changes,
                            std::vector<Element> messages) {
    std::vector<std::string> names{guard.kind == Guard::Kind::result ? keys.result(guard.id)
                                   : guard.kind == Guard::Kind::chord
                                       ? keys.group(guard.id, ".j")
                                       : keys.published(guard.delivery)};
    std::vector<std::string> words{fmt::format("{}", expires.count()),
                                   std::string(name(guard.kind)), guard.delivery};
    if (guard.kind == Guard::Kind::chord) {
      names.insert(names.end(), {keys.group(guard.id, ".t"), keys.group(guard.id, ".s")});
      words.insert(words.end(), {"delete", "", "delete", ""});
    }
    std::vector<std::string> groups;
    for (Change& change : changes) {
      if (change.kind == Change::Kind::chord_part) groups.push_back(change.id);
      add_change(std::move(change), names, words);
    }
    for (Element& message : messages) {
      names.push_back(keys.list(message.queue, message.priority));
      words.insert(words.end(), {"push", std::move(message.text)});
    }
    const auto reply = CO_TRY(co_await results.eval(kApply, std::move(names), std::move(words)));
    const auto& answers = reply.array();
    if (answers.empty() || answers[0].integer() == 0) co_return Applied{.before = true};
    if (answers.size() != 1 + 3 * groups.size()) co_return fail(unexpected_answer());
    Applied applied;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      applied.counts.push_back(count_from(std::move(groups[i]), &answers[1 + 3 * i]));
    }
    co_return applied;
  }

  // Results and queues on different servers: sizes of chords, messages, results, in this order.
  Task<Result<Applied>> run_apart(Guard guard, std::vector<Change> changes,
                                  std::vector<Element> messages) {
    if (CO_TRY(co_await applied_before(guard))) co_return Applied{.before = true};
    for (const Change& change : changes) {
      if (change.kind != Change::Kind::chord_size) continue;
      data::RedisCommand set("SET");
      set.arg(keys.group(change.id, ".s")).arg(change.value);
      if (expires.count() > 0) set.arg("EX").arg(expires.count());
      CO_TRY(co_await results.send(std::move(set)));
    }
    std::vector<data::RedisCommand> pushes;
    for (const Element& message : messages) {
      pushes.push_back(data::RedisCommand("LPUSH")
                           .arg(keys.list(message.queue, message.priority))
                           .arg(message.text));
    }
    if (!pushes.empty()) CO_TRY(co_await broker.transaction(std::move(pushes)));
    co_return co_await run(std::move(guard), std::move(changes), {});
  }

  Task<Result<bool>> applied_before(Guard guard) {
    if (guard.kind != Guard::Kind::chord) {
      co_return co_await settled_before(guard.id, guard.delivery);
    }
    const auto entries =
        CO_TRY(co_await results.send(data::RedisCommand("EXISTS").arg(keys.group(guard.id, ".j"))));
    co_return entries.is_integer() && entries.integer() == 0;
  }

  Task<Result<bool>> settled_before(std::string task_id, std::string delivery) {
    const auto stored =
        CO_TRY(co_await results.send(data::RedisCommand("GET").arg(keys.result(task_id))));
    if (stored.is_text()) {
      const auto meta = parse_json(stored.text(), "a result");
      const json::object* members = meta ? meta->if_object() : nullptr;
      const auto says = [members](std::string_view key, std::string_view wanted) {
        const json::value* found = members->if_contains(key);
        return found != nullptr && found->is_string() && found->get_string() == wanted;
      };
      if (members != nullptr && says("delivery", delivery) &&
          (says("status", "SUCCESS") || says("status", "FAILURE") || says("status", "REVOKED"))) {
        co_return true;
      }
    }
    const auto mark =
        CO_TRY(co_await results.send(data::RedisCommand("EXISTS").arg(keys.published(delivery))));
    co_return mark.is_integer() && mark.integer() == 1;
  }

  data::Redis& results;
  data::Redis& broker;
  const Keys keys;
  const seconds expires;
  std::vector<Write*> waiting{};
  TaskGroup sending{};
};

RedisResults::RedisResults(data::Redis& results, data::Redis& broker, Keys keys, seconds expires)
    : impl_(new Impl{results, broker, std::move(keys), expires}) {}

RedisResults::~RedisResults() = default;

Task<Result<bool>> RedisResults::put(std::string task_id, std::string meta, std::string delivery) {
  Impl::Write write{*impl_, impl_->keys.result(task_id), std::move(meta), std::move(delivery)};
  co_return CO_TRY(co_await write) != 2;
}

Task<Result<void>> RedisResults::note(std::string task_id, std::string meta) {
  Impl::Write write{*impl_, impl_->keys.result(task_id), std::move(meta), {}};
  CO_TRY(co_await write);
  co_return Result<void>();
}

[[clang::coro_wrapper]] Task<Result<Applied>> RedisResults::apply(Guard guard,
                                                                  std::vector<Change> changes,
                                                                  std::vector<Element> messages) {
  if (&impl_->results == &impl_->broker || messages.empty()) {
    return impl_->run(std::move(guard), std::move(changes), std::move(messages));
  }
  return impl_->run_apart(std::move(guard), std::move(changes), std::move(messages));
}

[[clang::coro_wrapper]] Task<Result<bool>> RedisResults::settled_before(std::string task_id,
                                                                        std::string delivery) {
  return impl_->settled_before(std::move(task_id), std::move(delivery));
}

Task<Result<ChordCount>> RedisResults::chord_count(std::string group) {
  const Keys& keys = impl_->keys;
  const auto reply = CO_TRY(co_await impl_->results.eval(
      kCountChord, {keys.group(group, ".j"), keys.group(group, ".t"), keys.group(group, ".s")},
      {}));
  if (!reply.is_array() || reply.array().size() != 3) co_return fail(unexpected_answer());
  co_return count_from(std::move(group), reply.array().data());
}

Task<Result<std::vector<std::string>>> RedisResults::chord_parts(std::string group) {
  auto reply = CO_TRY(co_await impl_->results.send(
      data::RedisCommand("ZRANGE").arg(impl_->keys.group(group, ".j")).arg(0).arg(-1)));
  std::vector<std::string> parts;
  for (data::RedisReply& part : reply.take_array()) parts.push_back(part.take_text());
  co_return parts;
}

Task<Result<std::optional<std::string>>> RedisResults::saved_group(std::string group) {
  auto reply = CO_TRY(
      co_await impl_->results.send(data::RedisCommand("GET").arg(impl_->keys.group(group, ""))));
  if (!reply.is_text()) co_return std::optional<std::string>();
  co_return std::optional(reply.take_text());
}

Task<void> RedisResults::close() { co_await impl_->sending.join(); }

}  // namespace selvage::celery
