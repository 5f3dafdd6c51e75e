// What migrations need to know of, and do to, a PostgreSQL schema: the first that exists in the
// search_path. REQUIRES of all: a PostgreSQL transaction.
#pragma once

#include "data/database.hpp"

namespace selvage::data {

// Whether this room's table of migrations is in the schema. Errors: db.permission when there is no
// schema, or when row-level security would hide rows of our tables from the role.
[[nodiscard]] Result<bool> has_migrations_table(Transaction& tx);

// Errors: db.permission, naming role and schema, when the role may not create tables there.
[[nodiscard]] Result<void> check_may_create(Transaction& tx);

// Shuts the tables that this transaction has made or altered to everybody but their owner and
// Supabase's service_role: row-level security without a policy, no rights for anon and
// authenticated, should these roles exist. A database may be shared with an application whose
// public API would show every table.
[[nodiscard]] Result<void> shut_tables(Transaction& tx);

}  // namespace selvage::data
