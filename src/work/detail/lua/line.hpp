// The line of waiting tasks, so that fair keys take turns: what task_line.hpp says of SQL, in one
// sorted set.
//
// `ready` has the score priority * 2^49 + virtual time (a whole number below 2^53, so exact), and
// tags in the order of their tokens break ties. `lanes` remembers for each priority and key the
// virtual time of its last task in line, for as long as one is there. `active` counts the leases of
// each key. With a limit, tasks whose key has its number of leases are taken out of the line and
// parked; each lease of the key that ends lets one in again, level with the head: it has had its
// wait.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// After kQueue.
inline constexpr std::string_view kLine = R"lua(
local kBand = 562949953421312
local limit = tonumber(ARGV[2])

local heads = {}
local function head(priority)
  if not heads[priority] then
    local first = redis.call('ZRANGEBYSCORE', ready, text(priority * kBand + 1),
                             text((priority + 1) * kBand - 1), 'WITHSCORES', 'LIMIT', 0, 1)
    heads[priority] = first[2] and first[2] - priority * kBand or 1
  end
  return heads[priority]
end

-- In line as one who has just become due.
local function admit(tag, priority, key)
  local place = head(priority)
  if key ~= '' then
    local lane = priority .. ':' .. key
    local last = tonumber(redis.call('HGET', lanes, lane) or '0')
    if last >= place then place = last + 1 end
    redis.call('HSET', lanes, lane, text(place))
  end
  redis.call('ZADD', ready, text(priority * kBand + place), tag)
end

-- To the front: it was held and has had its turn.
local function admit_first(tag, priority) redis.call('ZADD', ready, text(priority * kBand), tag) end

-- `tag` has left the line from `score`.
local function left_line(score, priority, key)
  if key == '' then return end
  local lane = priority .. ':' .. key
  local last = redis.call('HGET', lanes, lane)
  if last and tonumber(last) + priority * kBand <= score then redis.call('HDEL', lanes, lane) end
end

local function unpark(key, room)
  local waiting = redis.call('ZRANGEBYLEX', parked, '[' .. key .. '\0', '(' .. key .. '\1',
                             'LIMIT', 0, room)
  if #waiting == 0 then return end
  redis.call('ZREM', parked, unpack(waiting))
  for _, member in ipairs(waiting) do
    local tag = string.sub(member, #key + 2)
    local record = redis.call('HGET', tasks, tag)
    local priority = record and tonumber(string.match(record, '^%d+ %d+ %d+ %d+ (%d+)')) or 0
    redis.call('ZADD', ready, text(priority * kBand + head(priority)), tag)
  end
end

-- A lease of `key` has ended.
local function release(key)
  if key == '' then return end
  local left = redis.call('HINCRBY', active, key, -1)
  if left <= 0 then redis.call('HDEL', active, key) end
  unpark(key, limit > 0 and math.max(limit - left, 1) or 64)
end

local function put_delayed(tag, due) redis.call('ZADD', delayed, due, tag) end

-- Up to n lapsed leases to the front. A hand-out that lapsed stays counted as a delivery.
local function take_back_lapsed(n)
  local lapsed = redis.call('ZRANGEBYSCORE', leases, '-inf', text(now), 'LIMIT', 0, n)
  if #lapsed == 0 then return end
  local records = redis.call('HMGET', held, unpack(lapsed))
  redis.call('HDEL', held, unpack(lapsed))
  redis.call('ZREM', leases, unpack(lapsed))
  for i, tag in ipairs(lapsed) do
    if records[i] then
      local t = parse(records[i])
      if t.id == '' then t.id = '@' .. tag end
      t.holder = ''
      redis.call('HSET', tasks, tag, record_of(t))
      admit_first(tag, t.priority)
      release(t.key)
    end
  end
end

-- Up to n delayed tasks whose time has come.
local function admit_due(n)
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', text(now), 'LIMIT', 0, n)
  if #due == 0 then return end
  redis.call('ZREM', delayed, unpack(due))
  for _, tag in ipairs(due) do
    local record = redis.call('HGET', tasks, tag)
    if record then
      local priority, key =
        string.match(record, '^%d+ %d+ %d+ %d+ (%d+)\n[^\n]*\n([^\n]*)\n')
      admit(tag, tonumber(priority), key)
    end
  end
end
)lua";

}  // namespace selvage::work::lua
