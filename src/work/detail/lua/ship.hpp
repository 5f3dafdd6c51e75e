// Brings tasks of the outbox into the queue. A task whose id the queue knows, waiting, held, dead,
// or done a moment ago, is not brought twice, so shipping again is harmless.
//
// What is for Celery's workers as well goes to the raw list of its priority step, named as kombu
// does whether or not this process knows the queue as a Celery one. Its id is known from then on as
// that of a task just done, which is all that shipping needs.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// After kLine. ARGV: channel, then for each task: id, key, priority, ms to wait from now (the
// server's clock counts, whatever the sender's says), enqueued at ms, 1 for Celery else 0, payload.
// Returns how many were new.
inline constexpr std::string_view kShipScript = R"lua(
local count = 0
for i = 4, #ARGV, 7 do
  local id, key, priority, wait = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local known = redis.call('ZSCORE', ids, id) or
    redis.call('ZRANGEBYLEX', dead, '[' .. id .. '\0', '(' .. id .. '\1', 'LIMIT', 0, 1)[1]
  if not known and ARGV[i + 5] == '1' then
    local step = math.floor(priority / 3) * 3
    redis.call('LPUSH', step == 0 and raw or raw .. '\6\22' .. step, ARGV[i + 6])
    redis.call('ZADD', ids, text(now), id)
    count = count + 1
  elseif not known then
    local tag = text(new_tokens(1))
    local due, enqueued = text(now + wait), text(math.min(tonumber(ARGV[i + 4]), now))
    redis.call('HSET', tasks, tag, record_of({deliveries = 0, retries = 0, enqueued = enqueued,
      due = due, priority = priority, id = id, key = key, holder = '', reason = '',
      payload = ARGV[i + 6]}))
    redis.call('ZADD', ids, 0, id)
    if wait > 0 then
      put_delayed(tag, due)
    else
      admit(tag, priority, key)
    end
    count = count + 1
  end
end
if count > 0 then redis.call('PUBLISH', ARGV[3], '') end
return count
)lua";

}  // namespace selvage::work::lua
