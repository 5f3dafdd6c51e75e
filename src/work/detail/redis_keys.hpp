// The keys of a queue on Redis, all in the hash slot of the queue's own name.
//
//   q                   the raw list: producers LPUSH, the other end is taken. Of a Celery queue,
//                       q\x06\x163, q\x06\x166 and q\x06\x169 are further ones
//   {q}:held            hash: token -> record of a task that a worker holds
//   {q}:leases          sorted set: token -> when its lease lapses (ms)
//   {q}:tasks           hash: tag -> record of a task that waits or is dead, outside the raw lists
//   {q}:ready           sorted set: tag -> place in line (lua/line.hpp)
//   {q}:delayed         sorted set: tag -> when it is due (ms)
//   {q}:dead            sorted set: id NUL tag, all of score 0
//   {q}:ids             sorted set: id -> 0 while the task lives, then when it was completed (ms)
//   {q}:lanes           hash: "priority:key" -> the virtual time of the key's last task in line
//   {q}:active          hash: key -> how many leases it has
//   {q}:parked          sorted set: key NUL tag, of score 0; they wait for a lease of the key to
//                       end
//   {q}:token           the last token given
//   {q}:paused          exists while the queue is paused
//   {q}:clock           when the queue was last used (microseconds)
#pragma once

#include <string>
#include <vector>

#include "work/queue_form.hpp"

namespace selvage::work {

// In the order in which the scripts take them.
[[nodiscard]] std::vector<std::string> queue_keys(const QueueForm& form);
// Where new work in `queue` is announced to waiting workers.
[[nodiscard]] std::string wake_channel(const std::string& queue);

// Places of single keys in queue_keys().
namespace queue_key {
inline constexpr std::size_t raw = 0;
inline constexpr std::size_t held = 1;
inline constexpr std::size_t leases = 2;
inline constexpr std::size_t tasks = 3;
inline constexpr std::size_t delayed = 5;
inline constexpr std::size_t dead = 6;
inline constexpr std::size_t ids = 7;
inline constexpr std::size_t further_lists = 14;
}  // namespace queue_key

}  // namespace selvage::work
