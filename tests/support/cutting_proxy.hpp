// A TCP proxy in front of PostgreSQL that cuts connections at the one moment that matters: when a
// COMMIT is under way and its answer is not there yet.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>

namespace selvage::testing {

class CuttingProxy {
 public:
  enum class AtCommit {
    pass,
    lose_request,   // the server never sees the COMMIT
    lose_answer,    // the server has answered it, the client never sees the answer
    swallow,        // as lose_answer, and the connection stays open in silence
    delay_request,  // the server gets the COMMIT only after deliver()
  };

  explicit CuttingProxy(std::uint16_t server_port) : server_port_(server_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();  // no loopback, no tests
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~CuttingProxy() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    const std::scoped_lock lock(mutex_);
    for (std::thread& thread : relays_) thread.join();
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // What happens to the next COMMIT; those after it pass.
  void at_next_commit(AtCommit what) { next_ = what; }
  // While true, connections are closed as soon as they are made.
  void refuse(bool refusing) { refusing_ = refusing; }
  void deliver() { delivering_ = true; }
  // COMMITs that were delayed and then answered, or ended with their connection.
  [[nodiscard]] int delivered() const { return delivered_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  void accept_all() {
    while (!stopping_) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      if (refusing_) {
        close(client);
        continue;
      }
      const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(server_port_);
      if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(client);
        close(server);
        continue;
      }
      const std::scoped_lock lock(mutex_);
      relays_.emplace_back([this, client, server] {
        relay(client, server);
        close(client);
        close(server);
      });
    }
  }
  void relay(int client, int server) {
    AtCommit pending = AtCommit::pass;
    while (!stopping_) {
      pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(both, 2, 50) <= 0) continue;
      char bytes[65536];
      if (both[0].revents != 0) {
        const ssize_t got = recv(client, bytes, sizeof bytes, 0);
        if (got <= 0) return;
        const std::string_view text(bytes, static_cast<std::size_t>(got));
        if (text.contains(std::string_view("COMMIT\0", 7))) {
          pending = next_.exchange(AtCommit::pass);
          if (pending == AtCommit::lose_request) return;
          if (pending == AtCommit::delay_request) return deliver_late(server, text);
        }
        if (!send_all(server, text)) return;
      }
      if (both[1].revents != 0) {
        const ssize_t got = recv(server, bytes, sizeof bytes, 0);
        if (got <= 0 || pending == AtCommit::lose_answer) return;
        if (pending == AtCommit::swallow) continue;
        if (!send_all(client, {bytes, static_cast<std::size_t>(got)})) return;
      }
    }
  }
  // What a packet does that took the long way while its sender has gone.
  void deliver_late(int server, std::string_view text) {
    while (!stopping_ && !delivering_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (stopping_) return;
    char answer[4096];
    if (send_all(server, text)) (void)recv(server, answer, sizeof answer, 0);
    ++delivered_;
  }
  static bool send_all(int to, std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = send(to, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const std::uint16_t server_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> refusing_ = false;
  std::atomic<AtCommit> next_ = AtCommit::pass;
  std::atomic<bool> delivering_ = false;
  std::atomic<int> delivered_ = 0;
  std::mutex mutex_;
  std::list<std::thread> relays_;
  std::thread acceptor_;
};

}  // namespace selvage::testing
