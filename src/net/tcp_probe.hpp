// TcpProbe: a short conversation over TCP or TLS with a service that an operator configured, to see
// that it lives. Connect, say something, read the beginning of the answer; one deadline for all of
// it.
//
//   auto probe = CO_TRY(co_await TcpProbe::connect("db.internal", 5432, TcpProbe::Security::plain,
//   deadline)); CO_TRY(co_await probe->send("PING\r\n")); std::string answer = CO_TRY(co_await
//   probe->receive());
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::net {

// All members on one loop; one call at a time. Nobody checks the address: never give it what a user
// chose.
class TcpProbe {
 public:
  enum class Security {
    plain,
    tls,  // TLS 1.2 or newer; the certificate must be valid for the host by the system's
          // authorities
  };
  static constexpr std::size_t kMaxAnswer = 4096;  // of one receive()

  // `host` is a name or an address without brackets. Tries each address of a name.
  // Errors: probe.resolve, probe.connect, probe.tls (unavailable), probe.timeout (timeout).
  [[nodiscard]] static Task<Result<std::unique_ptr<TcpProbe>>> connect(std::string host,
                                                                       std::uint16_t port,
                                                                       Security security,
                                                                       Deadline deadline);
  ~TcpProbe();

  // Errors: probe.closed (unavailable), probe.timeout.
  [[nodiscard]] Task<Result<void>> send(std::string bytes);
  // What is there, at least one byte. Errors: probe.closed when the peer has ended, probe.timeout.
  [[nodiscard]] Task<Result<std::string>> receive();

 private:
  struct Conversation;
  explicit TcpProbe(std::unique_ptr<Conversation> conversation);
  std::unique_ptr<Conversation> conversation_;
};

}  // namespace selvage::net
