// What all scripts on a queue begin with: its keys, the time, and the record of a task.
//
// Invariants that every script keeps, because a script runs as a whole or not at all:
//   1. A task is in exactly one place: a raw list; `held` with its entry in `leases`; or `tasks`
//      with one entry in `ready`, `delayed`, `parked` or `dead`.
//   2. What takes a task away is written first. A server that is out of memory refuses a script at
//      its first write that may need memory, and never behind a write: so a script either does
//      nothing or all of it, and workers can empty a server that is full.
//   3. A tag names a task at its place. It is the token of its last hand-out, or one of its own
//      before the first; it comes from `token`, which only grows, and never falls behind the clock
//      in microseconds: so tokens grow even over a server that lost its last writes.
//
// A record is
//   <deliveries> <retries> <enqueued ms> <due ms>
//   <priority>\n<id>\n<key>\n<holder>\n<reason>\n<payload>
// where id, key, holder and reason have '%', line feed and NUL as %25, %0A and %00. A task from a
// raw list that says no id gets "@<its first token>" when it first comes back.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// KEYS as redis_keys.hpp lists them. ARGV[1] is the time in ms, or "" for the server's clock, and
// ARGV[2] how many leases a fair key may have at once, 0 for any; a script's own begin at ARGV[3].
inline constexpr std::string_view kQueue = R"lua(
local raw, held, leases, tasks, ready, delayed, dead, ids, lanes, active, parked, token, paused,
  clock = unpack(KEYS, 1, 14)

-- tostring() would write a time as 1.7e+15
local function text(n) return string.format('%.0f', n) end

local us
if ARGV[1] ~= '' then
  us = tonumber(ARGV[1]) * 1000
else
  local t = redis.call('TIME')
  us = t[1] * 1000000 + t[2]
end
local now = math.floor(us / 1000)

local kClockStep = 2000000

-- All leases, and the waits for a retry, by so many ms: they were dated by a clock that has been
-- set back since, and are to last as long as they were given.
local function shift(by)
  local all = redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do redis.call('ZADD', leases, 'XX', text(all[i + 1] - by), all[i]) end
  all = redis.call('ZRANGE', delayed, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do
    local record = redis.call('HGET', tasks, all[i])
    local before, retries, enqueued, due, behind =
      string.match(record or '', '^(%d+ )(%d+)( %d+ )(%d+)()')
    if retries and retries ~= '0' then
      due = text(math.max(due - by, 0))
      redis.call('HSET', tasks, all[i], before .. retries .. enqueued .. due ..
        string.sub(record, behind))
      redis.call('ZADD', delayed, 'XX', due, all[i])
    end
  end
end

-- Notes the time, for what comes after to see that the clock was set back.
local function keep_clock()
  local seen = tonumber(redis.call('GET', clock) or '0')
  local back = us + kClockStep < seen
  if not back and us < seen + 500000 then return end
  redis.call('HDEL', held, '')  -- a write that is not refused; see 2. above
  redis.call('SET', clock, text(us))
  if back then shift(math.floor((seen - us) / 1000)) end
end

-- The first of n new tokens.
local function new_tokens(n)
  local first = tonumber(redis.call('GET', token) or '0') + 1
  if us > first then first = us end
  redis.call('SET', token, text(first + n - 1))
  return first
end

local function parse(record)
  local deliveries, retries, enqueued, due, priority, id, key, holder, reason, body =
    string.match(record, '^(%d+) (%d+) (%d+) (%d+) (%d+)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n()')
  return {deliveries = tonumber(deliveries), retries = tonumber(retries), enqueued = enqueued,
          due = due, priority = tonumber(priority), id = id, key = key, holder = holder,
          reason = reason, payload = string.sub(record, body)}
end

local function record_of(t)
  return string.format('%d %d ', t.deliveries, t.retries) .. t.enqueued .. ' ' .. t.due .. ' ' ..
    t.priority .. '\n' .. t.id .. '\n' .. t.key .. '\n' .. t.holder .. '\n' .. t.reason .. '\n' ..
    t.payload
end

local kEscapes = {['%'] = '%25', ['\n'] = '%0A', ['\0'] = '%00'}
local function escaped(s) return (string.gsub(s, '[%%\n%z]', kEscapes)) end
)lua";

}  // namespace selvage::work::lua
