// Resolver: every address of a name, looked up on a few threads of its own.
//
// The system's look-up cannot be interrupted and may take half a minute when name servers are
// silent. A query that is cancelled or late ends for its awaiter at once; its thread finishes in
// the background and drops the answer. For the same reason the destructor does not wait for threads
// inside a look-up: they share nothing but the queue, which they keep alive.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/task.hpp"
#include "net/address_policy.hpp"
#include "net/detail/wait.hpp"

namespace selvage::net::detail {

class Resolver {
 public:
  // Threads start when they are needed, at most `max_threads`.
  Resolver(Timers& timers, std::size_t max_threads);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  struct Answer {
    WaitEnd end = WaitEnd::done;
    int error = 0;  // of getaddrinfo(); 0 is success
    std::vector<IpAddress> addresses;
  };
  [[nodiscard]] Task<Answer> resolve(std::string host, Deadline deadline, CancelToken cancel);

 private:
  struct Query;
  struct Shared;
  static void serve(const std::shared_ptr<Shared>& shared);

  Timers& timers_;
  std::shared_ptr<Shared> shared_;  // shared with the threads, see above
};

// The address inside a socket address; nullopt for families other than IPv4 and IPv6.
[[nodiscard]] std::optional<IpAddress> address_of(const void* sockaddr, int family);

}  // namespace selvage::net::detail
