#include "tryon/webhooks/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/text.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxListed = 1000;
constexpr std::string_view kColumns =
    "id, channel, owner, url, events, secret, old_secret, old_secret_until, disabled_reason, "
    "failures, failing_since, retry_at, created_at";

std::string new_secret() {
  std::string bytes;
  SELVAGE_CHECK(decode_base64(random_token(kSecretBytes), bytes));
  return "whsec_" + base64(bytes);
}

Result<WebhookEndpoint> read_endpoint(const data::Row& row) {
  WebhookEndpoint endpoint;
  endpoint.id = row.text(0);
  endpoint.owner = TRY(parse_owner(row.text(1), row.text(2)));
  endpoint.url = row.text(3);
  for (const std::string_view event : split(row.text(4), ',')) endpoint.events.emplace_back(event);
  endpoint.secret = Secret(row.text(5));
  if (!row.is_null(6)) endpoint.old_secret = Secret(row.text(6));
  endpoint.old_secret_until = row.maybe_time(7);
  endpoint.disabled_reason = row.maybe_text(8);
  endpoint.failures = static_cast<int>(row.integer(9));
  endpoint.failing_since = row.maybe_time(10);
  endpoint.retry_at = row.maybe_time(11);
  endpoint.created_at = row.time(12);
  return endpoint;
}

Result<std::vector<WebhookEndpoint>> read_all(const data::Rows& rows) {
  std::vector<WebhookEndpoint> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) all.push_back(TRY(read_endpoint(row)));
  return all;
}

}  // namespace

bool WebhookEndpoint::wants(std::string_view event) const {
  return std::ranges::find(events, event) != events.end();
}

std::vector<std::string_view> WebhookEndpoint::signing_secrets(Timestamp time) const {
  std::vector<std::string_view> secrets{secret.reveal()};
  if (old_secret && old_secret_until && time < *old_secret_until) {
    secrets.push_back(old_secret->reveal());
  }
  return secrets;
}

Result<std::vector<std::string>> parse_events(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::ranges::find(kWebhookEvents, name) != kWebhookEvents.end()) continue;
    return fail(ErrorKind::invalid, "webhook.events",
                fmt::format("there is no event {}", in_quotes(name, 40)),
                fmt::format("events: {}", fmt::join(kWebhookEvents, ", ")));
  }
  std::vector<std::string> events;
  for (const std::string_view known : kWebhookEvents) {
    if (names.empty() || std::ranges::find(names, known) != names.end()) events.emplace_back(known);
  }
  return events;
}

Result<WebhookEndpoint> create_endpoint(data::Transaction& tx, const Owner& owner,
                                        const std::string& url, std::vector<std::string> events) {
  tx.lock("webhooks/" + owner_key(owner));
  const std::vector<WebhookEndpoint> known = TRY(list_endpoints(tx, owner, kMaxListed));
  if (known.size() >= kMaxEndpoints) {
    return fail(ErrorKind::conflict, "webhook.too_many",
                fmt::format("an owner has at most {} webhooks", kMaxEndpoints),
                "remove one that is no longer needed");
  }
  if (std::ranges::find(known, url, &WebhookEndpoint::url) != known.end()) {
    return fail(ErrorKind::conflict, "webhook.duplicate", "this URL is registered already",
                "list the webhooks to find it");
  }
  WebhookEndpoint endpoint;
  endpoint.id = new_uuid();
  endpoint.owner = owner;
  endpoint.url = url;
  endpoint.events = std::move(events);
  endpoint.secret = Secret(new_secret());
  endpoint.created_at = now();
  TRY(tx.execute(
      "INSERT INTO webhook_endpoints (id, channel, owner, url, events, secret, "
      "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {endpoint.id, std::string(name(owner.channel)), owner.id, url, join(endpoint.events, ","),
       std::string(endpoint.secret.reveal()), data::sql(endpoint.created_at)}));
  return endpoint;
}

Result<std::optional<WebhookEndpoint>> find_endpoint(data::Transaction& tx, const std::string& id) {
  const std::optional<data::Row> row = TRY(
      tx.query_one(fmt::format("SELECT {} FROM webhook_endpoints WHERE id = $1", kColumns), {id}));
  if (!row) return std::nullopt;
  return TRY(read_endpoint(*row));
}

Result<std::vector<WebhookEndpoint>> list_endpoints(data::Transaction& tx,
                                                    const std::optional<Owner>& owner,
                                                    std::size_t limit) {
  const auto most = static_cast<std::int64_t>(std::min(limit, kMaxListed));
  if (!owner) {
    return read_all(TRY(tx.query(
        fmt::format("SELECT {} FROM webhook_endpoints ORDER BY id LIMIT $1", kColumns), {most})));
  }
  return read_all(
      TRY(tx.query(fmt::format("SELECT {} FROM webhook_endpoints WHERE channel = $1 AND owner = $2 "
                               "ORDER BY id LIMIT $3",
                               kColumns),
                   {std::string(name(owner->channel)), owner->id, most})));
}

Result<std::vector<WebhookEndpoint>> endpoints_for(data::Transaction& tx, const Owner& owner,
                                                   std::string_view event) {
  std::vector<WebhookEndpoint> all = TRY(list_endpoints(tx, owner, kMaxEndpoints));
  std::erase_if(all, [&](const WebhookEndpoint& endpoint) {
    return endpoint.disabled_reason || !endpoint.wants(event);
  });
  return all;
}

Result<WebhookEndpoint> rotate_secret(data::Transaction& tx, const WebhookEndpoint& endpoint) {
  WebhookEndpoint rotated = endpoint;
  rotated.old_secret = endpoint.secret;
  rotated.old_secret_until = now() + kOldSecretLife;
  rotated.secret = Secret(new_secret());
  TRY(
      tx.execute("UPDATE webhook_endpoints SET secret = $1, old_secret = $2, old_secret_until = $3 "
                 "WHERE id = $4",
                 {std::string(rotated.secret.reveal()), std::string(rotated.old_secret->reveal()),
                  data::sql(rotated.old_secret_until), endpoint.id}));
  return rotated;
}

Result<bool> remove_endpoint(data::Transaction& tx, const std::string& id) {
  if (TRY(tx.execute("DELETE FROM webhook_endpoints WHERE id = $1", {id})) == 0) return false;
  TRY(
      tx.execute("UPDATE webhook_deliveries SET state = 'failed', last_error = $1, "
                 "next_attempt_at = NULL, updated_at = $2 "
                 "WHERE endpoint_id = $3 AND state = 'pending'",
                 {std::string("the webhook was removed"), data::sql(now()), id}));
  return true;
}

Result<bool> disable_endpoint(data::Transaction& tx, const std::string& id,
                              std::optional<std::string> reason) {
  if (reason) {
    return TRY(tx.execute("UPDATE webhook_endpoints SET disabled_reason = $1 WHERE id = $2",
                          {std::move(*reason), id})) == 1;
  }
  return TRY(tx.execute("UPDATE webhook_endpoints SET disabled_reason = NULL, failures = 0, "
                        "failing_since = NULL, retry_at = NULL WHERE id = $1",
                        {id})) == 1;
}

}  // namespace selvage::tryon
