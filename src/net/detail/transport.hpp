// One accepted socket: reads and writes that try the kernel first and suspend only when they must.
//
// No timer belongs to a wait. A deadline is stamped instead, and the worker's sweep interrupts what
// is late, so that a request costs no timer at all. One read and one write may be pending at a
// time.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <coroutine>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace selvage::net::detail {

using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

// Up to three pieces that go out in one system call; what was written is taken off the front.
struct OutputParts {
  std::array<std::string_view, 3> parts;
  [[nodiscard]] bool empty() const {
    return parts[0].empty() && parts[1].empty() && parts[2].empty();
  }
};

class Transport {
 public:
  explicit Transport(Socket socket) : socket_(std::move(socket)) {}

  // co_await: the bytes that arrived; 0 at the end of the stream, on an error, or when interrupted.
  [[nodiscard]] auto read_some(std::span<char> into) { return ReadSome{*this, into}; }
  // What the kernel already holds, without waiting; 0 when it holds nothing.
  [[nodiscard]] std::size_t read_now(std::span<char> into);

  // Writes what the kernel takes at once. False when the connection is broken.
  [[nodiscard]] bool write_now(OutputParts& output);
  // Writes all. Each wait for the client to read is limited to `patience`. False when the
  // connection is broken, the client too slow, or the wait interrupted.
  [[nodiscard]] Task<bool> write_all(OutputParts output, milliseconds patience);

  void set_deadline(SteadyTime deadline) { deadline_ = deadline; }
  [[nodiscard]] bool is_late(SteadyTime now) const { return now >= deadline_; }

  // Ends the pending waits and every later one until allow_waits().
  void interrupt();
  void allow_waits() { interrupted_ = aborted_; }
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  // Ends every wait for good.
  void abort();

  // Says that nothing more will be sent; reading goes on.
  void finish_sending();

 private:
  struct ReadSome {
    Transport& transport;
    std::span<char> into;
    std::size_t received = 0;
    bool await_ready() const noexcept { return transport.interrupted_; }
    void await_suspend(std::coroutine_handle<> awaiting);
    std::size_t await_resume() const noexcept { return received; }
  };
  struct Writable {
    Transport& transport;
    bool ok = false;
    bool await_ready() const noexcept { return transport.interrupted_; }
    void await_suspend(std::coroutine_handle<> awaiting);
    bool await_resume() const noexcept { return ok; }
  };

  ssize_t send_once(const OutputParts& output);

  Socket socket_;
  SteadyTime deadline_ = SteadyTime::max();
  bool interrupted_ = false;
  bool aborted_ = false;
};

}  // namespace selvage::net::detail
