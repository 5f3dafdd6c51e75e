// A session: the durable record of one generation, queued -> processing -> completed or failed, each exactly once.
// Rows live in store_generation_sessions (b2b) or generation_sessions (b2c). Every change is a guarded UPDATE
// inside the caller's transaction and says whether it happened.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/database.hpp"
#include "data/migrations.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon {

enum class SessionStatus { queued, processing, completed, failed };
[[nodiscard]] std::string_view name(SessionStatus status);
[[nodiscard]] std::optional<SessionStatus> parse_status(std::string_view text);

struct Session {
  std::string id;
  std::string task_id;
  std::string request_id;
  Owner owner;
  SessionStatus status = SessionStatus::queued;
  Credits credits;
  std::string person_image_url;
  std::vector<std::string> garment_image_urls;
  std::optional<std::string> prompt;
  std::optional<std::string> result_key;     // in object storage
  std::optional<std::string> error_code;     // stable: moderation_blocked, input_unreachable, ...
  std::optional<std::string> error_message;  // for the shopper
  std::optional<std::string> error_detail;   // for the operator
  std::optional<std::string> provider;
  std::optional<std::string> provider_request_id;
  std::optional<std::string> retry_of;       // the failed session this one repeats
  std::int64_t lease_token = 0;              // of the last holder
  int attempts = 0;                          // times processing began
  Timestamp created_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  Timestamp updated_at;
};

struct SessionFailure {
  std::string code;
  std::string message;  // for the shopper
  std::string detail;   // for the operator; never a secret
};

// REQUIRES: session.status == queued. Errors: session.duplicate (conflict), db.*.
[[nodiscard]] Result<void> insert_session(data::Transaction& tx, const Session& session);

// queued|processing -> processing for the holder of `token`; false when the session is terminal or a newer
// token holds it.
[[nodiscard]] Result<bool> begin_processing(data::Transaction& tx, Channel channel,
                                            std::string_view id, std::int64_t token);
// processing -> completed; false when not processing under `token`.
[[nodiscard]] Result<bool> complete_session(data::Transaction& tx, Channel channel,
                                            std::string_view id, std::int64_t token,
                                            std::string_view result_key, std::string_view provider,
                                            std::string_view provider_request_id);
// queued|processing -> failed; with a token only if it is the holder's. False when nothing changed.
[[nodiscard]] Result<bool> fail_session(data::Transaction& tx, Channel channel, std::string_view id,
                                        std::optional<std::int64_t> token,
                                        const SessionFailure& failure);

[[nodiscard]] Result<std::optional<Session>> find_session(data::Transaction& tx, Channel channel,
                                                          std::string_view id);
// Looks in both tables.
[[nodiscard]] Result<std::optional<Session>> find_session(data::Transaction& tx,
                                                          std::string_view id);

struct SessionFilter {
  std::optional<Owner> owner;
  std::optional<Channel> channel;
  std::optional<SessionStatus> status;
  std::optional<Timestamp> created_from;
  std::optional<Timestamp> created_to;
};
inline constexpr std::size_t kMaxPage = 200;
struct SessionPage {
  std::vector<Session> sessions;          // newest first
  std::optional<std::string> next_cursor; // opaque; give it back for the next page
};
// Errors: page.cursor (invalid).
[[nodiscard]] Result<SessionPage> list_sessions(data::Transaction& tx, const SessionFilter& filter,
                                                std::size_t limit,
                                                std::optional<std::string> cursor);
// Sessions changed after `since`, oldest first: for status streams. At most `limit`.
[[nodiscard]] Result<std::vector<Session>> sessions_changed_since(data::Transaction& tx,
                                                                  Timestamp since,
                                                                  std::size_t limit);
// Not terminal, any channel, last changed before `before`.
[[nodiscard]] Result<std::vector<Session>> open_sessions(data::Transaction& tx, Timestamp before,
                                                         std::size_t limit);

struct StatusCounts {
  std::int64_t queued = 0, processing = 0, completed = 0, failed = 0;
};
[[nodiscard]] Result<StatusCounts> count_sessions(data::Transaction& tx);

extern const std::span<const data::Migration> kTryonMigrations;

}  // namespace selvage::tryon
