// One server thread: its event loop, its acceptor, its connections.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/cancel.hpp"
#include "base/task_group.hpp"
#include "net/detail/request_ids.hpp"
#include "net/detail/server_state.hpp"
#include "net/detail/transport.hpp"
#include "net/loop.hpp"

namespace selvage::net::detail {

class Connection;

class Worker {
 public:
  explicit Worker(ServerState& state);
  ~Worker();

  // Before start(): opens and binds.
  [[nodiscard]] Acceptor& acceptor() { return acceptor_; }

  void start(std::size_t index);
  // Any thread: stop accepting, give running requests `grace`, then end everything.
  void request_stop(milliseconds grace);
  // Any thread: the grace is over.
  void hurry() { all_closed_.set_from_any_thread(); }
  void join() { thread_.join(); }

  // For the connections of this worker, on its loop.
  [[nodiscard]] ServerState& state() { return state_; }
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] std::string_view common_headers() const { return common_headers_; }
  [[nodiscard]] RequestIds& request_ids() { return request_ids_; }
  [[nodiscard]] CancelToken requests_cancelled() const { return requests_cancelled_.token(); }

 private:
  class Registered;  // a connection's place in connections_

  Task<void> run();
  Task<void> accept_until_stopped();
  Task<void> sweep();
  Task<void> serve(Socket socket, std::string peer, bool exempt);
  Task<void> refuse(Socket socket, std::string peer);
  void admit(Socket socket, const boost::asio::ip::tcp::endpoint& from);
  void accept_backlog();
  void refresh_date();
  void say_refusals(SteadyTime time);
  // Calls `action` on every connection, also when that ends some of them.
  template <class Action>
  void for_each_connection(Action action);

  ServerState& state_;
  Loop loop_;
  Acceptor acceptor_;
  Signal stop_requested_;
  Signal all_closed_;
  milliseconds grace_{0};  // written before stop_requested_ is set, read after
  bool draining_ = false;
  CancelSource stopped_;             // ends the sweep and the pauses of the acceptor
  CancelSource requests_cancelled_;  // when the grace is over
  RequestIds request_ids_;
  std::string common_headers_;
  std::vector<Connection*> connections_;
  std::size_t refusing_ = 0;
  std::size_t refused_since_said_ = 0;
  SteadyTime refusals_said_;
  std::thread thread_;
  TaskGroup tasks_;
};

}  // namespace selvage::net::detail
