#include "work/detail/turn_line.hpp"

namespace selvage::work {

TurnLine::Place::Place(TurnLine& line) : line_(line), first_(net::Loop::current()) {
  const std::scoped_lock lock(line_.mutex_);
  position_ = line_.places_.insert(line_.places_.end(), this);
}

TurnLine::Place::~Place() {
  const std::scoped_lock lock(line_.mutex_);
  line_.places_.erase(position_);
  if (!line_.places_.empty()) line_.places_.front()->first_.set_from_any_thread();
}

bool TurnLine::Place::is_first() {
  const std::scoped_lock lock(line_.mutex_);
  return line_.places_.front() == this;
}

Task<bool> TurnLine::Place::until_first(milliseconds at_most, CancelToken cancel) {
  const Deadline end = Deadline::after(at_most);
  while (!is_first()) {
    // the call may concern an earlier first who left since: look again
    if (!co_await first_.wait(end.left(), cancel)) co_return is_first() && !cancel.cancelled();
  }
  co_return !cancel.cancelled();
}

}  // namespace selvage::work
