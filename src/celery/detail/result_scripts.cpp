#include "celery/detail/result_scripts.hpp"

namespace selvage::celery {

// A value that is no result, or of another type, is replaced: it can only be in the way.
// Others cannot be replaced: a list to push to, a chord's keys. What is wrong with them does not
// pass by itself, so it is found before anything is changed.
#define SELVAGE_RESULT_FUNCTIONS \
  R"lua(
local ended = {SUCCESS = true, FAILURE = true, REVOKED = true}
local function state_at(key, delivery)
  local before = redis.pcall('GET', key)
  if type(before) ~= 'string' then return 'none' end
  local read, old = pcall(cjson.decode, before)
  if not read or type(old) ~= 'table' then return 'none' end
  if delivery ~= '' and old.delivery == delivery and ended[old.status] then return 'ended' end
  if old.status == 'SUCCESS' then return 'success' end
  return 'none'
end
local function store(key, meta, keep)
  if keep > 0 then redis.call('SETEX', key, keep, meta) else redis.call('SET', key, meta) end
  redis.call('PUBLISH', key, meta)
end
)lua"

#define SELVAGE_CHORD_FUNCTIONS \
  R"lua(
local function is_or_none(key, kind)
  local there = redis.call('TYPE', key).ok
  return there == kind or there == 'none', there
end
local function number_at(key, without)
  local text = redis.pcall('GET', key)
  if not text then return without end
  return type(text) == 'string' and tonumber(text) or nil
end
local function counts_of(parts, difference, size)
  local more, whole = number_at(difference, 0), number_at(size, -1)
  if not more or not whole or not is_or_none(parts, 'zset') then return {0, 0, -2} end
  return {redis.call('ZCARD', parts), more, whole}
end
)lua"

const data::RedisScript kStoreResults(SELVAGE_RESULT_FUNCTIONS R"lua(
local keep = tonumber(ARGV[1])
local answers = {}
for i, key in ipairs(KEYS) do
  local state = state_at(key, ARGV[2 * i + 1])
  if state == 'none' then
    store(key, ARGV[2 * i], keep)
    answers[i] = 1
  else
    answers[i] = state == 'ended' and 2 or 0
  end
end
return answers
)lua");

const data::RedisScript kApply(SELVAGE_RESULT_FUNCTIONS SELVAGE_CHORD_FUNCTIONS R"lua(
local keep, guard, delivery = tonumber(ARGV[1]), ARGV[2], ARGV[3]
for i = 2, #KEYS do
  if ARGV[2 * i] == 'push' then
    local fine, kind = is_or_none(KEYS[i], 'list')
    if not fine then
      return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' should be a queue and is a ' .. kind)
    end
  end
end
if guard == 'result' then
  if state_at(KEYS[1], delivery) == 'ended' then return {0} end
elseif guard == 'published' then
  if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', keep > 0 and keep or 86400) then return {0} end
elseif redis.call('DEL', KEYS[1]) == 0 then
  return {0}
end
local answers = {1}
for i = 2, #KEYS do
  local key, what, value = KEYS[i], ARGV[2 * i], ARGV[2 * i + 1]
  if what == 'push' then
    redis.call('LPUSH', key, value)
  elseif what == 'result' then
    if state_at(key, '') == 'none' then store(key, value, keep) end
  elseif what == 'size' then
    redis.call('SET', key, value)
    if keep > 0 then redis.call('EXPIRE', key, keep) end
  elseif what == 'delete' then
    redis.call('DEL', key)
  elseif string.sub(what, 1, 5) == 'part:' then
    if is_or_none(key, 'zset') then redis.call('ZADD', key, string.sub(what, 6), value) end
    for _, count in ipairs(counts_of(key, KEYS[i + 1], KEYS[i + 2])) do
      answers[#answers + 1] = count
    end
    if keep > 0 then
      for k = i, i + 2 do redis.call('EXPIRE', KEYS[k], keep) end
    end
  end
end
return answers
)lua");

const data::RedisScript kCountChord(SELVAGE_CHORD_FUNCTIONS
                                    "return counts_of(KEYS[1], KEYS[2], KEYS[3])");

#undef SELVAGE_CHORD_FUNCTIONS
#undef SELVAGE_RESULT_FUNCTIONS

}  // namespace selvage::celery
