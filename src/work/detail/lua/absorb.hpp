// Takes elements of the raw list of a fair queue into the line, where owners take turns.
//
// Nothing is dropped: what is no JSON object, says no id or no key, or is too large to be looked
// into, goes into line without them. What no worker could take at all (over ARGV's `largest`) goes
// to the dead letters.
#pragma once

#include <string_view>

namespace selvage::work::lua {

// After kLine. absorb(n, largest, id_member, first_key): the key members are ARGV[first_key]...
inline constexpr std::string_view kAbsorb = R"lua(
local kMaxName = 200

local function member_text(value)
  if type(value) == 'number' then value = string.format('%.17g', value) end
  if type(value) ~= 'string' or value == '' then return nil end
  return value
end

local function look_into(payload, id_member, first_key)
  local ok, object = pcall(cjson.decode, payload)
  if not ok or type(object) ~= 'table' then return '', '' end
  local id = member_text(object[id_member]) or ''
  if #id > kMaxName or string.sub(id, 1, 1) == '@' then id = '' end
  local parts = {}
  for i = first_key, #ARGV do parts[#parts + 1] = member_text(object[ARGV[i]]) end
  local key = table.concat(parts, ':')
  if #key > kMaxName then key = '' end
  return escaped(id), escaped(key)
end

local function bury_oversized(tag, t)
  t.reason = 'the payload has ' .. #t.payload .. ' bytes'
  redis.call('HSET', tasks, tag, record_of(t))
  redis.call('ZADD', dead, 0, t.id .. '\0' .. tag)
end

local function bury_element(tag, payload)
  bury_oversized(tag, {deliveries = 0, retries = 0, enqueued = text(now), due = text(now),
    priority = 0, id = '@' .. tag, key = '', holder = '', payload = payload})
end

local function absorb(n, largest, id_member, first_key)
  local got = redis.call('RPOP', raw, n)
  if not got then return 0 end
  local first = new_tokens(#got)
  for i, payload in ipairs(got) do
    local tag = text(first + i - 1)
    if #payload > largest then
      bury_element(tag, payload)
    else
      local id, key = look_into(payload, id_member, first_key)
      if id == '' then
        id = (key == '' and '@' or '@@') .. tag
      else
        redis.call('ZADD', ids, 0, id)
      end
      redis.call('HSET', tasks, tag, record_of({deliveries = 0, retries = 0, enqueued = text(now),
        due = text(now), priority = 0, id = id, key = key, holder = '', reason = '',
        payload = payload}))
      admit(tag, 0, key)
    end
  end
  return #got
end
)lua";

// ARGV: n, largest payload, id member, key members... Returns how many are left in the list.
inline constexpr std::string_view kAbsorbScript = R"lua(
absorb(tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], 6)
return redis.call('LLEN', raw)
)lua";

}  // namespace selvage::work::lua
