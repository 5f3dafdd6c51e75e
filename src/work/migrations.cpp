// The tables of the work room.
//
// `tasks` is read in four ways, each with an index that holds no more rows than that way needs:
//   tasks_waiting  the next due task of a priority: one seek, however many others are ready or
//   delayed, because
//                  delayed ones of the same priority lie behind `run_at`;
//   tasks_held     leases by the time they lapse;
//   tasks_dead     dead letters by id;
//   (queue, id)    one task.
// `seq` breaks ties of `run_at`, so that tasks of one millisecond keep their order. The payload is
// the last column: what is only looked at never reads its overflow pages.
#include "work/sqlite_broker.hpp"

namespace selvage::work {

namespace {

constexpr data::Migration kMigrations[] = {
    {"work/0001-tasks",
     R"sql(
CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
  state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'dead')),
  run_at INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  holder TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  UNIQUE (queue, id)
);
CREATE INDEX tasks_waiting ON tasks (queue, priority, run_at, seq) WHERE state = 'ready';
CREATE INDEX tasks_held ON tasks (queue, lease_until) WHERE state = 'leased';
CREATE INDEX tasks_dead ON tasks (queue, id) WHERE state = 'dead';
)sql",
     R"sql(
CREATE TABLE tasks (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 9),
  state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'dead')),
  run_at BIGINT NOT NULL,
  enqueued_at BIGINT NOT NULL,
  deliveries BIGINT NOT NULL DEFAULT 0,
  retries BIGINT NOT NULL DEFAULT 0,
  token BIGINT NOT NULL DEFAULT 0,
  lease_until BIGINT,
  holder TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  UNIQUE (queue, id)
);
CREATE INDEX tasks_waiting ON tasks (queue, priority, run_at, seq) WHERE state = 'ready';
CREATE INDEX tasks_held ON tasks (queue, lease_until) WHERE state = 'leased';
CREATE INDEX tasks_dead ON tasks (queue, id) WHERE state = 'dead';
)sql"},
    {"work/0002-workers",
     R"sql(
CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  version TEXT NOT NULL,
  queue TEXT NOT NULL,
  concurrency INTEGER NOT NULL,
  active INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
);
)sql",
     R"sql(
CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid BIGINT NOT NULL,
  version TEXT NOT NULL,
  queue TEXT NOT NULL,
  concurrency BIGINT NOT NULL,
  active BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  state TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);
)sql"},
    {"work/0003-rate-limits",
     R"sql(
CREATE TABLE rate_limits (
  name TEXT PRIMARY KEY,
  free_at_us INTEGER NOT NULL
);
)sql",
     R"sql(
CREATE TABLE rate_limits (
  name TEXT PRIMARY KEY,
  free_at_us BIGINT NOT NULL
);
)sql"},
};

}  // namespace

const std::span<const data::Migration> kWorkMigrations = kMigrations;

}  // namespace selvage::work
