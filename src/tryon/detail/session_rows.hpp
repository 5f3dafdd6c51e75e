// How a Session lies in its table: the two tables differ in their name and in the owner's column
// only.
#pragma once

#include <string>
#include <string_view>

#include "tryon/session.hpp"

namespace selvage::tryon::detail {

struct SessionTable {
  std::string_view name;
  std::string_view owner_column;
};
[[nodiscard]] SessionTable table_of(Channel channel);

// The column list of a SELECT whose rows read_session() understands.
[[nodiscard]] std::string session_columns(Channel channel);
// Errors: db.corrupt when a column holds what this program never writes.
[[nodiscard]] Result<Session> read_session(const data::Row& row, Channel channel);

}  // namespace selvage::tryon::detail
