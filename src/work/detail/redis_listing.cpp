#include "work/detail/redis_listing.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <set>

#include "base/json.hpp"
#include "work/detail/redis_keys.hpp"
#include "work/detail/redis_record.hpp"

namespace selvage::work {

namespace {

using data::RedisCommand;
using data::RedisReply;

constexpr std::int64_t kPiece = 40;        // tasks read at once
constexpr std::size_t kShown = 1U << 20U;  // bytes of each, with its record's head; kPiece of them
                                           // are well below data::kMaxRedisReply

// Takes what it is shown until it says that it has seen enough.
using Show = std::function<bool(TaskView)>;

std::optional<std::int64_t> score(const RedisReply& reply) {
  if (!reply.is_text()) return std::nullopt;
  return std::strtoll(reply.text().c_str(), nullptr, 10);
}

TaskView view_of(TaskRecord record, const std::string& tag, const std::string& queue) {
  return {.id = record.id.empty() ? "@" + tag : std::move(record.id),
          .queue = queue,
          .state = {},
          .payload = std::move(record.payload),
          .holder = record.holder.substr(0, record.holder.rfind('#')),
          .reason = std::move(record.reason),
          .fair_key = std::move(record.key),
          .priority = record.priority,
          .deliveries = record.deliveries,
          .retries = record.retries,
          .token = std::strtoll(tag.c_str(), nullptr, 10),
          .enqueued_at = from_unix_ms(record.enqueued_ms),
          .run_at = from_unix_ms(record.due_ms),
          .lease_until = {}};
}

struct Piece {
  std::vector<TaskView> views;
  std::vector<std::string> tags;
  std::string cursor;
};

// What a command says of one of the queue's keys, texts cut to kShown.
Task<Result<RedisReply>> look(RedisCalls& calls, std::string command, std::size_t place,
                              std::vector<std::string> words) {
  // a script counts the keys from one
  words.insert(words.begin(),
               {std::to_string(kShown), std::move(command), std::to_string(place + 1)});
  co_return co_await calls.eval(queue_scripts().look, std::move(words));
}

// A piece of a hash tag -> record.
Task<Result<Piece>> scan(RedisCalls& calls, std::size_t place, std::string cursor) {
  RedisReply reply = CO_TRY(
      co_await look(calls, "HSCAN", place, {std::move(cursor), "COUNT", std::to_string(kPiece)}));
  if (!reply.is_array() || reply.array().size() != 2 || !reply.array()[1].is_array()) {
    co_return odd_reply("HSCAN");
  }
  RedisReply::Array parts = reply.take_array();
  Piece piece{.views = {}, .tags = {}, .cursor = parts[0].take_text()};
  RedisReply::Array pairs = parts[1].take_array();
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    piece.tags.push_back(pairs[i].take_text());
    TaskRecord record = CO_TRY(parse_record(pairs[i + 1].take_text()));
    piece.views.push_back(view_of(std::move(record), piece.tags.back(), calls.form().queue));
  }
  co_return piece;
}

Task<Result<RedisReply::Array>> scores(RedisCalls& calls, std::string key,
                                       std::vector<std::string> members) {
  RedisCommand command("ZMSCORE");
  command.arg(key);
  for (const std::string& member : members) command.arg(member);
  RedisReply reply = CO_TRY(co_await calls.redis().send(std::move(command)));
  if (!reply.is_array() || reply.array().size() != members.size()) co_return odd_reply("ZMSCORE");
  co_return reply.take_array();
}

// False: shown enough.
Task<Result<bool>> show_waiting(RedisCalls& calls, Show show) {
  std::string cursor = "0";
  do {
    Piece piece = CO_TRY(co_await scan(calls, queue_key::tasks, std::move(cursor)));
    cursor = std::move(piece.cursor);
    if (piece.tags.empty()) continue;
    std::vector<std::string> graves;
    for (std::size_t i = 0; i < piece.tags.size(); ++i) {
      graves.push_back(escape_name(piece.views[i].id) + '\0' + piece.tags[i]);
    }
    const auto dead = CO_TRY(co_await scores(calls, calls.key(queue_key::dead), graves));
    for (std::size_t i = 0; i < piece.tags.size(); ++i) {
      TaskView& view = piece.views[i];
      view.state = score(dead[i]) ? "dead" : view.run_at > now() ? "delayed" : "ready";
      if (!show(std::move(view))) co_return false;
    }
  } while (cursor != "0");
  co_return true;
}

Task<Result<bool>> show_held(RedisCalls& calls, Show show) {
  std::string cursor = "0";
  do {
    Piece piece = CO_TRY(co_await scan(calls, queue_key::held, std::move(cursor)));
    cursor = std::move(piece.cursor);
    if (piece.tags.empty()) continue;
    const auto until = CO_TRY(co_await scores(calls, calls.key(queue_key::leases), piece.tags));
    for (std::size_t i = 0; i < piece.tags.size(); ++i) {
      TaskView& view = piece.views[i];
      view.state = "leased";
      if (const auto at = score(until[i])) view.lease_until = from_unix_ms(*at);
      if (!show(std::move(view))) co_return false;
    }
  } while (cursor != "0");
  co_return true;
}

// The tasks of these tags that are still there.
Task<Result<std::vector<TaskView>>> views_of(RedisCalls& calls, std::vector<std::string> tags) {
  RedisReply reply = CO_TRY(co_await look(calls, "HMGET", queue_key::tasks, tags));
  if (!reply.is_array() || reply.array().size() != tags.size()) co_return odd_reply("HMGET");
  RedisReply::Array records = reply.take_array();
  std::vector<TaskView> views;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (!records[i].is_text()) continue;
    TaskRecord record = CO_TRY(parse_record(records[i].take_text()));
    views.push_back(view_of(std::move(record), tags[i], calls.form().queue));
  }
  co_return views;
}

