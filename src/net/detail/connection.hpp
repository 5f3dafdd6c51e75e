// One client connection: reads requests, runs their handlers, writes the responses, in order.
//
// The life of a connection is serve(); everything else is called by its worker on the same loop
// while serve() is suspended. What ends early (a refused head, a body too large) is answered first
// and then closed slowly, so that the client reads the answer instead of a reset.
#pragma once

#include <exception>
#include <expected>
#include <optional>
#include <string>

#include "net/detail/http_head.hpp"
#include "net/detail/input_buffer.hpp"
#include "net/detail/response_head.hpp"
#include "net/detail/stream_writer.hpp"
#include "net/detail/transport.hpp"
#include "net/detail/worker.hpp"
#include "net/http_server.hpp"

namespace selvage::net::detail {

class Connection {
 public:
  Connection(Worker& worker, Socket socket, std::string peer, bool peer_is_proxy);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the connection is over.
  [[nodiscard]] Task<void> serve();
  // Answers 503 without reading anything, for a connection over the caps.
  [[nodiscard]] Task<void> refuse_for_load();

  void check_deadline(SteadyTime time);
  // Ends an idle connection, a new one a little later, and tells a stream to end; a running request
  // goes on.
  void drain();
  void abort() { transport_.abort(); }

 private:
  enum class Phase { idle, head, body, handler, stream, closing };
  enum class HeadOutcome { complete, refused, closed };
  // What is known of the current request once its handler has taken it.
  struct Exchange {
    SteadyTime started;
    Method method = Method::other;
    const Route* route = nullptr;
    bool http_1_0 = false;
    bool keep_alive = false;
    bool body_pending = false;  // there is a body that was not read
    std::string target;
    std::string request_id;
    std::string cors_origin;
    std::string peer;
    Span span;
  };
  struct BodyFault {
    std::optional<Refusal> refusal;  // none: the client is gone
  };

  [[nodiscard]] Task<HeadOutcome> receive_head();
  [[nodiscard]] Task<void> exchange(bool refused);
  [[nodiscard]] Task<Response> answer();
  [[nodiscard]] Task<std::expected<void, BodyFault>> receive_body(Framing framing,
                                                                  std::uint64_t max_body,
                                                                  std::string& body);
  [[nodiscard]] Task<std::expected<void, BodyFault>> receive_sized(std::uint64_t length,
                                                                   std::string& body);
  [[nodiscard]] Task<std::expected<void, BodyFault>> receive_chunked(std::uint64_t max_body,
                                                                     std::string& body);
  [[nodiscard]] Task<bool> send(Response& response);
  [[nodiscard]] Task<bool> send_stream(Response& response, bool chunked);
  [[nodiscard]] Task<void> watch_client(StreamWriter& stream);
  [[nodiscard]] Task<void> close_slowly();

  void begin(Request& request);
  [[nodiscard]] std::optional<Response> cors(const Request& request, const Router::Match& match);
  [[nodiscard]] Response refusal_response(const Refusal& refusal);
  [[nodiscard]] Response crash_response(std::string_view why);
  [[nodiscard]] Response no_route(const Request& request, const Router::Match& match);
  // Counts `more` bytes of body towards what all connections may hold; given back by finish().
  [[nodiscard]] bool hold_body(std::uint64_t more);
  [[nodiscard]] BodyFault broken_body() const;
  bool note_stream_crash(const std::exception_ptr& crash) const;  // false: not delivered
  void finish(int status, bool delivered);
  void set_phase(Phase phase, SteadyTime deadline);
  [[nodiscard]] const ServerLimits& limits() const { return worker_.state().options.limits; }

  Worker& worker_;
  Transport transport_;
  InputBuffer input_;
  HeadScanner scanner_;
  Phase phase_ = Phase::idle;
  std::string peer_;
  bool peer_is_proxy_;
  bool client_gone_ = false;
  std::optional<Refusal> refusal_;  // of the head
  Exchange current_;
  SteadyTime body_started_;
  std::uint64_t body_received_ = 0;
  std::uint64_t body_held_ = 0;
  StreamWriter* stream_ = nullptr;
  std::string output_;
};

}  // namespace selvage::net::detail
