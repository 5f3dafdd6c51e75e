// Whose message may go now: at most so many at once to one endpoint, and a line for the rest that
// is kept in the queue, as a time for each. Pure bookkeeping of one process; one loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/clock.hpp"

namespace selvage::tryon::detail {

class EndpointTurns {
 public:
  explicit EndpointTurns(std::size_t at_once) : at_once_(at_once) {}

  // A place among the messages on their way to an endpoint; given back at its end.
  class Turn {
   public:
    Turn(EndpointTurns& turns, std::string endpoint)
        : turns_(&turns), endpoint_(std::move(endpoint)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), endpoint_(std::move(other.endpoint_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->end(endpoint_);
    }

   private:
    EndpointTurns* turns_;
    std::string endpoint_;
  };

  // A turn, or how long to wait before asking again: nobody who waits asks more often than the
  // endpoint can take messages. `rests_until` in the future gives no turn; `ailing` gives one at a
  // time, a probe.
  [[nodiscard]] std::variant<Turn, milliseconds> ask(const std::string& endpoint, Timestamp time,
                                                     std::optional<Timestamp> rests_until,
                                                     bool ailing);
  // How long one message took, for the pace of the line.
  void took(const std::string& endpoint, milliseconds time);
  [[nodiscard]] std::size_t known() const { return endpoints_.size(); }

 private:
  struct Endpoint {
    std::size_t in_flight = 0;
    Timestamp next_place;  // of the line
    double mean_ms = 500;
  };
  void end(const std::string& endpoint);
  void forget_idle(Timestamp time);
  [[nodiscard]] milliseconds line_up(Endpoint& endpoint, Timestamp time, Timestamp from);

  const std::size_t at_once_;
  std::map<std::string, Endpoint> endpoints_;
};

}  // namespace selvage::tryon::detail
