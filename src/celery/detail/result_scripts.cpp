#include "celery/detail/result_scripts.hpp"

namespace selvage::celery {

// A value that is no result, or of another type, is replaced: it can only be in the way.
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

const data::RedisScript kApply(SELVAGE_RESULT_FUNCTIONS R"lua(
local keep, guard, delivery = tonumber(ARGV[1]), ARGV[2], ARGV[3]
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
    redis.call('ZADD', key, string.sub(what, 6), value)
    answers[#answers + 1] = redis.call('ZCARD', key)
    answers[#answers + 1] = tonumber(redis.call('GET', KEYS[i + 1]) or 0)
    answers[#answers + 1] = tonumber(redis.call('GET', KEYS[i + 2]) or -1)
    if keep > 0 then
      for k = i, i + 2 do redis.call('EXPIRE', KEYS[k], keep) end
    end
  end
end
return answers
)lua");

const data::RedisScript kCountChord(R"lua(
return {redis.call('ZCARD', KEYS[1]), tonumber(redis.call('GET', KEYS[2]) or 0),
        tonumber(redis.call('GET', KEYS[3]) or -1)}
)lua");

#undef SELVAGE_RESULT_FUNCTIONS

}  // namespace selvage::celery
