// A session: the durable record of one generation, queued -> processing -> completed or failed,
// each exactly once. Rows live in store_generation_sessions (b2b) or generation_sessions (b2c).
// Every change is a guarded UPDATE inside the caller's transaction and says whether it happened.
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
// Completed or failed: nothing changes it any more.
[[nodiscard]] constexpr bool is_terminal(SessionStatus status) {
  return status == SessionStatus::completed || status == SessionStatus::failed;
}
[[nodiscard]] std::optional<SessionStatus> parse_status(std::string_view text);

// Where a processing session is, for people who watch.
enum class Stage { inputs, provider, storing, waiting };
struct StageRow {
  Stage stage;
  std::string_view name;
  int percent;  // reached when the stage begins; what a session has reached it keeps
  std::string_view doc;
};
[[nodiscard]] std::span<const StageRow> stage_rows();
[[nodiscard]] const StageRow& row_of(Stage stage);

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
  std::string options_json = "{}";
  std::optional<std::string> result_key;     // in object storage
  std::optional<std::string> error_code;     // stable: moderation_blocked, input_unreachable, ...
  std::optional<std::string> error_message;  // for the shopper
  std::optional<std::string> error_detail;   // for the operator
  std::optional<std::string> note;   // why a session that is processing waits; gone when it is over
  std::optional<std::string> stage;  // a StageRow's name while it is processing
  int progress = 0;                  // percent; never falls; 100 is completed
  std::optional<Timestamp> cancel_requested_at;
  std::optional<std::string> provider;
  std::optional<std::string> provider_request_id;
  std::optional<std::string> retry_of;  // the failed session this one repeats
  std::int64_t lease_token = 0;         // of the last holder
  int attempts = 0;                     // times processing began
  int provider_retries = 0;             // times the provider asked for a later try
  Timestamp created_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  Timestamp updated_at;
};

inline constexpr std::string_view kCancelledCode = "cancelled";  // of a job its owner stopped

struct SessionFailure {
  std::string code;
  std::string message;  // for the shopper
  std::string detail;   // for the operator; never a secret
};

// REQUIRES: session.status == queued. Errors: session.duplicate (conflict), db.*.
[[nodiscard]] Result<void> insert_session(data::Transaction& tx, const Session& session);

// queued -> processing, and from then on the session belongs to the task `task_id`; processing ->
// processing for the same task. False when the session is terminal, a newer token holds it, or
// another task works on it (tokens of different tasks cannot be compared).
[[nodiscard]] Result<bool> begin_processing(data::Transaction& tx, Channel channel,
                                            std::string_view id, std::string_view task_id,
                                            std::int64_t token);
// processing stays processing while a later try is pending; `note` says why. False when not
// processing under `token`.
[[nodiscard]] Result<bool> note_retry(data::Transaction& tx, Channel channel, std::string_view id,
                                      std::int64_t token, std::string_view note,
                                      bool asked_by_provider);
// What is being done now; also lifts the progress. False when not processing under `token`, or when
// the progress is there already.
[[nodiscard]] Result<bool> note_stage(data::Transaction& tx, Channel channel, std::string_view id,
                                      std::int64_t token, Stage stage);
// processing -> completed; false when not processing under `token`.
[[nodiscard]] Result<bool> complete_session(data::Transaction& tx, Channel channel,
                                            std::string_view id, std::int64_t token,
                                            std::string_view result_key, std::string_view provider,
                                            std::string_view provider_request_id);
// queued|processing -> failed; with a token only if no newer one holds it. False when nothing
// changed.
[[nodiscard]] Result<bool> fail_session(data::Transaction& tx, Channel channel, std::string_view id,
                                        std::optional<std::int64_t> token,
                                        const SessionFailure& failure);

// queued, or processing and waiting for a later try (nobody works on it) -> failed. False when
// nothing changed.
[[nodiscard]] Result<bool> fail_idle_session(data::Transaction& tx, Channel channel,
                                             std::string_view id, const SessionFailure& failure);
// Notes that the owner wants it stopped; the first time stands. False when it is not processing.
[[nodiscard]] Result<bool> ask_to_cancel(data::Transaction& tx, Channel channel,
                                         std::string_view id);
// The processing sessions that are to stop, at most `limit`.
[[nodiscard]] Result<std::vector<std::string>> cancel_requests(data::Transaction& tx,
                                                               std::size_t limit);
// How many sessions of any owner were accepted before `session` and still wait, or nullopt when
// more than `most` do. Costs at most that many index entries.
[[nodiscard]] Result<std::optional<std::int64_t>> waiting_before(data::Transaction& tx,
                                                                 const Session& session,
                                                                 std::int64_t most);

[[nodiscard]] Result<std::optional<Session>> find_session(data::Transaction& tx, Channel channel,
                                                          std::string_view id);
// Looks in both tables.
[[nodiscard]] Result<std::optional<Session>> find_session(data::Transaction& tx,
                                                          std::string_view id);

// As find_session() in both tables; and until the transaction's end nobody else changes that
// session, or makes one of that id. For whoever decides by what is read.
[[nodiscard]] Result<std::optional<Session>> hold_session(data::Transaction& tx,
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
  std::vector<Session> sessions;           // newest first
  std::optional<std::string> next_cursor;  // opaque; give it back for the next page
};
// Errors: page.cursor (invalid).
[[nodiscard]] Result<SessionPage> list_sessions(data::Transaction& tx, const SessionFilter& filter,
                                                std::size_t limit,
                                                std::optional<std::string> cursor);
// Sessions changed after `since`, oldest first: for status streams. At most `limit`. Several
// sessions may change in one millisecond, so a follower asks from a little before what it saw last
// and skips what it knows.
[[nodiscard]] Result<std::vector<Session>> sessions_changed_since(data::Transaction& tx,
                                                                  Timestamp since,
                                                                  std::size_t limit);
// Where a walk over open sessions continues: behind the last one it saw.
struct OpenPosition {
  Timestamp updated_at;
  std::string id;
};
// Not terminal, any channel, last changed before `before`, by (updated_at, id).
[[nodiscard]] Result<std::vector<Session>> open_sessions(data::Transaction& tx, Timestamp before,
                                                         std::size_t limit,
                                                         const OpenPosition& after = {});

struct StatusCounts {
  std::int64_t queued = 0, processing = 0, completed = 0, failed = 0;
};
[[nodiscard]] Result<StatusCounts> count_sessions(data::Transaction& tx);

extern const std::span<const data::Migration> kTryonMigrations;

}  // namespace selvage::tryon
