#include "celery/revoked_store.hpp"

#include <charconv>

#include "base/log.hpp"

namespace selvage::celery {

RevokedStore::RevokedStore(data::Redis& redis, const Keys& keys, RevokedIds& ids)
    : redis_(redis), keys_(keys), ids_(ids) {}

Task<void> RevokedStore::add(std::vector<std::string> ids) {
  const Timestamp time = now();
  ids_.forget_old(time);
  data::RedisCommand note("ZADD");
  note.arg(keys_.revoked());
  for (const std::string& id : ids) {
    ids_.add(id, time);
    note.arg(to_unix_ms(time)).arg(id);
  }
  if (ids.empty()) co_return;
  std::vector<data::RedisCommand> commands;
  commands.push_back(std::move(note));
  commands.push_back(data::RedisCommand("ZREMRANGEBYRANK")
                         .arg(keys_.revoked())
                         .arg(0)
                         .arg(-static_cast<std::int64_t>(RevokedIds::kMax) - 1));
  commands.push_back(
      data::RedisCommand("EXPIRE").arg(keys_.revoked()).arg(RevokedIds::kKept.count()));
  const auto noted = co_await redis_.transaction(std::move(commands));
  if (!noted) log::warning("celery_revoked_not_noted", noted.error());
}

Task<void> RevokedStore::recall() {
  const std::int64_t since = to_unix_ms(now() - RevokedIds::kKept);
  const auto noted = co_await redis_.send(data::RedisCommand("ZRANGEBYSCORE")
                                              .arg(keys_.revoked())
                                              .arg(since)
                                              .arg("+inf")
                                              .arg("WITHSCORES"));
  if (!noted || !noted->is_array()) {
    if (!noted) log::warning("celery_revoked_not_recalled", noted.error());
    co_return;
  }
  const auto& words = noted->array();
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (!words[i].is_text() || !words[i + 1].is_text()) continue;
    const std::string& score = words[i + 1].text();
    double when = 0;
    std::from_chars(score.data(), score.data() + score.size(), when);
    ids_.add(words[i].text(), from_unix_ms(static_cast<std::int64_t>(when)));
  }
}

}  // namespace selvage::celery
