#include "data/detail/storage_calls.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.hpp"
#include "base/log.hpp"

namespace selvage::data {

namespace {

constexpr milliseconds kFirstWait{100};
constexpr milliseconds kFirstSlowWait{500};
constexpr milliseconds kLongestWait{3'000};
constexpr int kMostDoublings = 8;
// A try may take half of what is left, so that one that hangs leaves time for another.
constexpr milliseconds kShortestTry{1'000};

// Half of it is jitter: calls that failed together do not come back together.
milliseconds wait_before(int next_try, Again again) {
  const milliseconds first = again == Again::slowly ? kFirstSlowWait : kFirstWait;
  const milliseconds full =
      std::min(first * (1 << std::min(next_try, kMostDoublings)), kLongestWait);
  return std::chrono::duration_cast<milliseconds>(full * (0.5 + random_share() / 2));
}

milliseconds since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - start);
}

}  // namespace

StorageCalls::StorageCalls(net::Loop& home, std::string_view service, const RemoteOptions& options)
    : service_(service), client_(home, {.ca_file = options.ca_file}) {}

Refusal StorageCalls::failed_below(const Error& error, milliseconds took) const {
  if (error.code == "http.too_large") {
    return {{ErrorKind::too_large, "storage.too_large", error.message, {}, nullptr}, Again::no};
  }
  if (error.kind == ErrorKind::timeout) {
    return {{ErrorKind::timeout, "storage.unavailable",
             fmt::format("{} did not answer within {}", service_, to_string(took)),
             "check the storage service, or raise STORAGE_TIMEOUT", nullptr},
            Again::soon};
  }
  const bool passing = error.code != "http.tls" && error.kind == ErrorKind::unavailable;
  return {{ErrorKind::unavailable, "storage.unavailable",
           fmt::format("{}: {}", service_, error.message), error.hint, nullptr},
          passing ? Again::soon : Again::no};
}

Task<Result<net::ClientResponse>> StorageCalls::send(StorageCall call) {
  const SteadyTime start = steady_now();
  for (int tries = 1;; ++tries) {
    if (call.prepare) call.prepare(*call.request);
    call.request->deadline =
        call.deadline.sooner(Deadline::after(std::max(call.deadline.left() / 2, kShortestTry)));
    Result<net::ClientResponse> response =
        co_await client_.send(std::shared_ptr<const net::ClientRequest>(call.request));
    std::optional<Refusal> refusal;
    if (!response) {
      refusal = failed_below(response.error(), since(start));
    } else {
      refusal = call.judge(*response);
    }
    if (!refusal) co_return std::move(*response);

    const milliseconds wait = wait_before(tries - 1, refusal->again);
    if (refusal->again == Again::no || wait >= call.deadline.left()) {
      if (tries > 1) {
        refusal->error.message +=
            fmt::format(" (tried {} times in {})", tries, to_string(since(start)));
      }
      co_return fail(std::move(refusal->error));
    }
    log::info("storage_call_again", {{"operation", call.what},
                                     {"try", tries},
                                     {"wait_ms", wait.count()},
                                     {"error", refusal->error.message}});
    co_await net::sleep_for(wait);
  }
}

}  // namespace selvage::data
