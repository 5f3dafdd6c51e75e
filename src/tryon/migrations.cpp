// The tables of generation. Both dialects say the same; SQLite keeps a trigger on one line because
// the migration reader splits statements at a ';' that ends a line.
#include "tryon/session.hpp"

namespace selvage::tryon {
namespace {

constexpr data::Migration kMigrations[] = {
    {
        .id = "tryon/0001-sessions",
        .sqlite = R"sql(
CREATE TABLE generation_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  task_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
  credits INTEGER NOT NULL CHECK (credits > 0),
  person_image_url TEXT NOT NULL,
  garment_image_urls TEXT NOT NULL,
  prompt TEXT,
  options TEXT NOT NULL DEFAULT '{}',
  result_key TEXT,
  error_code TEXT,
  error_message TEXT,
  error_detail TEXT,
  note TEXT,
  provider TEXT,
  provider_request_id TEXT,
  retry_of TEXT,
  lease_token INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  provider_retries INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  updated_at INTEGER NOT NULL,
  CHECK (status <> 'completed' OR result_key IS NOT NULL),
  CHECK (status <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX generation_sessions_created ON generation_sessions (created_at, id);
CREATE INDEX generation_sessions_owner ON generation_sessions (user_id, created_at, id);
CREATE INDEX generation_sessions_status ON generation_sessions (status, created_at, id);
CREATE INDEX generation_sessions_updated ON generation_sessions (updated_at, id);
CREATE INDEX generation_sessions_open ON generation_sessions (updated_at, id) WHERE status IN ('queued', 'processing');
CREATE TABLE store_generation_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  task_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  store_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
  credits INTEGER NOT NULL CHECK (credits > 0),
  person_image_url TEXT NOT NULL,
  garment_image_urls TEXT NOT NULL,
  prompt TEXT,
  options TEXT NOT NULL DEFAULT '{}',
  result_key TEXT,
  error_code TEXT,
  error_message TEXT,
  error_detail TEXT,
  note TEXT,
  provider TEXT,
  provider_request_id TEXT,
  retry_of TEXT,
  lease_token INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  provider_retries INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  updated_at INTEGER NOT NULL,
  CHECK (status <> 'completed' OR result_key IS NOT NULL),
  CHECK (status <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX store_generation_sessions_created ON store_generation_sessions (created_at, id);
CREATE INDEX store_generation_sessions_owner ON store_generation_sessions (store_id, created_at, id);
CREATE INDEX store_generation_sessions_status ON store_generation_sessions (status, created_at, id);
CREATE INDEX store_generation_sessions_updated ON store_generation_sessions (updated_at, id);
CREATE INDEX store_generation_sessions_open ON store_generation_sessions (updated_at, id) WHERE status IN ('queued', 'processing');
)sql",
        .postgres = R"sql(
CREATE TABLE generation_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  task_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
  credits BIGINT NOT NULL CHECK (credits > 0),
  person_image_url TEXT NOT NULL,
  garment_image_urls TEXT NOT NULL,
  prompt TEXT,
  options TEXT NOT NULL DEFAULT '{}',
  result_key TEXT,
  error_code TEXT,
  error_message TEXT,
  error_detail TEXT,
  note TEXT,
  provider TEXT,
  provider_request_id TEXT,
  retry_of TEXT,
  lease_token BIGINT NOT NULL DEFAULT 0,
  attempts BIGINT NOT NULL DEFAULT 0,
  provider_retries BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  updated_at BIGINT NOT NULL,
  CHECK (status <> 'completed' OR result_key IS NOT NULL),
  CHECK (status <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX generation_sessions_created ON generation_sessions (created_at, id);
CREATE INDEX generation_sessions_owner ON generation_sessions (user_id, created_at, id);
CREATE INDEX generation_sessions_status ON generation_sessions (status, created_at, id);
CREATE INDEX generation_sessions_updated ON generation_sessions (updated_at, id);
CREATE INDEX generation_sessions_open ON generation_sessions (updated_at, id) WHERE status IN ('queued', 'processing');
CREATE TABLE store_generation_sessions (LIKE generation_sessions INCLUDING ALL);
ALTER TABLE store_generation_sessions RENAME COLUMN user_id TO store_id;
)sql",
    },
    {
        .id = "tryon/0002-ledger",
        .sqlite = R"sql(
CREATE TABLE credit_ledger (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'charge', 'refund')),
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  amount INTEGER NOT NULL,
  session_id TEXT,
  reason TEXT NOT NULL,
  reference TEXT,
  created_at INTEGER NOT NULL,
  CHECK ((kind = 'charge' AND amount < 0) OR (kind <> 'charge' AND amount > 0)),
  CHECK ((kind = 'grant') = (session_id IS NULL))
);
CREATE UNIQUE INDEX credit_ledger_one_charge ON credit_ledger (session_id) WHERE kind = 'charge';
CREATE UNIQUE INDEX credit_ledger_one_refund ON credit_ledger (session_id) WHERE kind = 'refund';
CREATE UNIQUE INDEX credit_ledger_reference ON credit_ledger (reference) WHERE reference IS NOT NULL;
CREATE INDEX credit_ledger_owner ON credit_ledger (channel, owner, id);
CREATE TRIGGER credit_ledger_no_update BEFORE UPDATE ON credit_ledger BEGIN SELECT RAISE(ABORT, 'credit_ledger is append-only'); END;
CREATE TRIGGER credit_ledger_no_delete BEFORE DELETE ON credit_ledger BEGIN SELECT RAISE(ABORT, 'credit_ledger is append-only'); END;
CREATE TABLE credit_balances (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  balance INTEGER NOT NULL CHECK (balance >= 0),
  granted INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  PRIMARY KEY (channel, owner)
) WITHOUT ROWID;
)sql",
        .postgres = R"sql(
CREATE TABLE credit_ledger (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'charge', 'refund')),
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  amount BIGINT NOT NULL,
  session_id TEXT,
  reason TEXT NOT NULL,
  reference TEXT,
  created_at BIGINT NOT NULL,
  CHECK ((kind = 'charge' AND amount < 0) OR (kind <> 'charge' AND amount > 0)),
  CHECK ((kind = 'grant') = (session_id IS NULL))
);
CREATE UNIQUE INDEX credit_ledger_one_charge ON credit_ledger (session_id) WHERE kind = 'charge';
CREATE UNIQUE INDEX credit_ledger_one_refund ON credit_ledger (session_id) WHERE kind = 'refund';
CREATE UNIQUE INDEX credit_ledger_reference ON credit_ledger (reference) WHERE reference IS NOT NULL;
CREATE INDEX credit_ledger_owner ON credit_ledger (channel, owner, id);
CREATE FUNCTION credit_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'credit_ledger is append-only'; END $$;
CREATE TRIGGER credit_ledger_no_change BEFORE UPDATE OR DELETE ON credit_ledger FOR EACH ROW EXECUTE FUNCTION credit_ledger_is_append_only();
CREATE TABLE credit_balances (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  balance BIGINT NOT NULL CHECK (balance >= 0),
  granted BIGINT NOT NULL,
  charged BIGINT NOT NULL,
  refunded BIGINT NOT NULL,
  PRIMARY KEY (channel, owner)
);
)sql",
    },
    {
        .id = "tryon/0003-idempotency",
        .sqlite = R"sql(
CREATE TABLE idempotency_keys (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  session_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (channel, owner, key)
) WITHOUT ROWID;
)sql",
        .postgres = R"sql(
