// The tables of the schedule room. A definition is JSON, so that a new field of an entry needs no
// migration; what is searched by has columns of its own. `due_at` is `next_at` plus its jitter.
#include "schedule/schedule_table.hpp"

namespace selvage::schedule {

namespace {

constexpr data::Migration kMigrations[] = {
    {"schedule/0001-schedules",
     R"sql(
CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  source TEXT NOT NULL CHECK (source IN ('file', 'database')),
  definition TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  next_at INTEGER,
  due_at INTEGER,
  last_at INTEGER,
  fires INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX schedules_due ON schedules (due_at) WHERE enabled = 1;
CREATE TABLE schedule_fires (
  seq INTEGER PRIMARY KEY,
  task_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  fire_at INTEGER,
  fired_at INTEGER NOT NULL
);
CREATE INDEX schedule_fires_of ON schedule_fires (name, seq);
)sql",
     R"sql(
CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  source TEXT NOT NULL CHECK (source IN ('file', 'database')),
  definition TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  next_at BIGINT,
  due_at BIGINT,
  last_at BIGINT,
  fires BIGINT NOT NULL DEFAULT 0,
  skipped BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX schedules_due ON schedules (due_at) WHERE enabled = 1;
CREATE TABLE schedule_fires (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  fire_at BIGINT,
  fired_at BIGINT NOT NULL
);
CREATE INDEX schedule_fires_of ON schedule_fires (name, seq);
)sql"},
};

}  // namespace

const std::span<const data::Migration> kScheduleMigrations = kMigrations;

}  // namespace selvage::schedule
