// Takes a turn under a limit: the arithmetic of detail/turn.hpp, in microseconds.
//
// KEYS: the limit. ARGV: time in ms, or "" for the server's clock; interval; cost; at most; a
// minute; furthest; horizon; the run id of the server as the caller knows it. The key holds
// "<free at> <largest cost> <run id>". Returns {taken, wait}.
//
// Another run id than the key's means that the server was restarted, or that a replica has taken
// over: the last turns before that may be lost, and the clock may be another. No such turn blocks
// longer than the horizon and its own cost from now on, so that time is waited out. A limit that is
// not there at all may have been lost as well.
#pragma once

#include <string_view>

namespace selvage::work::lua {

inline constexpr std::string_view kTurnScript = R"lua(
local function text(n) return string.format('%.0f', n) end
local us
if ARGV[1] ~= '' then
  us = tonumber(ARGV[1]) * 1000
else
  local t = redis.call('TIME')
  us = t[1] * 1000000 + t[2]
end
local kKeep = 7 * 24 * 3600 * 1000
local interval, cost, at_most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local minute, furthest, horizon = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local free, largest = us + horizon + cost * interval, cost
local state = redis.call('GET', KEYS[1])
if state then
  local free_text, largest_text, server = string.match(state, '^(%d+) (%d+) (.*)$')
  free = tonumber(free_text)
  largest = math.max(tonumber(largest_text), cost)
  if server ~= ARGV[8] then free = math.max(free, us + horizon + largest * interval) end
  if free > us + furthest then free = us + minute end
end
local start = math.max(us, free + (cost - 1) * interval)
local taken = start - us <= at_most
if taken then free = start + cost * interval end
-- also when nothing is taken: what was learnt of another server holds. The first write is one that
-- is not refused when the server is out of memory; the key is as small as before.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], text(free) .. ' ' .. text(largest) .. ' ' .. ARGV[8], 'PX',
           text(math.max(free - us, 0) / 1000 + kKeep))
return {taken and 1 or 0, text(start - us)}
)lua";

}  // namespace selvage::work::lua
