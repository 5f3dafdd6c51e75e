// The inside of a Stream: socket, TLS and the bytes on their way out. Shared with the operations
// that are under way, which may end after the stream itself.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/detail/resolver.hpp"
#include "net/detail/wait.hpp"
#include "net/stream.hpp"

namespace selvage::net {

struct Stream::State : std::enable_shared_from_this<Stream::State> {
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = boost::asio::basic_stream_socket<Protocol, boost::asio::io_context::executor_type>;
  using ErrorCode = boost::system::error_code;

  State(Loop& loop, StreamTarget to)
      : timers(loop), socket(loop.context()), target(std::move(to)) {}

  // Opening: see stream_opening.cpp.
  [[nodiscard]] Task<Result<void>> open(Deadline deadline, CancelToken cancel);

  void start_reading(Read& read);
  void flush();
  // The first reason is kept.
  void end(std::string why);

  detail::Timers timers;
  Socket socket;
  std::shared_ptr<boost::asio::ssl::context> authorities;  // shared by every stream of that trust
  std::optional<boost::asio::ssl::stream<Socket&>> tls;
  StreamTarget target;
  bool closed = false;
  std::string end_reason;

  std::string out;  // appended, and not yet given to the kernel from `out_begin` on
  std::size_t out_begin = 0;
  std::string in_flight;  // being encrypted and sent
  bool writing = false;   // an operation will go on with what is left
  std::uint64_t appended = 0;
  std::uint64_t sent = 0;

 private:
  using Done = std::function<void(ErrorCode)>;
  // The operation that `begin` starts. Errors: stream.timeout, cancelled.
  [[nodiscard]] Task<Result<ErrorCode>> step(std::string_view doing, Deadline deadline,
                                             CancelToken cancel, std::function<void(Done)> begin);
  [[nodiscard]] Task<Result<std::vector<IpAddress>>> look_up(Deadline deadline, CancelToken cancel);
  [[nodiscard]] Task<Result<void>> connect_to(Protocol::endpoint endpoint, Deadline deadline,
                                              CancelToken cancel);
  [[nodiscard]] Task<Result<void>> secure(Deadline deadline, CancelToken cancel);
  void tune();
  void flush_plain();
  void flush_tls();
  void wait_until_writable();
};

}  // namespace selvage::net
