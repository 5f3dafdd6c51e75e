// Takes up to `max` tasks: lapsed leases and due tasks first go to their places in line; then
// priority by priority the line, sharing with the raw list of the same priority where there is one.
//
// A task from a raw list becomes held without being looked into: one RPOP, one HSET and one ZADD
// for all of them, whatever their number.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// After kAbsorb. ARGV: max, lease ms, holder, largest payload, how many to absorb first (fair
// queues; else 0), id member, key members... KEYS[15]... are Celery's further lists, of the
// priorities 3, 6 and 9.
//
// An answer holds kMostBytes of tasks at most, so that its reader can take it whatever their sizes:
// `largest` must not be more. What does not fit stays where it is for the next claim.
//
// Returns {paused, ms until something falls due or lapses ("" never), elements left in the raw
// list,
//          {priority, first token, payload, payload, ...}...,
//          {token, record, token, record, ...}}: a paused queue gives {1} alone.
inline constexpr std::string_view kClaimScript = R"lua(
if redis.call('EXISTS', paused) == 1 then return {1} end
keep_clock()
local max, lease, holder = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local largest, absorbs = tonumber(ARGV[6]), tonumber(ARGV[7])
local kMostAtOnce = 200
local kMostBytes = 16777216
local room, full = kMostBytes, false
local expiry = text(now + lease)

local first_lapse = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
if first_lapse and tonumber(first_lapse) <= now then take_back_lapsed(kMostAtOnce) end
local first_due = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
if first_due and tonumber(first_due) <= now then admit_due(kMostAtOnce) end
if absorbs > 0 then absorb(absorbs, largest, ARGV[8], 9) end

local taken = {}
local wanted = max
local parking = kMostAtOnce

-- Holds the tasks of `tags`, which have left the line. False for those over their key's limit.
local function hold(tags, scores)
  local records = redis.call('HMGET', tasks, unpack(tags))
  local first = new_tokens(#tags)
  local holds, expiries, leaving = {}, {}, {}
  for i, tag in ipairs(tags) do
    local size = records[i] and #records[i] or 0
    if size > room and room < kMostBytes then full = true end
    if full then
      redis.call('ZADD', ready, text(scores[i]), tag)
    elseif records[i] then
      local t = parse(records[i])
      left_line(scores[i], t.priority, t.key)
      local too_large = #t.payload > largest  -- somebody brought it back from the dead letters
      local held_now = t.key ~= '' and not too_large and redis.call('HINCRBY', active, t.key, 1)
        or 0
      if too_large then
        redis.call('ZREM', ids, t.id)
        bury_oversized(tag, t)
      elseif limit > 0 and held_now > limit then
        redis.call('HINCRBY', active, t.key, -1)
        redis.call('ZADD', parked, 0, t.key .. '\0' .. tag)
        parking = parking - 1
      else
        local new = text(first + i - 1)
        t.deliveries = t.deliveries + 1
        t.holder = holder
        room = room - size
        local record = record_of(t)
        leaving[#leaving + 1] = tag
        holds[#holds + 1] = new
        holds[#holds + 1] = record
        expiries[#expiries + 1] = expiry
        expiries[#expiries + 1] = new
        taken[#taken + 1] = new
        taken[#taken + 1] = record
      end
    end
  end
  if #leaving > 0 then
    redis.call('HDEL', tasks, unpack(leaving))
    redis.call('HSET', held, unpack(holds))
    redis.call('ZADD', leases, unpack(expiries))
  end
  return #leaving
end

-- Up to n tasks whose score is from low to high; returns how many.
local function take_from_line(low, high, n)
  local got = 0
  while got < n and parking > 0 and not full do
    local next = redis.call('ZRANGEBYSCORE', ready, low, high, 'WITHSCORES', 'LIMIT', 0, n - got)
    if #next == 0 then break end
    local tags, scores = {}, {}
    for i = 1, #next, 2 do
      tags[#tags + 1] = next[i]
      scores[#scores + 1] = tonumber(next[i + 1])
    end
    redis.call('ZREM', ready, unpack(tags))
    got = got + hold(tags, scores)
  end
  wanted = full and 0 or wanted - got
  return got
end

local raws = {}
-- Up to n elements of a raw list; returns how many left it.
local function take_raw(list, priority, n)
  if n <= 0 then return 0 end
  local got = redis.call('RPOP', list, n)
  if not got then return 0 end
  local first = new_tokens(#got)
  local time = text(now)
  local prefix = '1 0 ' .. time .. ' ' .. time .. ' ' .. priority .. '\n\n\n' .. holder .. '\n\n'
  local holds, expiries, found = {}, {}, {priority, text(first)}
  local count = 0
  for i = 1, #got do
    local payload = got[i]
    local tag = text(first + i - 1)
    if #payload > largest then
      bury_element(tag, payload)
      found[i + 2] = false
    elseif #payload > room then
      for j = #got, i, -1 do redis.call('RPUSH', list, got[j]) end
      full = true
      break
    else
      room = room - #payload
      holds[count + 1] = tag
      holds[count + 2] = prefix .. payload
      expiries[count + 1] = expiry
      expiries[count + 2] = tag
      count = count + 2
      found[i + 2] = payload
    end
  end
  if count > 0 then
    redis.call('HSET', held, unpack(holds))
    redis.call('ZADD', leases, unpack(expiries))
    raws[#raws + 1] = found
  end
  wanted = full and 0 or wanted - count / 2
  return #got
end

local lists = {}
if absorbs == 0 then
  lists[1] = {raw, 0}
  for i = 15, #KEYS do lists[#lists + 1] = {KEYS[i], (i - 14) * 3} end
end
local waiting = redis.call('ZCARD', ready) > 0
for _, list in ipairs(lists) do
  local band = list[2]
  if waiting and wanted > 0 then
    take_from_line('-inf', text(band * kBand), wanted)
    -- who is in line and who is in the list take turns; a single place goes to either by chance
    local share = math.floor((wanted + us % 2) / 2)
    if redis.call('LLEN', list[1]) == 0 then share = wanted end
    if share > 0 then take_from_line('-inf', '(' .. text((band + 1) * kBand), share) end
  end
  while wanted > 0 and take_raw(list[1], band, wanted) > 0 do end
  if waiting and wanted > 0 then take_from_line('-inf', '(' .. text((band + 1) * kBand), wanted) end
end
if waiting and wanted > 0 then take_from_line('-inf', '+inf', wanted) end

local left = redis.call('LLEN', raw)
first_lapse = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
first_due = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
local next = tonumber(first_lapse or first_due or '')
if next and first_due and tonumber(first_due) < next then next = tonumber(first_due) end
if full or (waiting and wanted > 0 and parking <= 0) then next = now end
return {0, next and text(math.max(next - now, 0)) or '', left, raws, taken}
)lua";

}  // namespace selvage::work::lua
