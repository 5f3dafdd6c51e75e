// GenerationTask v1, the message on wearon:tasks:generation. Unknown fields are kept when it is
// written again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/trace.hpp"
#include "base/units.hpp"

namespace selvage::tryon {

enum class Channel { b2b, b2c };
[[nodiscard]] std::string_view name(Channel channel);
[[nodiscard]] std::optional<Channel> parse_channel(std::string_view text);

struct Owner {
  Channel channel = Channel::b2c;
  std::string id;  // store_id for b2b, user_id for b2c; 1..128 of [A-Za-z0-9_.:-]
  auto operator<=>(const Owner&) const = default;
};

// An owner as people type it. Errors: owner.channel, owner.id (invalid).
[[nodiscard]] Result<Owner> parse_owner(std::string_view channel, std::string_view id);
// "b2b:store-1": under this name the task engine lets owners take turns.
[[nodiscard]] std::string owner_key(const Owner& owner);

inline constexpr std::size_t kMaxGarments = 8;
inline constexpr std::size_t kMaxPrompt = 4000;    // characters
inline constexpr std::int64_t kMaxCredits = 1000;  // of one job

// An input is an http(s) URL, or "object:<key>" for a picture that was uploaded with the request;
// the key must lie under inputs/<session_id>/ (checked here), so that no message can name another
// session's pictures.
struct GenerationTask {
  std::string task_id;
  std::string session_id;
  std::string request_id;
  Owner owner;
  std::string person_image_url;
  std::vector<std::string> garment_image_urls;
  std::optional<std::string> prompt;
  std::string options_json = "{}";
  Credits credits{1};
  Timestamp created_at;
  TraceContext trace;               // members traceparent and tracestate; not valid() without
  std::string unknown_json = "{}";  // members this version does not know

  // Every problem is in the error. Errors: task.malformed; salvage() then finds the session it
  // names.
  [[nodiscard]] static Result<GenerationTask> parse(std::string_view json);
  [[nodiscard]] std::string to_json() const;
};

// The session id a malformed message names, so that its session can fail with a refund.
struct MalformedTask {
  std::optional<std::string> session_id;
  std::optional<Channel> channel;
};
[[nodiscard]] MalformedTask salvage(std::string_view json);

}  // namespace selvage::tryon
