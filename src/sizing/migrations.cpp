// The tables of sizing: stores' charts, and the answers of sizing tasks until they are fetched or
// too old. Neither holds a photo or its URL.
#include "sizing/chart_table.hpp"

namespace selvage::sizing {
namespace {

constexpr data::Migration kMigrations[] = {
    {
        .id = "sizing/0001-charts",
        .sqlite = R"sql(
CREATE TABLE size_charts (
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (owner, id)
) WITHOUT ROWID;
)sql",
        .postgres = R"sql(
CREATE TABLE size_charts (
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (owner, id)
);
)sql",
    },
    {
        .id = "sizing/0002-estimates",
        .sqlite = R"sql(
CREATE TABLE size_estimates (
  id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  answer TEXT,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  CHECK ((finished_at IS NULL) = (answer IS NULL AND error_code IS NULL))
);
CREATE INDEX size_estimates_created ON size_estimates (created_at, id);
)sql",
        .postgres = R"sql(
CREATE TABLE size_estimates (
  id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  answer TEXT,
  error_code TEXT,
  error_message TEXT,
  error_hint TEXT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  CHECK ((finished_at IS NULL) = (answer IS NULL AND error_code IS NULL))
);
CREATE INDEX size_estimates_created ON size_estimates (created_at, id);
)sql",
    },
};

}  // namespace

const std::span<const data::Migration> kSizingMigrations = kMigrations;

}  // namespace selvage::sizing
