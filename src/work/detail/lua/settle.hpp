// Ends or lengthens leases. Each answers for itself: a token that is not held any more changes
// nothing.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// Of tasks from raw lists, which left no trace elsewhere. KEYS: held, leases; ARGV: tokens.
// Returns their number when all were held, else a 1 or 0 for each.
inline constexpr std::string_view kCompleteScript = R"lua(
local n = redis.call('HDEL', KEYS[1], unpack(ARGV))
if n == #ARGV then
  redis.call('ZREM', KEYS[2], unpack(ARGV))
  return n
end
-- some are gone: their entries in `leases` went with them
local each = {}
for i, token in ipairs(ARGV) do each[i] = redis.call('ZREM', KEYS[2], token) end
return each
)lua";

// After kLine. ARGV: for each lease what, token, ms, reason. What is 'c' complete, 'r' retry
// after so many ms, 'h' hand back until that time, 'b' bury. Returns a 1 or 0 for each.
//
// A completed task's id stays for a while, with the time as its score: what is shipped a second
// time, because the server restarted, is then known to be done.
inline constexpr std::string_view kSettleScript = R"lua(
keep_clock()
local each = {}
for i = 3, #ARGV, 4 do
  local what, token, at, reason = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local record = redis.call('HGET', held, token)
  if not record then
    each[#each + 1] = 0
  else
    redis.call('HDEL', held, token)
    redis.call('ZREM', leases, token)
    local t = parse(record)
    t.holder = ''
    if t.id == '' then t.id = '@' .. token end
    if what == 'c' then
      redis.call('ZADD', ids, 'XX', text(now), t.id)
    else
      if what == 'r' then
        t.retries = t.retries + 1
        t.due = text(now + tonumber(at))
        t.reason = reason
      elseif what == 'h' then
        t.deliveries = t.deliveries - 1
        if tonumber(at) > tonumber(t.due) then t.due = at end
      else
        t.reason = reason
      end
      redis.call('HSET', tasks, token, record_of(t))
      if what == 'b' then
        redis.call('ZREM', ids, t.id)
        redis.call('ZADD', dead, 0, t.id .. '\0' .. token)
      elseif tonumber(what == 'r' and t.due or at) > now then
        put_delayed(token, t.due)
      elseif what == 'h' then
        admit_first(token, t.priority)
      else
        admit(token, t.priority, t.key)
      end
    end
    release(t.key)
    each[#each + 1] = 1
  end
end
return each
)lua";

// After kQueue. ARGV: duration ms, tokens. Returns a 1 or 0 for each. Leases must be kept
// also on a server that is out of memory: the first write is one that needs none.
inline constexpr std::string_view kExtendScript = R"lua(
keep_clock()
redis.call('HDEL', held, '')
local expiry = text(now + tonumber(ARGV[3]))
local each = {}
for i = 4, #ARGV do
  if redis.call('ZSCORE', leases, ARGV[i]) then
    redis.call('ZADD', leases, 'XX', expiry, ARGV[i])
    each[i - 3] = 1
  else
    each[i - 3] = 0
  end
end
return each
)lua";

// After kLine. ARGV: holder. Hands back what a claim took whose answer was lost: all
// that is held under exactly this holder's name, which is one for each claim.
inline constexpr std::string_view kRecallScript = R"lua(
local count = 0
local tokens = redis.call('ZRANGE', leases, 0, -1)
for from = 1, #tokens, 500 do
  local chunk = {unpack(tokens, from, math.min(from + 499, #tokens))}
  local records = redis.call('HMGET', held, unpack(chunk))
  for i, token in ipairs(chunk) do
    local holder = records[i] and
      string.match(records[i], '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n')
    if holder == ARGV[3] then
      redis.call('HDEL', held, token)
      redis.call('ZREM', leases, token)
      local t = parse(records[i])
      t.holder = ''
      if t.id == '' then t.id = '@' .. token end
      t.deliveries = t.deliveries - 1
      redis.call('HSET', tasks, token, record_of(t))
      admit_first(token, t.priority)
      release(t.key)
      count = count + 1
    end
  end
end
return count
)lua";

}  // namespace selvage::work::lua
