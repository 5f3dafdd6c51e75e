// What operators and upkeep ask of a queue.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// After kQueue. Returns {elements of raw lists, in line, delayed, of these due already,
// held, dead, parked, paused, when the longest wait of those near the head began (ms, "" none),
// a digest of the next raw element ("" none)}.
inline constexpr std::string_view kDepthScript = R"lua(
local elements = redis.call('LLEN', raw)
for i = 15, #KEYS do elements = elements + redis.call('LLEN', KEYS[i]) end
local oldest
for _, tag in ipairs(redis.call('ZRANGE', ready, 0, 19)) do
  local record = redis.call('HGET', tasks, tag)
  local due = record and tonumber(string.match(record, '^%d+ %d+ %d+ (%d+)'))
  if due and (not oldest or due < oldest) then oldest = due end
end
local next = redis.call('LINDEX', raw, -1)
return {elements, redis.call('ZCARD', ready), redis.call('ZCARD', delayed),
        redis.call('ZCOUNT', delayed, '-inf', text(now)), redis.call('ZCARD', leases),
        redis.call('ZCARD', dead), redis.call('ZCARD', parked), redis.call('EXISTS', paused),
        oldest and text(oldest) or '', next and redis.sha1hex(string.sub(next, 1, 4096)) or ''}
)lua";

// After kQueue. ARGV: longest text (bytes), a command that only reads, its key's place, its other
// words. Returns its answer with every text cut to the longest: tasks can be of any size, and who
// lists some hundreds must not get hundreds of megabytes.
inline constexpr std::string_view kLookScript = R"lua(
local longest = tonumber(ARGV[3])
local function cut(reply)
  if type(reply) == 'string' then return string.sub(reply, 1, longest) end
  if type(reply) == 'table' then
    for i = 1, #reply do reply[i] = cut(reply[i]) end
  end
  return reply
end
return cut(redis.call(ARGV[4], KEYS[tonumber(ARGV[5])], unpack(ARGV, 6)))
)lua";

// After kLine. ARGV: 'revive' or 'discard', id, channel. Returns 1, or 0 when no dead
// task has that id.
inline constexpr std::string_view kDeadScript = R"lua(
local id = ARGV[4]
local member =
  redis.call('ZRANGEBYLEX', dead, '[' .. id .. '\0', '(' .. id .. '\1', 'LIMIT', 0, 1)[1]
if not member then return 0 end
local tag = string.sub(member, #id + 2)
redis.call('ZREM', dead, member)
local record = redis.call('HGET', tasks, tag)
if ARGV[3] == 'discard' or not record then
  redis.call('HDEL', tasks, tag)
  return record and 1 or 0
end
local t = parse(record)
t.deliveries, t.retries, t.reason, t.due = 0, 0, '', text(now)
redis.call('HSET', tasks, tag, record_of(t))
if string.sub(id, 1, 1) ~= '@' then redis.call('ZADD', ids, 0, id) end
admit(tag, t.priority, t.key)
redis.call('PUBLISH', ARGV[5], '')
return 1
)lua";

// After kQueue. ARGV: '1' or '0', channel.
inline constexpr std::string_view kPauseScript = R"lua(
if ARGV[3] == '1' then
  redis.call('SET', paused, text(now), 'NX')
else
  redis.call('DEL', paused)
  redis.call('PUBLISH', ARGV[4], '')
end
return 1
)lua";

// After kLine. ARGV: how long ids of completed tasks are kept (ms), where to go on
// looking at parked keys. Forgets ids, and lets parked tasks in whose key has room again, which
// only a changed limit can bring about. Returns where to go on the next time.
inline constexpr std::string_view kUpkeepScript = R"lua(
redis.call('ZREMRANGEBYSCORE', ids, '1', text(now - tonumber(ARGV[3])))
local from = '(' .. ARGV[4]
for _ = 1, 50 do
  local member = redis.call('ZRANGEBYLEX', parked, from, '+', 'LIMIT', 0, 1)[1]
  if not member then return '' end
  local key = string.match(member, '^(%Z*)')
  local count = tonumber(redis.call('HGET', active, key) or '0')
  if limit == 0 or count < limit then unpark(key, limit > 0 and limit - count or 64) end
  from = '(' .. key .. '\1'
end
return string.sub(from, 2)
)lua";

}  // namespace selvage::work::lua
