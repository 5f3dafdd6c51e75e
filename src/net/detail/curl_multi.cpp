#include "net/detail/curl_multi.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace selvage::net::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kEventsATurn = 64;  // so that other work of the loop gets its turn

void initialise_curl_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  SELVAGE_CHECK(code == CURLE_OK);
}

int open_epoll() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  SELVAGE_CHECK(fd >= 0);
  return fd;
}

// What perform() is waiting for; libcurl carries the pointer as CURLOPT_PRIVATE.
struct Transfer {
  Wait* wait = nullptr;
  CURLcode code = CURLE_OK;
};

}  // namespace

struct CurlMulti::Impl {
  Impl(Loop& loop, Timers& shared_timers, CurlLimits given)
      : timers(shared_timers),
        limits(given),
        sockets(loop.context(), open_epoll()),
        timer(loop.context()),
        alive(std::make_shared<Impl*>(this)) {}

  // For the first transfer: libcurl loads all of OpenSSL, and many a client is never used.
  void open() {
    if (multi != nullptr) return;
    initialise_curl_once();
    multi = curl_multi_init();
    SELVAGE_CHECK(multi != nullptr);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connections_per_host);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.total_connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, limits.total_connections);
    watch_sockets();
  }

  ~Impl() {
    SELVAGE_CHECK(running == 0);  // a transfer would resume into a client that is gone
    *alive = nullptr;
    if (multi != nullptr) curl_multi_cleanup(multi);
  }

  // libcurl: "tell me when this socket is readable or writable".
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    const int set = static_cast<Impl*>(self)->sockets.native_handle();
    epoll_event event{};
    event.data.fd = socket;
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(set, EPOLL_CTL_DEL, socket, &event);  // fails when already closed, which is as good
    } else if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) != 0) {
      epoll_ctl(set, EPOLL_CTL_ADD, socket, &event);
    }
    return 0;
  }

  // libcurl: "call me in so many milliseconds"; it may not be called from in here, not even for 0.
  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    if (timeout_ms < 0) {
      impl.timer.cancel();
      return 0;
    }
    impl.timer.expires_after(milliseconds(timeout_ms));
    impl.timer.async_wait([alive = impl.alive](error_code error) {
      if (*alive && !error) (*alive)->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  }

  void watch_sockets() {
    sockets.async_wait(asio::posix::stream_descriptor::wait_read, [keep = alive](error_code error) {
      if (!*keep || error) return;
      (*keep)->serve_sockets();
      (*keep)->watch_sockets();
    });
  }

  void serve_sockets() {
    std::array<epoll_event, kEventsATurn> events;
    const int count = epoll_wait(sockets.native_handle(), events.data(), kEventsATurn, 0);
    for (int i = 0; i < count; ++i) {
      int what = 0;
      if (events[i].events & EPOLLIN) what |= CURL_CSELECT_IN;
      if (events[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
      if (events[i].events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
      act(events[i].data.fd, what);
    }
  }

  void act(curl_socket_t socket, int what) {
    int still_running = 0;
    curl_multi_socket_action(multi, socket, what, &still_running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;  // `message` dies with the removal
      Transfer* transfer = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      take_out(easy);
      transfer->code = code;
      transfer->wait->finish();
    }
  }

  void take_out(CURL* easy) {
    curl_multi_remove_handle(multi, easy);
    --running;
  }

  Timers& timers;
  const CurlLimits limits;
  asio::posix::stream_descriptor sockets;
  asio::steady_timer timer;
  std::shared_ptr<Impl*> alive;  // shared with handlers that may run after this object's end
  CURLM* multi = nullptr;
  std::size_t running = 0;
};

CurlMulti::CurlMulti(Loop& loop, Timers& timers, CurlLimits limits)
    : impl_(std::make_unique<Impl>(loop, timers, limits)) {}
CurlMulti::~CurlMulti() = default;

Task<CurlMulti::Outcome> CurlMulti::perform(CURL* easy, Deadline deadline, CancelToken cancel) {
  if (cancel.cancelled()) co_return Outcome{WaitEnd::cancelled, CURLE_OK};
  impl_->open();
  Transfer transfer;
  Wait wait(impl_->timers, deadline, std::move(cancel), [&](WaitEnd) { impl_->take_out(easy); });
  transfer.wait = &wait;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  // Taking out a transfer that still looks its host's name up would otherwise wait for that
  // look-up.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  if (curl_multi_add_handle(impl_->multi, easy) != CURLM_OK) {
    co_return Outcome{WaitEnd::done, CURLE_FAILED_INIT};
  }
  ++impl_->running;
  const WaitEnd end = co_await wait;
  co_return Outcome{end, transfer.code};
}

}  // namespace selvage::net::detail
