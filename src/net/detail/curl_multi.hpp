// CurlMulti: libcurl's multi interface driven by the event loop.
//
// libcurl names the sockets it waits for and one time-out. The sockets are kept in an epoll set of
// their own, and the loop watches that one descriptor: libcurl closes and reuses socket numbers as
// it likes, and an epoll set forgets a closed socket by itself, so nothing of the loop's can refer
// to a socket that is gone. The cost is 12 bytes a connection in the kernel and no allocation here.
//
// Loop's thread only. Must be destroyed before the loop, with no transfer inside (a bug otherwise).
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "net/detail/wait.hpp"
#include "net/loop.hpp"

namespace selvage::net::detail {

struct CurlLimits {
  long connections_per_host = 64;
  long total_connections = 256;
};

class CurlMulti {
 public:
  CurlMulti(Loop& loop, Timers& timers, CurlLimits limits);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  struct Outcome {
    WaitEnd end = WaitEnd::done;
    CURLcode code = CURLE_OK;  // meaningful when end is done
  };
  // Runs `easy` to its end. When the deadline or the cancellation comes first, the transfer is
  // taken out at once and its connection closed. `easy` and all it points to must outlive the task;
  // CURLOPT_PRIVATE is used here.
  [[nodiscard]] Task<Outcome> perform(CURL* easy, Deadline deadline, CancelToken cancel);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::net::detail
