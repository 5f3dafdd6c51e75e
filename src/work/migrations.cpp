// The tables of the work room.
//
// `tasks` is read in four ways, each with an index that holds no more rows than that way needs:
//   tasks_line     those that may run, in the order they are handed out (detail/task_line.hpp);
//   tasks_lane     where the last one of a fair key stands in that line;
//   tasks_delayed  those that are not in line yet, by the time they are due;
//   tasks_parked   those whose key has its number of leases (detail/key_limit.hpp);
//   tasks_held     leases by the time they lapse;
//   tasks_held_of_key  those of a fair key;
//   tasks_dead     dead letters by id;
//   (queue, id)    one task.
// `seq` breaks ties, so that tasks of one millisecond keep their order. Counting and placing read
// the indexes alone, never a payload's pages. `span_ms` is how long a lease or the wait for a retry
// was made: one that lies further ahead was dated before the clock was set back.
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
    {"work/0004-leaders",
     R"sql(
CREATE TABLE leaders (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  token INTEGER NOT NULL,
  renewals INTEGER NOT NULL,
  until INTEGER NOT NULL
);
)sql",
     R"sql(
CREATE TABLE leaders (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  token BIGINT NOT NULL,
  renewals BIGINT NOT NULL,
  until BIGINT NOT NULL
);
)sql"},
    {"work/0005-fair-line",
     R"sql(
ALTER TABLE tasks ADD COLUMN fair_key TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN vtime INTEGER;
DROP INDEX tasks_waiting;
CREATE INDEX tasks_line ON tasks (queue, priority, vtime, run_at, seq)
  WHERE state = 'ready' AND vtime IS NOT NULL;
CREATE INDEX tasks_lane ON tasks (queue, priority, fair_key, vtime)
  WHERE state = 'ready' AND vtime IS NOT NULL AND fair_key <> '';
CREATE INDEX tasks_delayed ON tasks (queue, run_at, seq) WHERE state = 'ready' AND vtime IS NULL;
CREATE TABLE paused_queues (
  queue TEXT PRIMARY KEY,
  paused_at INTEGER NOT NULL
);
)sql",
     R"sql(
ALTER TABLE tasks ADD COLUMN fair_key TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN vtime BIGINT;
DROP INDEX tasks_waiting;
CREATE INDEX tasks_line ON tasks (queue, priority, vtime, run_at, seq)
  WHERE state = 'ready' AND vtime IS NOT NULL;
CREATE INDEX tasks_lane ON tasks (queue, priority, fair_key, vtime)
  WHERE state = 'ready' AND vtime IS NOT NULL AND fair_key <> '';
CREATE INDEX tasks_delayed ON tasks (queue, run_at, seq) WHERE state = 'ready' AND vtime IS NULL;
CREATE TABLE paused_queues (
  queue TEXT PRIMARY KEY,
  paused_at BIGINT NOT NULL
);
)sql"},
    {"work/0006-spans",
     R"sql(
ALTER TABLE tasks ADD COLUMN span_ms INTEGER;
)sql",
     R"sql(
ALTER TABLE tasks ADD COLUMN span_ms BIGINT;
)sql"},
    {"work/0007-outbox",
     R"sql(
CREATE TABLE task_outbox (
  seq INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  fair_key TEXT NOT NULL,
  priority INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL,
  origin TEXT NOT NULL,
  shipped_at INTEGER,
  server TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  UNIQUE (queue, id)
);
CREATE INDEX task_outbox_waiting ON task_outbox (queue, seq) WHERE shipped_at IS NULL;
CREATE INDEX task_outbox_shipped ON task_outbox (queue, shipped_at) WHERE shipped_at IS NOT NULL;
CREATE TABLE noted_queues (
  queue TEXT PRIMARY KEY
);
)sql",
     R"sql(
CREATE TABLE task_outbox (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  fair_key TEXT NOT NULL,
  priority BIGINT NOT NULL,
  run_at BIGINT NOT NULL,
  enqueued_at BIGINT NOT NULL,
  origin TEXT NOT NULL,
  shipped_at BIGINT,
  server TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  UNIQUE (queue, id)
);
CREATE INDEX task_outbox_waiting ON task_outbox (queue, seq) WHERE shipped_at IS NULL;
CREATE INDEX task_outbox_shipped ON task_outbox (queue, shipped_at) WHERE shipped_at IS NOT NULL;
CREATE TABLE noted_queues (
  queue TEXT PRIMARY KEY
);
)sql"},
    {"work/0008-outbox-for-celery",
     R"sql(
ALTER TABLE task_outbox ADD COLUMN for_celery INTEGER NOT NULL DEFAULT 0;
)sql",
     R"sql(
ALTER TABLE task_outbox ADD COLUMN for_celery BIGINT NOT NULL DEFAULT 0;
)sql"},
    {"work/0009-parked",
     R"sql(
ALTER TABLE tasks ADD COLUMN parked INTEGER;
DROP INDEX tasks_delayed;
CREATE INDEX tasks_delayed ON tasks (queue, run_at, seq)
  WHERE state = 'ready' AND vtime IS NULL AND parked IS NULL;
CREATE INDEX tasks_parked ON tasks (queue, fair_key, seq, run_at) WHERE parked IS NOT NULL;
CREATE INDEX tasks_held_of_key ON tasks (queue, fair_key)
  WHERE state = 'leased' AND fair_key <> '';
)sql",
     R"sql(
ALTER TABLE tasks ADD COLUMN parked BIGINT;
DROP INDEX tasks_delayed;
CREATE INDEX tasks_delayed ON tasks (queue, run_at, seq)
  WHERE state = 'ready' AND vtime IS NULL AND parked IS NULL;
CREATE INDEX tasks_parked ON tasks (queue, fair_key, seq, run_at) WHERE parked IS NOT NULL;
CREATE INDEX tasks_held_of_key ON tasks (queue, fair_key)
  WHERE state = 'leased' AND fair_key <> '';
)sql"},
};

}  // namespace

const std::span<const data::Migration> kWorkMigrations = kMigrations;

}  // namespace selvage::work
