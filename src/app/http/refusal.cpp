#include "app/http/refusal.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"
#include "tryon/limits.hpp"

namespace selvage::app {

namespace {

constexpr std::int64_t kUnknownWait = 30;   // seconds, while the pace of the queue is not known
constexpr std::int64_t kShortestWait = 2;   // seconds: a refused client must not hammer
constexpr std::int64_t kLongestWait = 300;  // seconds
// A full queue has room again soon; after this share of it is worked off, a retry is likely to fit.
constexpr double kRoomShare = 0.02;

struct ComeBack {
  std::int64_t after_s = 0;
  json::object members;  // beside those of every problem document
};

ComeBack when_queue_has_room(const ApiParts& parts) {
  const auto outlook = parts.timeline.outlook(parts.platform.queue);
  ComeBack back{kUnknownWait, {}};
  const std::int64_t waiting = outlook && outlook->waiting > 0
                                   ? outlook->waiting
                                   : parts.platform.settings.integer("QUEUE_MAX_READY");
  back.members["queue_position"] = waiting;
  if (!outlook || outlook->per_second <= 0) return back;
  const double whole = static_cast<double>(waiting) / outlook->per_second;
  back.members["estimated_wait_s"] = std::llround(whole);
  back.after_s =
      std::clamp(std::int64_t{std::llround(whole * kRoomShare)}, kShortestWait, kLongestWait);
  return back;
}

std::optional<ComeBack> come_back(const ApiParts& parts, const Error& error) {
  if (error.code == "queue.full") return when_queue_has_room(parts);
  if (error.code == "limit.daily") {
    const Timestamp time = now();
    const auto left = std::chrono::ceil<seconds>(tryon::next_day(time) - time);
    return ComeBack{left.count(), {}};
  }
  if (error.code == "sizing.busy" || error.code == "sizing.owner_busy") {
    return ComeBack{kShortestWait, {}};
  }
  if (error.code == "sizing.unavailable") return ComeBack{kUnknownWait, {}};
  return std::nullopt;
}

struct Refusal {
  net::Response response;
  json::object document;
};

Refusal refuse(const ApiParts& parts, const Error& error, const net::Request& request) {
  Refusal refusal{net::Response::problem(error, request), {}};
  auto document = json::parse(refusal.response.body);
  SELVAGE_CHECK(document.has_value());  // our own writer made it
  refusal.document = std::move(document->as_object());
  if (auto back = come_back(parts, error)) {
    refusal.response.headers.set("Retry-After", std::to_string(back->after_s));
    refusal.document["retry_after_s"] = back->after_s;
    for (auto& member : back->members) refusal.document[member.key()] = member.value();
    refusal.response.body = json::dump(json::value(refusal.document));
  }
  return refusal;
}

}  // namespace

net::Response refusal(const ApiParts& parts, const Error& error, const net::Request& request) {
  return refuse(parts, error, request).response;
}

json::value refusal_json(const ApiParts& parts, const Error& error, const net::Request& request) {
  return refuse(parts, error, request).document;
}

}  // namespace selvage::app
