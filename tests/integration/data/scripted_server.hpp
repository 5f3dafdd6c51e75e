// A TCP server on a free loopback port that answers each connection from a script: real sockets,
// chosen bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace selvage::data {

class ScriptedServer {
 public:
  // Sends the pieces one after the other, with a pause between them, once the client has said
  // something; then keeps the connection, or closes it when `close_after`.
  explicit ScriptedServer(std::vector<std::string> pieces, bool close_after = false)
      : pieces_(std::move(pieces)), close_after_(close_after) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
    for (const int fd : kept_) ::close(fd);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // What all clients have said.
  [[nodiscard]] std::string heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void serve() {
    while (!stopping_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 10) <= 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      converse(client);
      if (close_after_) {
        ::close(client);
      } else {
        kept_.push_back(client);
      }
    }
  }
  void converse(int client) {
    pollfd said{client, POLLIN, 0};
    while (::poll(&said, 1, 10) == 0) {
      if (stopping_) return;
    }
    char buffer[4096];
    const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
    if (got > 0) {
      const std::lock_guard lock(mutex_);
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
    for (const std::string& piece : pieces_) {
      ::send(client, piece.data(), piece.size(), MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  std::vector<std::string> pieces_;
  bool close_after_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::string heard_;
  std::vector<int> kept_;
  std::jthread thread_;
};

}  // namespace selvage::data
