#include "net/detail/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace selvage::net::detail {

struct Resolver::Query {
  std::string host;
  Wait* wait = nullptr;    // loop's thread
  bool abandoned = false;  // written on the loop's thread under the mutex
  int error = 0;
  std::vector<IpAddress> addresses;
};

struct Resolver::Shared {
  Shared(Loop& its_loop, std::size_t threads) : loop(its_loop), max_threads(threads) {}

  Loop& loop;  // used only while not stopping
  const std::size_t max_threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Query>> queue;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

namespace {

int look_up(const std::string& host, std::vector<IpAddress>& addresses) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0) return error;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const auto address = address_of(entry->ai_addr, entry->ai_family);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  freeaddrinfo(found);
  return addresses.empty() ? EAI_NONAME : 0;
}

}  // namespace

std::optional<IpAddress> address_of(const void* sockaddr, int family) {
  IpAddress out;
  if (family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, sockaddr, sizeof v4);
    out.is_v4 = true;
    std::memcpy(out.bytes.data() + 12, &v4.sin_addr, 4);
    return out;
  }
  if (family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, sockaddr, sizeof v6);
    std::memcpy(out.bytes.data(), &v6.sin6_addr, 16);
    return out;
  }
  return {};
}

Resolver::Resolver(Timers& timers, std::size_t max_threads)
    : timers_(timers), shared_(std::make_shared<Shared>(timers.loop(), max_threads)) {}

Resolver::~Resolver() {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->queue.clear();
  shared_->changed.notify_all();
  // Idle threads end in a moment, and are waited for; busy ones are left to end by themselves.
  shared_->changed.wait(lock, [&] { return shared_->idle == 0; });
}

Task<Resolver::Answer> Resolver::resolve(std::string host, Deadline deadline, CancelToken cancel) {
  auto query = std::make_shared<Query>();
  query->host = std::move(host);
  Wait wait(timers_, deadline, std::move(cancel), [&](WaitEnd) {
    const std::scoped_lock lock(shared_->mutex);
    query->abandoned = true;
    std::erase(shared_->queue, query);
  });
  query->wait = &wait;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->queue.push_back(query);
    if (shared_->idle < shared_->queue.size() && shared_->threads < shared_->max_threads) {
      ++shared_->threads;
      std::thread(&Resolver::serve, shared_)
          .detach();  // supervised through `shared_`, see the header
    }
    shared_->changed.notify_one();
  }
  const WaitEnd end = co_await wait;
  if (end != WaitEnd::done) co_return Answer{end, 0, {}};
  co_return Answer{end, query->error, std::move(query->addresses)};
}

void Resolver::serve(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    ++shared->idle;
    shared->changed.wait(lock, [&] { return shared->stopping || !shared->queue.empty(); });
    --shared->idle;
    if (shared->stopping) break;
    const std::shared_ptr<Query> query = std::move(shared->queue.front());
    shared->queue.pop_front();

    lock.unlock();
    std::vector<IpAddress> addresses;
    const int error = look_up(query->host, addresses);
    lock.lock();

    if (shared->stopping) break;
    if (query->abandoned) continue;
    query->error = error;
    query->addresses = std::move(addresses);
    shared->loop.post([query] {
      if (!query->abandoned) query->wait->finish();
    });
  }
  --shared->threads;
  shared->changed.notify_all();
}

}  // namespace selvage::net::detail
