// Input pictures nobody needs any more. Keys sort by session id, and ids made here sort by time, so
// the oldest pictures are seen first even when there are more than one sweep looks at.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/log.hpp"
#include "tryon/cleanup.hpp"
#include "tryon/detail/object_keys.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kMaxSwept = 100'000;  // keys one sweep looks at
constexpr std::size_t kPage = 500;          // sessions of one transaction
constexpr std::chrono::hours kOrphanAge{1};

// The upload's time, which acceptance writes into the key: ".../<unix
// seconds>-<random>-person.jpg".
std::optional<Timestamp> upload_time(std::string_view key) {
  const std::string_view file = key.substr(key.rfind('/') + 1);
  std::int64_t unix_seconds = 0;
  const auto [stop, error] = std::from_chars(file.data(), file.data() + file.size(), unix_seconds);
  const bool read = error == std::errc() && stop != file.data() + file.size() && *stop == '-';
  if (!read || unix_seconds < 0 || unix_seconds > 253'402'300'799) return std::nullopt;
  return Timestamp(seconds(unix_seconds));
}

// Pictures without a session are removed only when their key says they are old: a producer of its
// own may have put them there for a task that it has not pushed yet.
bool is_unneeded(const std::optional<Session>& session, std::string_view key,
                 milliseconds retention, Timestamp time) {
  if (!session) {
    const std::optional<Timestamp> uploaded = upload_time(key);
    return uploaded && time - *uploaded > kOrphanAge;
  }
  switch (session->status) {
    case SessionStatus::queued:
    case SessionStatus::processing:
      return false;
    case SessionStatus::completed:
      return true;
    case SessionStatus::failed:
      return time - session->finished_at.value_or(session->updated_at) >= retention;
  }
  SELVAGE_CHECK(false);
}

using KeysBySession = std::map<std::string, std::vector<std::string>>;

Result<std::vector<std::string>> unneeded(data::Transaction& tx, const KeysBySession& page,
                                          milliseconds retention, Timestamp time) {
  std::vector<std::string> keys;
  for (const auto& [session_id, session_keys] : page) {
    const std::optional<Session> session = TRY(find_session(tx, session_id));
    for (const std::string& key : session_keys) {
      if (is_unneeded(session, key, retention, time)) keys.push_back(key);
    }
  }
  return keys;
}

}  // namespace

Task<Result<std::size_t>> sweep_inputs(data::Database& database, data::ObjectStorage& storage,
                                       milliseconds retention) {
  const Timestamp time = now();
  std::vector<std::string> keys =
      CO_TRY(co_await storage.list(std::string(detail::kInputsRoot), kMaxSwept));
  std::size_t removed = 0;
  for (std::size_t next = 0; next < keys.size();) {
    KeysBySession page;
    for (; next < keys.size() && page.size() < kPage; ++next) {
      const std::optional<std::string> session = detail::session_of_input(keys[next]);
      if (session) page[*session].push_back(std::move(keys[next]));
    }
    const std::vector<std::string> gone = CO_TRY(co_await database.read(
        [&](data::Transaction& tx) { return unneeded(tx, page, retention, time); }));
    const std::size_t count = gone.size();
    if (count == 0) continue;
    const Result<void> done = co_await storage.remove_many(gone);
    if (!done) log::warning("inputs_not_removed", done.error(), {{"pictures", count}});
    if (done) removed += count;
  }
  co_return removed;
}

}  // namespace selvage::tryon
