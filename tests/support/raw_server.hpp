// RawServer: a TCP server on loopback that says byte for byte what a test scripts, right or wrong.
//
//   RawServer server([](RawServer::Peer& peer) {
//     peer.read_head();
//     peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
//   });
//   client.get("http://127.0.0.1:" + std::to_string(server.port()));
//
// The script runs once for each connection, on a thread of that connection, which is closed when it
// returns. Destruction closes all connections and joins all threads.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace selvage::testing {

class RawServer {
 public:
  class Peer {
   public:
    explicit Peer(int fd) : fd_(fd) {}
    // Everything up to and with the empty line, or what came before the client closed.
    std::string read_head() {
      while (buffered_.find("\r\n\r\n") == std::string::npos && fill()) {
      }
      return take(buffered_.find("\r\n\r\n") + 4);
    }
    std::string read_bytes(std::size_t count) {
      while (buffered_.size() < count && fill()) {
      }
      return take(count);
    }
    // The head and the body that its Content-Length announces.
    std::string read_request() {
      std::string request = read_head();
      const std::size_t at = request.find("Content-Length: ");
      if (at != std::string::npos)
        request += read_bytes(std::strtoull(&request[at + 16], nullptr, 10));
      return request;
    }
    // False when the client is gone.
    bool send(std::string_view data) {
      while (!data.empty()) {
        const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    // True when the client closed its end within `at_most`.
    bool wait_for_close(std::chrono::milliseconds at_most) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, static_cast<int>(at_most.count())) <= 0) return false;
      char byte = 0;
      return recv(fd_, &byte, 1, MSG_PEEK) <= 0;
    }
    // Lets the connection end with RST instead of FIN.
    void reset_at_end() { reset_ = true; }
    [[nodiscard]] bool wants_reset() const { return reset_; }

   private:
    bool fill() {
      char chunk[16384];
      const ssize_t got = recv(fd_, chunk, sizeof chunk, 0);
      if (got > 0) buffered_.append(chunk, static_cast<std::size_t>(got));
      return got > 0;
    }
    std::string take(std::size_t count) {
      std::string out = buffered_.substr(0, count);
      buffered_.erase(0, count);
      return out;
    }
    int fd_;
    bool reset_ = false;
    std::string buffered_;
  };
  using Script = std::function<void(Peer&)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();  // no loopback, no tests
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~RawServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::scoped_lock lock(mutex_);
      for (Connection& connection : connections_) shutdown(connection.fd, SHUT_RDWR);
    }
    for (Connection& connection : connections_) {
      connection.thread.join();
      close(connection.fd);
    }
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  // How many connections were accepted so far.
  [[nodiscard]] std::size_t accepted() const { return accepted_; }

 private:
  struct Connection {
    int fd;
    std::thread thread;
  };

  void accept_all() {
    while (!stopping_) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++accepted_;
      const std::scoped_lock lock(mutex_);
      connections_.push_back({fd, std::thread([this, fd] {
                                Peer peer(fd);
                                script_(peer);
                                peer.wants_reset() ? reset(fd) : void(shutdown(fd, SHUT_WR));
                              })});
    }
  }
  // Ends the connection with RST; the descriptor's number stays taken until the server ends.
  static void reset(int fd) {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    const int unconnected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    dup2(unconnected, fd);
    close(unconnected);
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> accepted_ = 0;
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace selvage::testing
