// Reading SQL as text, for both dialects: quotes, comments, dollar quotes and trigger bodies are
// known, so that a semicolon inside them separates nothing.
#pragma once

#include <string_view>
#include <vector>

namespace selvage::data {

// The statements of a script, trimmed, without their semicolons and without blank ones. The views
// point into `script`.
[[nodiscard]] std::vector<std::string_view> split_statements(std::string_view script);

// Nothing but white space, comments and semicolons.
[[nodiscard]] bool is_blank(std::string_view sql);

// Whether the statement begins, ends or nests a transaction, changes the connection's settings, or
// attaches, detaches or vacuums a database.
[[nodiscard]] bool controls_transaction(std::string_view sql);

}  // namespace selvage::data
