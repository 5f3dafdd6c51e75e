#include <cstdio>

#include "app/command.hpp"
#include "app/platform.hpp"
#include "base/text.hpp"
#include "data/api_keys.hpp"
#include "tryon/ledger.hpp"

namespace selvage::app {

namespace {

Result<std::vector<data::Right>> rights_of(const Invocation& invocation) {
  const std::string text = invocation.value("--rights").value_or("submit,read");
  std::vector<data::Right> rights;
  for (std::string_view word : split(text, ',')) {
    using enum data::Right;
    bool known = false;
    for (const data::Right right : {submit, read, admin}) {
      if (trim(word) != name(right)) continue;
      rights.push_back(right);
      known = true;
    }
    if (!known) {
      return fail(ErrorKind::invalid, "keys.rights",
                  fmt::format("there is no right {}", in_quotes(word)),
                  "rights: submit, read, admin");
    }
  }
  return rights;
}

Result<std::int64_t> credits_of(const Invocation& invocation) {
  const auto text = invocation.value("--credits");
  if (!text) return 0;
  char* end = nullptr;
  const long long amount = std::strtoll(text->c_str(), &end, 10);
  if (*end != '\0' || amount < 1 || amount > 1'000'000) {
    return fail(ErrorKind::invalid, "keys.credits",
                fmt::format("--credits must be 1..1000000, is {}", in_quotes(*text)));
  }
  return amount;
}

Result<int> create(const Invocation& invocation, data::Database& database) {
  const auto rights = TRY(rights_of(invocation));
  const std::string channel = invocation.value("--channel").value_or("");
  const std::string owner = invocation.value("--owner").value_or("");
  const bool admin = std::ranges::find(rights, data::Right::admin) != rights.end();
  if (channel.empty() != owner.empty() || (channel.empty() && !admin)) {
    return fail(ErrorKind::invalid, "keys.owner",
                "a key needs --channel b2b|b2c and --owner ID; only an admin key may have neither",
                "for example: selvage keys create --channel b2b --owner store-1 --credits 100");
  }
  std::optional<tryon::Owner> parsed;
  if (!channel.empty()) parsed = TRY(tryon::parse_owner(channel, owner));
  const std::int64_t credits = TRY(credits_of(invocation));
  if (credits > 0 && !parsed) {
    return fail(ErrorKind::invalid, "keys.credits", "--credits needs an owner to give them to");
  }
  const auto made =
      TRY(database.write_blocking([&](data::Transaction& tx) -> Result<data::NewApiKey> {
        if (credits > 0) {
          TRY(tryon::grant_credits(tx, *parsed, Credits{credits}, "granted with a new key"));
        }
        return data::create_api_key(
            tx, invocation.value("--label").value_or(owner.empty() ? "admin" : owner), channel,
            owner, rights);
      }));
  if (invocation.has("--quiet")) {
    fmt::print("{}\n", made.full);
    return 0;
  }
  fmt::print("{}\n", made.full);
  fmt::print(stderr, "This is shown once. Its id is {}; only a hash is kept.\n", made.key.id);
  return 0;
}

Result<int> list(data::Database& database) {
  const auto keys = TRY(database.read_blocking(data::list_api_keys));
  fmt::print("{:<12} {:<16} {:<5} {:<18} {:<18} {}\n", "ID", "LABEL", "CHAN", "OWNER", "RIGHTS",
             "STATE");
  for (const data::ApiKey& key : keys) {
    std::string rights;
    for (const data::Right right : key.rights) {
      rights += (rights.empty() ? "" : ",") + std::string(name(right));
    }
    fmt::print("{:<12} {:<16} {:<5} {:<18} {:<18} {}\n", key.id, key.label, key.channel, key.owner,
               rights,
               key.revoked_at     ? "revoked"
               : key.last_used_at ? "used"
                                  : "unused");
  }
  return 0;
}

Result<int> run(const Invocation& invocation) {
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  data::Database& database = *platform->database;
  if (invocation.action == "create") return create(invocation, database);
  if (invocation.action == "ls") return list(database);
  if (invocation.arguments.size() != 1) {
    return fail(ErrorKind::invalid, "keys.id", "selvage keys revoke needs one key id",
                "see them: selvage keys ls");
  }
  TRY(database.write_blocking(
      [&](data::Transaction& tx) { return data::revoke_api_key(tx, invocation.arguments[0]); }));
  fmt::print("{} is revoked; running processes refuse it within 5 seconds\n",
             invocation.arguments[0]);
  return 0;
}

}  // namespace

Command keys_command() {
  return {.name = "keys",
          .summary = "Create, list and revoke API keys.",
          .actions = {{"create", "", "print a new key, once"},
                      {"ls", "", "list keys"},
                      {"revoke", "ID", "refuse a key from now on"}},
          .flags = {{"--channel", "b2b|b2c", "b2b: a store pays; b2c: a user pays"},
                    {"--owner", "ID", "the store's or user's id"},
                    {"--rights", "LIST", "of submit, read, admin; default submit,read"},
                    {"--credits", "N", "grant the owner N credits with it"},
                    {"--label", "TEXT", "what people call the key"},
                    {"--quiet", "", "print the key alone"}},
          .run = run};
}

}  // namespace selvage::app
