// First come, first served: the line of coroutines, on any loops, that want the next turn.
#pragma once

#include <list>
#include <mutex>

#include "net/loop.hpp"

namespace selvage::work {

// Any thread. Must outlive its Places.
class TurnLine {
 public:
  // A place at the end of the line; leaving it, wherever it is, lets the next one forward. Used on
  // the loop it was made on.
  class Place {
   public:
    explicit Place(TurnLine& line);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // True when first in line; false after `at_most` or when cancelled.
    [[nodiscard]] Task<bool> until_first(milliseconds at_most, CancelToken cancel);

   private:
    [[nodiscard]] bool is_first();

    TurnLine& line_;
    net::Signal first_;
    std::list<Place*>::iterator position_;
  };

 private:
  std::mutex mutex_;  // also keeps a Place alive while it is being called
  std::list<Place*> places_;
};

}  // namespace selvage::work
