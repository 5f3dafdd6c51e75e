#include "data/detail/redis_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "data/detail/redis_errors.hpp"

namespace selvage::data {

namespace {

constexpr unsigned kSlots = 16384;
constexpr std::size_t kMaxNodes = 64;  // remembered beside the seeds

// The value of "run_id:" in the answer to INFO.
std::string run_id_in(const RedisReply& info) {
  if (!info.is_text()) return {};
  const std::string_view text = info.text();
  const std::size_t at = text.find("run_id:");
  if (at == text.npos) return {};
  const std::string_view value = text.substr(at + 7);
  return std::string(value.substr(0, value.find_first_of("\r\n")));
}

bool is_master(const RedisReply& role) {
  return role.is_array() && !role.array().empty() && role.array()[0].is_text() &&
         role.array()[0].text() == "master";
}

// The [host, port, ...] of a node. A server that does not know its own name says nothing.
std::optional<RedisAddress> node_address(const RedisReply& node, const RedisAddress& asked) {
  if (!node.is_array() || node.array().size() < 2) return std::nullopt;
  const RedisReply& host = node.array()[0];
  const RedisReply& port = node.array()[1];
  if (!port.is_integer() || port.integer() < 1 || port.integer() > 65535) return std::nullopt;
  RedisAddress address{asked.host, static_cast<std::uint16_t>(port.integer())};
  if (host.is_text() && !host.text().empty() && host.text() != "?") address.host = host.text();
  return address;
}

Error no_answer(const RedisUrl& url, std::string_view what, const std::vector<std::string>& why) {
  return unavailable_error(url.label(), fmt::format("{}: {}", what, join(why, "; ")));
}

}  // namespace

unsigned hash_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != key.npos) {
    const std::size_t close = key.find('}', open);
    if (close != key.npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (const char byte : key) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    }
  }
  return (crc & 0xFFFFU) % kSlots;
}

RedisFinder::RedisFinder(RedisUrl url, std::string slot_key, std::string client_name)
    : url_(std::move(url)), slot_(hash_slot(slot_key)), client_name_(std::move(client_name)) {}

Task<Result<FoundServer>> RedisFinder::find(milliseconds limit, CancelToken cancel) {
  const Deadline deadline = Deadline::after(limit);
  switch (url_.topology) {
    case RedisTopology::single:
      co_return co_await connect(url_.seeds.front(), deadline, cancel);
    case RedisTopology::sentinel:
      co_return co_await by_sentinels(deadline, cancel);
    case RedisTopology::cluster:
      co_return co_await by_cluster(deadline, cancel);
  }
  std::unreachable();
}

Task<Result<FoundServer>> RedisFinder::connect(RedisAddress address, Deadline deadline,
                                               CancelToken cancel) {
  const auto in_our_words = [&](Error error) {
    const bool of_connection = error.code.starts_with("stream.") || error.code == "redis.protocol";
    return of_connection ? unavailable_error(url_.label(), error.describe()) : error;
  };
  auto wire = co_await RedisWire::open(url_, std::move(address), deadline, cancel);
  if (!wire) co_return fail(in_our_words(wire.error()));
  RedisLogin login{url_.user, url_.password, url_.db, client_name_};
  std::vector<RedisCommand> more;
  more.push_back(RedisCommand("INFO").arg("server"));
  if (url_.topology == RedisTopology::sentinel) more.emplace_back("ROLE");
  const auto replies =
      co_await (*wire)->log_in(std::move(login), std::move(more), deadline, cancel);
  if (!replies) co_return fail(in_our_words(replies.error()));
  if (url_.topology == RedisTopology::sentinel && !is_master(replies->at(1))) {
    const RedisReply::Failure* failure = replies->at(1).failure();
    if (failure != nullptr) co_return fail(refused_error((*wire)->label(), failure->text));
    co_return fail(unavailable_error(
        url_.label(), fmt::format("the sentinels name {}, which is no master", (*wire)->label())));
  }
  std::string run_id = run_id_in(replies->at(0));
  // Who may not say INFO is taken for another server each time: rather checked once too often.
  if (run_id.empty()) run_id = fmt::format("{} unknown {}", (*wire)->label(), ++nameless_);
  co_return FoundServer{std::move(*wire), std::move(run_id)};
}

Task<Result<FoundServer>> RedisFinder::by_sentinels(Deadline deadline, CancelToken cancel) {
  std::vector<std::string> why;
  const std::size_t count = url_.seeds.size();
  const std::size_t first = first_seed_;
  for (std::size_t i = 0; i < count && !cancel.cancelled() && !deadline.passed(); ++i) {
    const std::size_t seed = (first + i) % count;
    // a sentinel that swallows packets leaves time for the others and for the master
    const Deadline turn = Deadline::after(deadline.left() / (count - i + 1));
    const auto master = co_await ask_sentinel(url_.seeds[seed], turn, cancel);
    if (!master) {
      why.push_back(master.error().describe());
      continue;
    }
    first_seed_ = seed;
    auto found = co_await connect(*master, deadline, cancel);
    if (found || found.error().code == "redis.auth") co_return found;
    why.push_back(found.error().describe());
  }
  if (cancel.cancelled()) co_return fail(cancelled_error("connecting to " + url_.label()));
  co_return fail(no_answer(url_, "no sentinel leads to a master", why));
}

