// The scripts of ResultStore.
#pragma once

#include <string_view>

#include "data/redis.hpp"

namespace selvage::celery {

// Stores one result for each key.
//   KEYS: results. ARGV: seconds to keep (0: for ever), then for each key its meta and delivery
//   (empty: it is no end).
// Answers for each key: 1 stored, 0 not (a SUCCESS was there), 2 the same delivery had ended.
extern const data::RedisScript kStoreResults;

// Applies changes unless their guard says that they were.
//   KEYS[1]: what the guard looks at. ARGV: seconds to keep, guard (result, published, chord),
//   delivery; then for each further key two words: what to do with it, and the value.
//     result META | push MESSAGE | size NUMBER | delete - | part:INDEX ENTRY, followed by the
//     group's keys .t and .s with the word "of" each
// Answers {1, parts, difference, size or -1, ...} for each part, with the size -2 where the group's
// keys hold something else; {0} when nothing was done. Fails, and has changed nothing, when what it
// is to push to is no list.
extern const data::RedisScript kApply;

// KEYS: .j .t .s of a group. Answers {parts, difference, size or -1}; a size of -2: they hold
// something else.
extern const data::RedisScript kCountChord;

}  // namespace selvage::celery
