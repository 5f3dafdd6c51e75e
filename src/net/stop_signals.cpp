#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "net/loop.hpp"

namespace selvage::net {

namespace asio = boost::asio;

struct StopSignals::Impl {
  asio::signal_set signals;

  struct Wait {
    asio::signal_set& signals;
    int number = 0;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      signals.async_wait([this, awaiting](const boost::system::error_code& error, int arrived) {
        number = error ? 0 : arrived;
        awaiting.resume();
      });
    }
    int await_resume() const noexcept { return number; }
  };
};

StopSignals::StopSignals(Loop& loop)
    : impl_(new Impl{asio::signal_set(loop.context(), SIGINT, SIGTERM)}) {}
StopSignals::~StopSignals() = default;

Task<int> StopSignals::next(CancelToken cancel) {
  if (cancel.cancelled()) co_return 0;
  auto registration = cancel.on_cancel([this] { impl_->signals.cancel(); });
  co_return co_await Impl::Wait{impl_->signals};
}

}  // namespace selvage::net
