#include "net/detail/worker.hpp"

#include <pthread.h>

#include "base/log.hpp"
#include "net/detail/client_address.hpp"
#include "net/detail/connection.hpp"

namespace selvage::net::detail {

namespace asio = boost::asio;

namespace {

// How late a deadline may be noticed, and how old the Date header may be.
constexpr milliseconds kSweepInterval{250};
// How long the acceptor rests when the process has no descriptor left for a new connection.
constexpr milliseconds kAcceptPause{100};
// Refused connections come in floods, so they are summed up in one log line.
constexpr seconds kRefusalReport{10};
// How many clients over the cap are told so at a time; more are closed without a word.
constexpr std::size_t kMaxRefusing = 128;

struct Accept {
  Acceptor& acceptor;
  Socket& socket;
  asio::ip::tcp::endpoint& from;
  boost::system::error_code error;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    acceptor.async_accept(socket, from, [this, awaiting](const boost::system::error_code& outcome) {
      error = outcome;
      awaiting.resume();
    });
  }
  boost::system::error_code await_resume() const noexcept { return error; }
};

std::string peer_text(const asio::ip::tcp::endpoint& from) {
  asio::ip::address address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

}  // namespace

class Worker::Registered {
 public:
  Registered(Worker& worker, Connection& connection) : worker_(worker), connection_(connection) {
    worker_.connections_.push_back(&connection_);
    worker_.state_.metrics.connections.add(1);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() {
    auto& all = worker_.connections_;
    // The order is of no meaning, so the last one takes the place of this one.
    *std::find(all.begin(), all.end(), &connection_) = all.back();
    all.pop_back();
    worker_.state_.metrics.connections.add(-1);
    if (worker_.draining_ && all.empty()) worker_.all_closed_.set();
  }

 private:
  Worker& worker_;
  Connection& connection_;
};

Worker::Worker(ServerState& state)
    : state_(state), acceptor_(loop_.context()), stop_requested_(loop_), all_closed_(loop_) {
  refresh_date();
}

Worker::~Worker() = default;

void Worker::start(std::size_t index) {
  thread_ = std::thread([this] { loop_.run_until_done(run()); });
  const std::string label = fmt::format("http/{}", index % 1000);
  pthread_setname_np(thread_.native_handle(), label.c_str());
}

void Worker::request_stop(milliseconds grace) {
  grace_ = grace;
  stop_requested_.set_from_any_thread();
}

Task<void> Worker::run() {
  tasks_.spawn(accept_until_stopped(), "http accept");
  tasks_.spawn(sweep(), "http sweep");
  (void)co_await stop_requested_.wait(milliseconds::max());

  draining_ = true;
  accept_backlog();
  boost::system::error_code ignored;  // closing a listening socket leaves nothing to mend
  acceptor_.close(ignored);
  for_each_connection([](Connection& connection) { connection.drain(); });
  if (!connections_.empty()) (void)co_await all_closed_.wait(grace_);

  requests_cancelled_.cancel();
  for_each_connection([](Connection& connection) { connection.abort(); });
  stopped_.cancel();
  co_await tasks_.join();
}

Task<void> Worker::accept_until_stopped() {
  bool starved = false;
  while (!draining_) {
    Socket socket(loop_.context());
    asio::ip::tcp::endpoint from;
    const boost::system::error_code error = co_await Accept{acceptor_, socket, from, {}};
    if (!error) {
      starved = false;
      admit(std::move(socket), from);
      continue;
    }
    if (draining_) break;
    if (error == asio::error::connection_aborted) continue;  // gone before it was taken
    // Out of descriptors or memory: the connection stays in the backlog, and trying again at once
    // would spin.
    if (!std::exchange(starved, true)) {
      log::error("http_accept_failed", {{"error", error.message()},
                                        {"hint", "raise the limit of open files (LimitNOFILE)"}});
    }
    (void)co_await sleep_for(kAcceptPause, stopped_.token());
  }
}

// Connections that the kernel has completed already have been promised an answer.
void Worker::accept_backlog() {
  boost::system::error_code error;
  acceptor_.non_blocking(true, error);
  while (!error) {
    Socket socket(loop_.context());
    asio::ip::tcp::endpoint from;
    acceptor_.accept(socket, from, error);
    if (!error) admit(std::move(socket), from);
  }
}

void Worker::admit(Socket socket, const asio::ip::tcp::endpoint& from) {
  std::string peer = peer_text(from);
  const bool exempt = is_in(state_.trusted_proxies, peer);
  if (state_.caps.enter(peer, exempt)) {
    tasks_.spawn(serve(std::move(socket), std::move(peer), exempt), "http connection");
    return;
  }
  ++refused_since_said_;
  if (refusing_ < kMaxRefusing) {
    tasks_.spawn(refuse(std::move(socket), std::move(peer)), "http refusal");
  }
}

Task<void> Worker::serve(Socket socket, std::string peer, bool exempt) {
  {
    Connection connection(*this, std::move(socket), peer, exempt);
    const Registered registered(*this, connection);
    co_await connection.serve();
  }
  state_.caps.leave(peer, exempt);
}

Task<void> Worker::refuse(Socket socket, std::string peer) {
  ++refusing_;
  {
    Connection connection(*this, std::move(socket), std::move(peer), false);
    const Registered registered(*this, connection);
    co_await connection.refuse_for_load();
  }
  --refusing_;
}

Task<void> Worker::sweep() {
  while (co_await sleep_for(kSweepInterval, stopped_.token())) {
    refresh_date();
    const SteadyTime time = steady_now();
    say_refusals(time);
    for_each_connection([time](Connection& connection) { connection.check_deadline(time); });
  }
}

void Worker::refresh_date() {
  const std::int64_t unix_seconds = to_unix_ms(now()) / 1000;
  common_headers_ = detail::common_headers(unix_seconds, state_.options.server_name);
}

void Worker::say_refusals(SteadyTime time) {
  if (refused_since_said_ == 0 || time - refusals_said_ < kRefusalReport) return;
  log::warning("http_connections_refused",
               {{"count", refused_since_said_},
                {"hint", "the caps on connections in all and for each peer are settings"}});
  refused_since_said_ = 0;
  refusals_said_ = time;
}

template <class Action>
void Worker::for_each_connection(Action action) {
  // From the back: a connection that ends is replaced by one that has had its turn.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) action(*connections_[i]);
  }
}

}  // namespace selvage::net::detail