// The dead by id, from after `after_id` on.
Task<Result<bool>> show_dead(RedisCalls& calls, std::string after_id, Show show) {
  std::string from = after_id.empty() ? "-" : "(" + escape_name(after_id) + '\1';
  while (true) {
    const RedisReply found = CO_TRY(co_await calls.redis().send(RedisCommand("ZRANGEBYLEX")
                                                                    .arg(calls.key(queue_key::dead))
                                                                    .arg(from)
                                                                    .arg("+")
                                                                    .arg("LIMIT")
                                                                    .arg(0)
                                                                    .arg(kPiece)));
    if (!found.is_array()) co_return odd_reply("ZRANGEBYLEX");
    if (found.array().empty()) co_return true;
    std::vector<std::string> tags;
    for (const RedisReply& member : found.array()) {
      tags.push_back(member.text().substr(member.text().find('\0') + 1));
      from = "(" + member.text();
    }
    for (TaskView& view : CO_TRY(co_await views_of(calls, std::move(tags)))) {
      view.state = "dead";
      if (!show(std::move(view))) co_return false;
    }
  }
}

// The id that an element of a fair queue says; empty when it says none.
std::string id_in(const QueueForm& form, const std::string& payload) {
  if (form.kind != QueueKind::fair) return {};
  const auto parsed = json::parse(payload);
  if (!parsed || !parsed->is_object()) return {};
  const auto* id = parsed->as_object().if_contains(form.id_member);
  return id != nullptr && id->is_string() ? std::string(id->as_string()) : std::string();
}

// Elements of the raw lists, the next one to be taken first. Those without an id are named by their
// place.
Task<Result<bool>> show_raw(RedisCalls& calls, Show show) {
  std::vector<std::pair<std::size_t, int>> lists{{queue_key::raw, 0}};
  for (std::size_t i = queue_key::further_lists; i < calls.keys().size(); ++i) {
    lists.emplace_back(i, static_cast<int>(i - queue_key::further_lists + 1) * 3);
  }
  for (const auto& [list, priority] : lists) {
    for (std::int64_t from = 0;; from += kPiece) {
      RedisReply reply = CO_TRY(co_await look(
          calls, "LRANGE", list, {std::to_string(-from - kPiece), std::to_string(-from - 1)}));
      if (!reply.is_array()) co_return odd_reply("LRANGE");
      RedisReply::Array elements = reply.take_array();
      for (std::size_t i = 0; i < elements.size(); ++i) {
        std::string payload = elements[elements.size() - 1 - i].take_text();
        std::string id = id_in(calls.form(), payload);
        if (id.empty()) {
          id = fmt::format("list-{}-{:08}", priority, from + static_cast<std::int64_t>(i) + 1);
        }
        TaskView view{.id = std::move(id),
                      .queue = calls.form().queue,
                      .state = "ready",
                      .payload = std::move(payload),
                      .priority = priority,
                      .enqueued_at = now(),
                      .run_at = now()};
        if (!show(std::move(view))) co_return false;
      }
      if (elements.size() < static_cast<std::size_t>(kPiece)) break;
    }
  }
  co_return true;
}

// Keeps the `limit` smallest ids behind `after_id`.
class Page {
 public:
  Page(std::size_t limit, std::string after_id) : limit_(limit), after_id_(std::move(after_id)) {}
  void add(TaskView view) {
    if (view.id <= after_id_) return;
    std::string id = view.id;
    views_.emplace(std::move(id), std::move(view));
    if (views_.size() > limit_) views_.erase(std::prev(views_.end()));
  }
  std::vector<TaskView> take() {
    std::vector<TaskView> all;
    for (auto& [id, view] : views_) all.push_back(std::move(view));
    return all;
  }

