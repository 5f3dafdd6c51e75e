#include "data/api_keys.hpp"

namespace selvage::data {

namespace {

constexpr std::string_view kApiKeys =
    "CREATE TABLE api_keys (\n"
    "  id TEXT PRIMARY KEY,\n"
    "  label TEXT NOT NULL,\n"
    "  channel TEXT NOT NULL,\n"
    "  owner TEXT NOT NULL,\n"
    "  rights TEXT NOT NULL,\n"
    "  key_hash TEXT NOT NULL UNIQUE,\n"
    "  created_at BIGINT NOT NULL,\n"
    "  revoked_at BIGINT,\n"
    "  last_used_at BIGINT\n"
    ");\n";

// Few rows, each rewritten with every transaction of a worker: with room on their pages that costs
// no index entry.
constexpr std::string_view kCommitMarks =
    "CREATE TABLE commit_marks (\n"
    "  slot TEXT PRIMARY KEY,\n"
    "  mark BIGINT NOT NULL,\n"
    "  marked_at TIMESTAMPTZ NOT NULL DEFAULT now()\n"
    ") WITH (fillfactor = 20);\n";

constexpr Migration kMigrations[] = {
    {.id = "data/0001-api-keys", .sqlite = kApiKeys, .postgres = kApiKeys},
    {.id = "data/0002-commit-marks", .sqlite = "", .postgres = kCommitMarks},
};

}  // namespace

const std::span<const Migration> kDataMigrations = kMigrations;

}  // namespace selvage::data
