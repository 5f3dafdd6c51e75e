// The server's ResponseStream: chunks on HTTP/1.1, plain bytes until the close on HTTP/1.0.
#pragma once

#include <string>

#include "net/detail/transport.hpp"
#include "net/http_message.hpp"

namespace selvage::net::detail {

class StreamWriter final : public ResponseStream {
 public:
  StreamWriter(Transport& transport, bool chunked, milliseconds patience)
      : transport_(transport), chunked_(chunked), patience_(patience) {}

  Task<bool> write(std::string part) override;
  CancelToken closed() const override { return closed_.token(); }

  // The server stops: no more parts, but the end is still said properly.
  void close() { closed_.cancel(); }
  // The client is gone: nothing can be said any more.
  void client_gone() {
    gone_ = true;
    close();
  }
  // Says the end. False when the client did not get all of it.
  [[nodiscard]] Task<bool> finish();

 private:
  Transport& transport_;
  CancelSource closed_;
  std::string size_line_;
  bool chunked_;
  bool gone_ = false;
  milliseconds patience_;
};

}  // namespace selvage::net::detail