 private:
  const std::size_t limit_;
  const std::string after_id_;
  std::multimap<std::string, TaskView> views_;
};

// Moves those of `wanted` that the queue knows as living to `alive`.
Task<Result<void>> find_known(RedisCalls& calls, std::set<std::string>& wanted,
                              std::vector<std::string>& alive) {
  if (wanted.empty()) co_return Result<void>{};
  const std::vector<std::string> names(wanted.begin(), wanted.end());
  std::vector<std::string> members;
  for (const std::string& name : names) members.push_back(escape_name(name));
  const auto known = CO_TRY(co_await scores(calls, calls.key(queue_key::ids), std::move(members)));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (score(known[i]) != 0) continue;  // unknown, or done
    alive.push_back(names[i]);
    wanted.erase(names[i]);
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<TaskView>>> list_redis_tasks(RedisCalls& calls, std::string state,
                                                     std::size_t limit, std::string after_id) {
  Page page(limit, after_id);
  if (state == "dead") {
    std::size_t left = limit;
    if (left > 0) {
      CO_TRY(co_await show_dead(calls, after_id, [&](TaskView view) {
        page.add(std::move(view));
        return --left > 0;
      }));
    }
    co_return page.take();
  }
  const Show keep = [&](TaskView view) {
    if (state.empty() || view.state == state) page.add(std::move(view));
    return true;
  };
  if (state.empty() || state == "ready") CO_TRY(co_await show_raw(calls, keep));
  if (state != "leased") CO_TRY(co_await show_waiting(calls, keep));
  if (state.empty() || state == "leased") CO_TRY(co_await show_held(calls, keep));
  co_return page.take();
}

Task<Result<SoonestTasks>> soonest_redis_tasks(RedisCalls& calls, std::size_t limit) {
  // one more than is wanted tells whether there are more
  RedisReply found = CO_TRY(co_await calls.redis().send(RedisCommand("ZRANGEBYSCORE")
                                                            .arg(calls.key(queue_key::delayed))
                                                            .arg(to_unix_ms(now()))
                                                            .arg("+inf")
                                                            .arg("LIMIT")
                                                            .arg(0)
                                                            .arg(limit + 1)));
  if (!found.is_array()) co_return odd_reply("ZRANGEBYSCORE");
  RedisReply::Array members = found.take_array();
  SoonestTasks soonest{.tasks = {}, .more = members.size() > limit};
  if (soonest.more) members.pop_back();
  std::size_t bytes = 0;
  for (std::size_t from = 0; from < members.size();) {
    std::vector<std::string> tags;
    for (; from < members.size() && std::ssize(tags) < kPiece; ++from) {
      tags.push_back(members[from].take_text());
    }
    for (TaskView& view : CO_TRY(co_await views_of(calls, std::move(tags)))) {
      bytes += view.payload.size();
      if (bytes > kMaxSoonestBytes) {
        soonest.more = true;
        co_return soonest;
      }
      view.state = "delayed";
      soonest.tasks.push_back(std::move(view));
    }
  }
  co_return soonest;
}

Task<Result<std::optional<TaskView>>> find_redis_task(RedisCalls& calls, std::string id) {
  std::optional<TaskView> found;
  const Show look = [&](TaskView view) {
    if (view.id != id) return true;
    found = std::move(view);
    return false;
  };
  // in the order in which a task goes; the last look is for one that came back meanwhile
  bool on = CO_TRY(co_await show_raw(calls, look));
  if (on) on = CO_TRY(co_await show_waiting(calls, look));
  if (on) on = CO_TRY(co_await show_held(calls, look));
  if (on) CO_TRY(co_await show_waiting(calls, look));
  co_return found;
}

Task<Result<std::vector<std::string>>> alive_redis_tasks(RedisCalls& calls,
                                                         std::vector<std::string> ids) {
  if (ids.empty()) co_return ids;
  std::set<std::string> wanted(ids.begin(), ids.end());
  std::vector<std::string> alive;
  CO_TRY(co_await find_known(calls, wanted, alive));
  if (wanted.empty() || calls.form().kind != QueueKind::fair) co_return alive;
  std::vector<std::string> in_list;
  CO_TRY(co_await show_raw(calls, [&](TaskView view) {
    if (wanted.contains(view.id)) in_list.push_back(view.id);
    return true;
  }));
  for (std::string& id : in_list) {
    if (wanted.erase(id) > 0) alive.push_back(std::move(id));
  }
  CO_TRY(co_await find_known(calls, wanted, alive));
  co_return alive;
}

}  // namespace selvage::work
