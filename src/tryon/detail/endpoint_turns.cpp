#include "tryon/detail/endpoint_turns.hpp"

#include <algorithm>
#include <cmath>

#include "base/id.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr milliseconds kShortestStep{50};
constexpr milliseconds kLongestStep{2'500};
// The line is no longer than this; who comes later finds a place anywhere in it.
constexpr std::chrono::minutes kLine{10};
constexpr double kNewShare = 0.2;             // of the latest message in the mean
constexpr std::size_t kMostEndpoints = 4096;  // before idle ones are forgotten

}  // namespace

std::variant<EndpointTurns::Turn, milliseconds> EndpointTurns::ask(
    const std::string& endpoint, Timestamp time, std::optional<Timestamp> rests_until,
    bool ailing) {
  if (endpoints_.size() >= kMostEndpoints) forget_idle(time);
  Endpoint& state = endpoints_[endpoint];
  if (rests_until && *rests_until > time) return line_up(state, time, *rests_until);
  if (state.in_flight >= (ailing ? 1 : at_once_)) return line_up(state, time, time);
  ++state.in_flight;
  return std::variant<Turn, milliseconds>(std::in_place_type<Turn>, *this, endpoint);
}

milliseconds EndpointTurns::line_up(Endpoint& endpoint, Timestamp time, Timestamp from) {
  const milliseconds step =
      std::clamp(milliseconds(std::llround(endpoint.mean_ms / static_cast<double>(at_once_))),
                 kShortestStep, kLongestStep);
  endpoint.next_place = std::max(endpoint.next_place, from) + step;
  if (endpoint.next_place <= from + kLine) return endpoint.next_place - time;
  endpoint.next_place = from + kLine;
  const double anywhere = random_share() * static_cast<double>(milliseconds(kLine).count());
  return from + step + milliseconds(std::llround(anywhere)) - time;
}

void EndpointTurns::took(const std::string& endpoint, milliseconds time) {
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end()) return;
  double& mean = found->second.mean_ms;
  mean += kNewShare * (static_cast<double>(time.count()) - mean);
}

void EndpointTurns::end(const std::string& endpoint) {
  const auto found = endpoints_.find(endpoint);
  if (found != endpoints_.end() && found->second.in_flight > 0) --found->second.in_flight;
}

void EndpointTurns::forget_idle(Timestamp time) {
  std::erase_if(endpoints_, [time](const auto& entry) {
    return entry.second.in_flight == 0 && entry.second.next_place <= time;
  });
}

}  // namespace selvage::tryon::detail
