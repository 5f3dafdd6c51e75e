// Stream: a connection to a service that an operator configured: TCP, a Unix socket, or TLS over
// either. Bytes in, bytes out; protocols are built on top.
//
//   auto stream = CO_TRY(co_await Stream::connect({.host = "cache", .port = 6379}, deadline, {}));
//   stream->append("PING\r\n");
//   stream->flush();
//   const std::size_t got = co_await stream->read_some(buffer);
//
// Belongs to the loop it was connected on; every member is called there. Writing never waits: what
// the kernel does not take at once goes out as the peer reads. TCP keep-alive notices a peer whose
// host is gone within about a minute; a peer that merely says nothing is for the caller to notice.
// Nobody checks the address: never give it what a user chose.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::net {

struct StreamTarget {
  std::string host;  // a name or an address without brackets
  std::uint16_t port = 0;
  std::string unix_path;  // when not empty: this socket instead of host and port
  bool tls = false;       // TLS 1.2 or newer
  std::string ca_file;    // PEM of the authorities; empty: the system's. Read at each connect
  std::string tls_name;   // what the certificate must be valid for; empty: `host`

  [[nodiscard]] std::string label() const;  // "cache:6379", "[::1]:6379" or the path
};

class Stream {
 public:
  static constexpr std::size_t kMaxUnsent = 64U << 20U;

  // Tries each address of a name in turn. Names are looked up on a thread of their own.
  // Errors: stream.resolve, stream.connect, stream.tls (unavailable), stream.timeout (timeout),
  // cancelled.
  [[nodiscard]] static Task<Result<std::unique_ptr<Stream>>> connect(StreamTarget target,
                                                                     Deadline deadline,
                                                                     CancelToken cancel);
  // Closes. REQUIRES: no read is pending.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // co_await: how many bytes arrived; 0 at the end of the stream, on an error, or after close().
  // One reader at a time.
  [[nodiscard]] auto read_some(std::span<char> into) { return Read{*this, into}; }
  // The same with a limit. Errors: stream.closed (unavailable), stream.timeout, cancelled; after
  // any of them the stream is closed.
  [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline,
                                                    CancelToken cancel);

  // Adds to what flush() sends. False when more than kMaxUnsent would wait: nothing was added.
  [[nodiscard]] bool append(std::string_view bytes, std::string_view more = {});
  // Sends what was appended, now or as soon as the peer takes it. A peer that is gone shows in
  // read_some().
  void flush();
  // Bytes appended so far, and how many of them may have left this process.
  [[nodiscard]] std::uint64_t appended() const;
  [[nodiscard]] std::uint64_t sent() const;

  // Ends it at once; a pending read resumes with 0. What was not sent is gone.
  void close();
  // Whether the peer is still there and has said nothing that nobody read.
  [[nodiscard]] bool is_quiet() const;
  // Why reading ended: "the peer closed the connection", "Connection reset by peer".
  [[nodiscard]] const std::string& end_reason() const;

 private:
  struct State;
  struct Read {
    Stream& stream;
    std::span<char> into;
    std::size_t got = 0;
    std::coroutine_handle<> awaiting{};
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle);
    std::size_t await_resume() const noexcept { return got; }
  };
  explicit Stream(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // shared with operations that end after this object
};

}  // namespace selvage::net
