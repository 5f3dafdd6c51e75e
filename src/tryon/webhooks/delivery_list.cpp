// Reading deliveries, and the walks over many of them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "tryon/detail/delivery_rows.hpp"
#include "work/trace_members.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kMostPages = 200;     // of one walk; the next walk is a minute away
constexpr std::int64_t kForgotten = 2'000;  // rows of one transaction
constexpr std::string_view kColumns =
    "id, endpoint_id, channel, owner, event, session_id, task_id, state, attempts, last_status, "
    "last_error, round_at, last_attempt_at, next_attempt_at, created_at, updated_at";

Result<Delivery> read_delivery(const data::Row& row) {
  Delivery delivery;
  delivery.id = row.text(0);
  delivery.endpoint_id = row.text(1);
  delivery.owner = TRY(parse_owner(row.text(2), row.text(3)));
  delivery.event = row.text(4);
  delivery.session_id = row.text(5);
  delivery.task_id = row.text(6);
  const std::optional<DeliveryState> state = parse_delivery_state(row.text(7));
  SELVAGE_CHECK(state.has_value());  // the table's CHECK admits no other
  delivery.state = *state;
  delivery.attempts = static_cast<int>(row.integer(8));
  delivery.last_status = row.maybe_integer(9);
  delivery.last_error = row.maybe_text(10);
  delivery.round_at = row.time(11);
  delivery.last_attempt_at = row.maybe_time(12);
  delivery.next_attempt_at = row.maybe_time(13);
  delivery.created_at = row.time(14);
  delivery.updated_at = row.time(15);
  return delivery;
}

Result<std::vector<Delivery>> read_all(const data::Rows& rows) {
  std::vector<Delivery> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) all.push_back(TRY(read_delivery(row)));
  return all;
}

Result<std::vector<Delivery>> overdue_deliveries(data::Transaction& tx, Timestamp before,
                                                 const Delivery& after) {
  return read_all(
      TRY(tx.query(fmt::format("SELECT {} FROM webhook_deliveries WHERE state = 'pending' AND "
                               "next_attempt_at < $1 AND (next_attempt_at, id) > ($2, $3) "
                               "ORDER BY next_attempt_at, id LIMIT $4",
                               kColumns),
                   {data::sql(before), data::sql(after.next_attempt_at.value_or(Timestamp())),
                    after.id, static_cast<std::int64_t>(kPage)})));
}

}  // namespace

Result<std::optional<Delivery>> find_delivery(data::Transaction& tx, const std::string& id) {
  const std::optional<data::Row> row = TRY(
      tx.query_one(fmt::format("SELECT {} FROM webhook_deliveries WHERE id = $1", kColumns), {id}));
  if (!row) return std::nullopt;
  return TRY(read_delivery(*row));
}

Result<std::vector<Delivery>> list_deliveries(data::Transaction& tx, const DeliveryFilter& filter,
                                              std::size_t limit) {
  std::string where = "TRUE";
  data::Params params;
  const auto add = [&](std::string_view condition, std::string value) {
    params.emplace_back(std::move(value));
    where += fmt::format(" AND {} ${}", condition, params.size());
  };
  if (filter.owner) {
    add("channel =", std::string(name(filter.owner->channel)));
    add("owner =", filter.owner->id);
  }
  if (filter.endpoint_id) add("endpoint_id =", *filter.endpoint_id);
  if (filter.session_id) add("session_id =", *filter.session_id);
  if (filter.state) add("state =", std::string(name(*filter.state)));
  if (filter.before_id) add("id <", *filter.before_id);
  params.emplace_back(static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, kMaxPage)));
  return read_all(TRY(
      tx.query(fmt::format("SELECT {} FROM webhook_deliveries WHERE {} ORDER BY id DESC LIMIT ${}",
                           kColumns, where, params.size()),
               params)));
}

Task<Result<std::size_t>> requeue_deliveries(data::Database& database, work::Broker& broker,
                                             milliseconds overdue) {
  const Timestamp before = now() - overdue;
  std::size_t queued = 0;
  Delivery position;
  for (std::size_t pages = 0; pages < kMostPages; ++pages) {
    const std::vector<Delivery> page = CO_TRY(co_await database.read(
        [&](data::Transaction& tx) { return overdue_deliveries(tx, before, position); }));
    if (page.empty()) break;
    position = page.back();
    std::vector<std::string> ids;
    ids.reserve(page.size());
    for (const Delivery& delivery : page) ids.push_back(delivery.task_id);
    std::vector<std::string> alive =
        CO_TRY(co_await broker.alive(std::string(kWebhookQueue), std::move(ids)));
    std::ranges::sort(alive);
    for (const Delivery& delivery : page) {
      if (std::ranges::binary_search(alive, delivery.task_id)) continue;
      const bool again = CO_TRY(co_await database.write(
          [&](data::Transaction& tx) { return detail::requeue_delivery(tx, broker, delivery); }));
      if (again) ++queued;
    }
  }
  if (queued > 0) broker.notify();
  co_return queued;
}

Task<Result<std::size_t>> forget_deliveries(data::Database& database, milliseconds retention) {
  const Timestamp before = now() - retention;
  std::size_t forgotten = 0;
  for (std::size_t pages = 0; pages < kMostPages; ++pages) {
    const std::int64_t removed = CO_TRY(co_await database.write([&](data::Transaction& tx) {
      return tx.execute(
          "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM "
          "webhook_deliveries WHERE state <> 'pending' AND updated_at < $1 LIMIT $2)",
          {data::sql(before), kForgotten});
    }));
    forgotten += static_cast<std::size_t>(removed);
    if (removed < kForgotten) break;
  }
  co_return forgotten;
}

namespace detail {

std::string delivery_payload(const Delivery& delivery, const TraceContext& trace) {
  json::object payload{{"task_id", delivery.task_id},
                       {"endpoint_id", delivery.endpoint_id},
                       {"delivery_id", delivery.id}};
  work::write_trace(trace, payload);
  return json::dump(payload);
}

TraceContext read_delivery_trace(std::string_view payload) {
  const Result<json::value> parsed = json::parse(payload);
  return parsed && parsed->is_object() ? work::read_trace(parsed->get_object()) : TraceContext();
}

std::optional<std::string> read_delivery_payload(std::string_view payload) {
  const Result<json::value> parsed = json::parse(payload);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  const json::value* const id = parsed->get_object().if_contains("delivery_id");
  if (id == nullptr || !id->is_string()) return std::nullopt;
  return std::string(id->get_string());
}

}  // namespace detail
}  // namespace selvage::tryon