CREATE TABLE idempotency_keys (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  session_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (channel, owner, key)
);
)sql",
    },
    {
        .id = "tryon/0004-progress-and-cancel",
        .sqlite = R"sql(
ALTER TABLE generation_sessions ADD COLUMN stage TEXT;
ALTER TABLE generation_sessions ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;
ALTER TABLE generation_sessions ADD COLUMN cancel_requested_at INTEGER;
ALTER TABLE store_generation_sessions ADD COLUMN stage TEXT;
ALTER TABLE store_generation_sessions ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_generation_sessions ADD COLUMN cancel_requested_at INTEGER;
UPDATE generation_sessions SET progress = 100 WHERE status = 'completed';
UPDATE store_generation_sessions SET progress = 100 WHERE status = 'completed';
CREATE INDEX generation_sessions_cancel ON generation_sessions (id) WHERE status = 'processing' AND cancel_requested_at IS NOT NULL;
CREATE INDEX store_generation_sessions_cancel ON store_generation_sessions (id) WHERE status = 'processing' AND cancel_requested_at IS NOT NULL;
)sql",
        .postgres = R"sql(
ALTER TABLE generation_sessions ADD COLUMN stage TEXT;
ALTER TABLE generation_sessions ADD COLUMN progress BIGINT NOT NULL DEFAULT 0;
ALTER TABLE generation_sessions ADD COLUMN cancel_requested_at BIGINT;
ALTER TABLE store_generation_sessions ADD COLUMN stage TEXT;
ALTER TABLE store_generation_sessions ADD COLUMN progress BIGINT NOT NULL DEFAULT 0;
ALTER TABLE store_generation_sessions ADD COLUMN cancel_requested_at BIGINT;
UPDATE generation_sessions SET progress = 100 WHERE status = 'completed';
UPDATE store_generation_sessions SET progress = 100 WHERE status = 'completed';
CREATE INDEX generation_sessions_cancel ON generation_sessions (id) WHERE status = 'processing' AND cancel_requested_at IS NOT NULL;
CREATE INDEX store_generation_sessions_cancel ON store_generation_sessions (id) WHERE status = 'processing' AND cancel_requested_at IS NOT NULL;
)sql",
    },
    {
        .id = "tryon/0005-webhooks",
        .sqlite = R"sql(
CREATE TABLE webhook_endpoints (
  id TEXT NOT NULL PRIMARY KEY,
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret TEXT NOT NULL,
  old_secret TEXT,
  old_secret_until INTEGER,
  disabled_reason TEXT,
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since INTEGER,
  retry_at INTEGER,
  created_at INTEGER NOT NULL
);
CREATE INDEX webhook_endpoints_owner ON webhook_endpoints (channel, owner, id);
CREATE TABLE webhook_deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  endpoint_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  event TEXT NOT NULL,
  session_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_status INTEGER,
  last_error TEXT,
  round_at INTEGER NOT NULL,
  last_attempt_at INTEGER,
  next_attempt_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX webhook_deliveries_owner ON webhook_deliveries (channel, owner, id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_session ON webhook_deliveries (session_id, id);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (updated_at) WHERE state <> 'pending';
)sql",
        .postgres = R"sql(
CREATE TABLE webhook_endpoints (
  id TEXT NOT NULL PRIMARY KEY,
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret TEXT NOT NULL,
  old_secret TEXT,
  old_secret_until BIGINT,
  disabled_reason TEXT,
  failures BIGINT NOT NULL DEFAULT 0,
  failing_since BIGINT,
  retry_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX webhook_endpoints_owner ON webhook_endpoints (channel, owner, id);
CREATE TABLE webhook_deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  endpoint_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  event TEXT NOT NULL,
  session_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts BIGINT NOT NULL DEFAULT 0,
  last_status BIGINT,
  last_error TEXT,
  round_at BIGINT NOT NULL,
  last_attempt_at BIGINT,
  next_attempt_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_owner ON webhook_deliveries (channel, owner, id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_session ON webhook_deliveries (session_id, id);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (updated_at) WHERE state <> 'pending';
)sql",
    },
    {
        .id = "tryon/0006-owner-limits",
        .sqlite = R"sql(
CREATE TABLE owner_limits (
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  daily_jobs INTEGER NOT NULL CHECK (daily_jobs >= 0),
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (channel, owner)
) WITHOUT ROWID;
CREATE TABLE owner_days (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  day INTEGER NOT NULL,
  jobs INTEGER NOT NULL,
  PRIMARY KEY (channel, owner, day)
) WITHOUT ROWID;
CREATE INDEX owner_days_day ON owner_days (day);
)sql",
        .postgres = R"sql(
CREATE TABLE owner_limits (
  channel TEXT NOT NULL CHECK (channel IN ('b2b', 'b2c')),
  owner TEXT NOT NULL,
  daily_jobs BIGINT NOT NULL CHECK (daily_jobs >= 0),
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (channel, owner)
);
CREATE TABLE owner_days (
  channel TEXT NOT NULL,
  owner TEXT NOT NULL,
  day BIGINT NOT NULL,
  jobs BIGINT NOT NULL,
  PRIMARY KEY (channel, owner, day)
);
CREATE INDEX owner_days_day ON owner_days (day);
)sql",
    },
    {
        .id = "tryon/0007-idempotency-age",
        .sqlite = "CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);",
        .postgres = "CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);",
    },
    {
        // The two tables are merged by bytes, whatever the order of the database's language.
        .id = "tryon/0008-order-of-ids",
        .sqlite = "",
        .postgres = R"sql(
ALTER TABLE generation_sessions ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE store_generation_sessions ALTER COLUMN id TYPE TEXT COLLATE "C";
)sql",
    },
};

}  // namespace

const std::span<const data::Migration> kTryonMigrations = kMigrations;

}  // namespace selvage::tryon