Task<Result<RedisAddress>> RedisFinder::ask_sentinel(RedisAddress sentinel, Deadline deadline,
                                                     CancelToken cancel) {
  auto wire = CO_TRY(co_await RedisWire::open(url_, std::move(sentinel), deadline, cancel));
  std::vector<RedisCommand> question;
  question.push_back(RedisCommand("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(url_.master));
  const auto replies = CO_TRY(co_await wire->log_in({.password = url_.sentinel_password},
                                                    std::move(question), deadline, cancel));
  const RedisReply& said = replies.front();
  if (said.failure() != nullptr) {
    co_return fail(refused_error("the sentinel " + wire->label(), said.failure()->text));
  }
  const auto bad = [&](std::string_view what) {
    return fail(ErrorKind::unavailable, "redis.unavailable",
                fmt::format("the sentinel {} {}", wire->label(), what));
  };
  if (said.is_nil()) co_return bad(fmt::format("knows no master {}", in_quotes(url_.master)));
  if (!said.is_array() || said.array().size() != 2 || !said.array()[0].is_text() ||
      !said.array()[1].is_text()) {
    co_return bad("answers what no sentinel does");
  }
  RedisAddress master{said.array()[0].text(), 0};
  const std::string& port = said.array()[1].text();
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), master.port);
  if (failed != std::errc() || end != port.data() + port.size() || master.port == 0) {
    co_return bad("answers what no sentinel does");
  }
  co_return master;
}

Task<Result<FoundServer>> RedisFinder::by_cluster(Deadline deadline, CancelToken cancel) {
  std::vector<std::string> why;
  if (moved_to_) {
    RedisAddress address = *std::exchange(moved_to_, std::nullopt);
    auto found = co_await connect(std::move(address), Deadline::after(deadline.left() / 3), cancel);
    if (found || found.error().code == "redis.auth") co_return found;
    why.push_back(found.error().describe());
  }
  std::vector<RedisAddress> asked = url_.seeds;
  for (const RedisAddress& node : nodes_) {
    if (std::ranges::find(asked, node) == asked.end()) asked.push_back(node);
  }
  for (std::size_t i = 0; i < asked.size() && !cancel.cancelled() && !deadline.passed(); ++i) {
    const Deadline turn = Deadline::after(deadline.left() / (asked.size() - i + 1));
    const auto holder = co_await ask_node(asked[i], turn, cancel);
    if (!holder) {
      why.push_back(holder.error().describe());
      continue;
    }
    auto found = co_await connect(*holder, Deadline::after(deadline.left() / 2), cancel);
    if (found || found.error().code == "redis.auth") co_return found;
    why.push_back(found.error().describe());
  }
  if (cancel.cancelled()) co_return fail(cancelled_error("connecting to " + url_.label()));
  co_return fail(no_answer(url_, fmt::format("no node serves slot {}", slot_), why));
}

Task<Result<RedisAddress>> RedisFinder::ask_node(RedisAddress node, Deadline deadline,
                                                 CancelToken cancel) {
  auto wire = CO_TRY(co_await RedisWire::open(url_, std::move(node), deadline, cancel));
  std::vector<RedisCommand> question;
  question.push_back(RedisCommand("CLUSTER").arg("SLOTS"));
  RedisLogin login{.user = url_.user, .password = url_.password};
  const auto replies =
      CO_TRY(co_await wire->log_in(std::move(login), std::move(question), deadline, cancel));
  const RedisReply& said = replies.front();
  if (said.failure() != nullptr) co_return fail(refused_error(wire->label(), said.failure()->text));
  std::optional<RedisAddress> holder;
  std::vector<RedisAddress> nodes;
  if (said.is_array()) {
    for (const RedisReply& range : said.array()) {  // [first, last, master, replica...]
      if (!range.is_array() || range.array().size() < 3) continue;
      const RedisReply::Array& row = range.array();
      if (!row[0].is_integer() || !row[1].is_integer()) continue;
      for (std::size_t i = 2; i < row.size() && nodes.size() < kMaxNodes; ++i) {
        const auto address = node_address(row[i], wire->address());
        if (address && std::ranges::find(nodes, *address) == nodes.end()) nodes.push_back(*address);
      }
      if (row[0].integer() <= slot_ && slot_ <= row[1].integer()) {
        holder = node_address(row[2], wire->address());
      }
    }
  }
  if (!nodes.empty()) nodes_ = std::move(nodes);
  if (holder) co_return *holder;
  co_return fail(ErrorKind::unavailable, "redis.unavailable",
                 fmt::format("{} knows no node for slot {}", wire->label(), slot_),
                 "check the cluster: redis-cli --cluster check");
}

}  // namespace selvage::data
