// A client on a plain blocking socket that sends exactly the bytes it is told to: what no
// well-behaved HTTP library would do for a test.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace selvage::net {

struct RawResponse {
  int status = 0;
  std::string head;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;                            // chunks joined
  bool complete = false;                       // false when the connection ended too early
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) {
    open(receive_buffer);
    connect(port);
  }
  // Has its descriptor already; connect() comes later.
  static RawClient unconnected() {
    RawClient client;
    client.open(0);
    return client;
  }
  void connect(std::uint16_t port);
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient();

  // False when the server has closed.
  bool send(std::string_view bytes);
  // Bytes that went out before the server answered, closed, or `limit` was reached.
  std::size_t flood(std::size_t limit);
  // The next response. Status 0 when the connection ends or nothing comes within `patience`.
  RawResponse receive(bool has_body = true,
                      std::chrono::milliseconds patience = std::chrono::seconds(10));
  RawResponse ask(std::string_view request) {
    send(request);
    return receive();
  }
  // Something can be read, or the connection has ended.
  bool receive_ready();
  // Some bytes as they come; empty at the end or when nothing comes.
  std::string read_some(std::chrono::milliseconds patience = std::chrono::seconds(10));
  // True when the server ends the connection within `patience` without another byte.
  bool closed_within(std::chrono::milliseconds patience);
  void close();

 private:
  RawClient() = default;
  void open(int receive_buffer);
  bool fill(std::chrono::milliseconds patience);
  std::optional<std::string> take_line(std::chrono::milliseconds patience);
  bool take(std::size_t count, std::string& into, std::chrono::milliseconds patience);

  int socket_ = -1;
  std::string pending_;
};

inline void RawClient::open(int receive_buffer) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
}

inline void RawClient::connect(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) close();
}

inline RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), pending_(std::move(other.pending_)) {}

inline RawClient::~RawClient() { close(); }

inline void RawClient::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

inline bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

inline std::size_t RawClient::flood(std::size_t limit) {
  const std::string block(64 * 1024, 'x');
  std::size_t total = 0;
  while (total < limit) {
    pollfd waiting{socket_, POLLIN | POLLOUT, 0};
    if (::poll(&waiting, 1, 10'000) <= 0 || (waiting.revents & ~POLLOUT) != 0) break;
    const ssize_t sent = ::send(socket_, block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) break;
    total += static_cast<std::size_t>(sent);
  }
  return total;
}

inline bool RawClient::fill(std::chrono::milliseconds patience) {
  pollfd waiting{socket_, POLLIN, 0};
  if (socket_ < 0 || ::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return false;
  char block[16 * 1024];
  const ssize_t count = ::recv(socket_, block, sizeof(block), 0);
  if (count <= 0) return false;
  pending_.append(block, static_cast<std::size_t>(count));
  return true;
}

inline std::optional<std::string> RawClient::take_line(std::chrono::milliseconds patience) {
  std::size_t end = 0;
  while ((end = pending_.find("\r\n")) == std::string::npos) {
    if (!fill(patience)) return std::nullopt;
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 2);
  return line;
}

inline bool RawClient::take(std::size_t count, std::string& into,
                            std::chrono::milliseconds patience) {
  while (pending_.size() < count) {
    if (!fill(patience)) return false;
  }
  into.append(pending_, 0, count);
  pending_.erase(0, count);
  return true;
}

inline RawResponse RawClient::receive(bool has_body, std::chrono::milliseconds patience) {
  RawResponse response;
  auto line = take_line(patience);
  if (!line || line->size() < 12) return response;
  response.status = std::atoi(line->c_str() + 9);
  response.head = *line + "\r\n";
  while ((line = take_line(patience)) && !line->empty()) {
    response.head += *line + "\r\n";
    const std::size_t colon = std::min(line->find(':'), line->size());
    response.headers[to_lower_ascii(line->substr(0, colon))] =
        trim(std::string_view(*line).substr(std::min(line->size(), colon + 1)));
  }
  if (!line) return response;
  if (response.status < 200 || response.status == 204 || response.status == 304) has_body = false;
  if (!has_body) {
    response.complete = true;
  } else if (response.headers.contains("content-length")) {
    response.complete =
        take(std::stoul(response.headers["content-length"]), response.body, patience);
  } else if (response.headers.contains("transfer-encoding")) {
    for (;;) {
      const auto size_line = take_line(patience);
      if (!size_line) break;
      const std::size_t size = std::stoul(*size_line, nullptr, 16);
      if (size == 0) {
        response.complete = take_line(patience) == "";
        break;
      }
      if (!take(size, response.body, patience) || take_line(patience) != "") break;
    }
  } else {
    while (fill(patience)) continue;
    response.body = std::exchange(pending_, {});
    response.complete = true;
  }
  return response;
}

inline bool RawClient::receive_ready() {
  pollfd waiting{socket_, POLLIN, 0};
  return !pending_.empty() || ::poll(&waiting, 1, 0) > 0;
}

inline std::string RawClient::read_some(std::chrono::milliseconds patience) {
  if (pending_.empty()) fill(patience);
  return std::exchange(pending_, {});
}

inline bool RawClient::closed_within(std::chrono::milliseconds patience) {
  if (!pending_.empty()) return false;
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return false;
  char byte = 0;
  return ::recv(socket_, &byte, 1, MSG_PEEK) <= 0;
}

// "GET path HTTP/1.1" with a Host header and `more` header lines.
inline std::string get(std::string_view path, std::string_view more = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, more);
}

inline std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), more, body);
}

}  // namespace selvage::net
