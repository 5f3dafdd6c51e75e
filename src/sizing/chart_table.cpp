#include "sizing/chart_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::sizing {
namespace {

// What was written was valid; a newer version may have kept what this one does not read.
Result<KeptChart> read_kept(const data::Row& row) {
  auto chart = parse_size_chart(row.text(1));
  if (!chart) {
    Error error = chart.error().within(fmt::format("the kept size chart {}", row.text(0)));
    error.kind = ErrorKind::internal;
    return fail(std::move(error));
  }
  return KeptChart{row.text(0), std::move(*chart), row.time(2), row.time(3)};
}

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

}  // namespace

Result<void> check_chart_id(std::string_view id) {
  if (!id.empty() && id.size() <= kLongestChartId && std::ranges::all_of(id, is_id_character)) {
    return {};
  }
  return fail(ErrorKind::invalid, "size_chart.id",
              fmt::format("{} cannot be a size chart's id", in_quotes(id)),
              fmt::format("use 1 to {} of a-z, 0-9, '-', '_' and '.'", kLongestChartId));
}

Result<bool> keep_chart(data::Transaction& tx, const std::string& owner, const std::string& id,
                        const SizeChart& chart) {
  TRY(check_chart_id(id));
  tx.lock("size-charts/" + owner);
  const std::string document = to_json(chart);
  const data::SqlValue time = data::sql(now());
  const auto changed = TRY(tx.execute(
      "UPDATE size_charts SET document = $1, updated_at = $2 WHERE owner = $3 AND id = $4",
      {document, time, owner, id}));
  if (changed > 0) return false;
  const auto count =
      TRY(tx.query_one("SELECT COUNT(*) FROM size_charts WHERE owner = $1", {owner}));
  if (count && count->integer(0) >= static_cast<std::int64_t>(kMostCharts)) {
    return fail(ErrorKind::conflict, "size_chart.too_many",
                fmt::format("an owner has at most {} size charts", kMostCharts),
                "remove one that is no longer needed");
  }
  TRY(
      tx.execute("INSERT INTO size_charts (owner, id, document, created_at, updated_at) "
                 "VALUES ($1, $2, $3, $4, $5)",
                 {owner, id, document, time, time}));
  return true;
}

Result<std::optional<KeptChart>> find_chart(data::Transaction& tx, const std::string& owner,
                                            const std::string& id) {
  const auto row = TRY(
      tx.query_one("SELECT id, document, created_at, updated_at FROM size_charts WHERE owner = $1 "
                   "AND id = $2",
                   {owner, id}));
  if (!row) return std::nullopt;
  return TRY(read_kept(*row));
}

Result<std::vector<KeptChart>> list_charts(data::Transaction& tx, const std::string& owner) {
  const auto rows =
      TRY(tx.query("SELECT id, document, created_at, updated_at FROM size_charts WHERE owner = $1 "
                   "ORDER BY id",
                   {owner}));
  std::vector<KeptChart> charts;
  charts.reserve(rows.size());
  for (const data::Row& row : rows) charts.push_back(TRY(read_kept(row)));
  return charts;
}

Result<bool> remove_chart(data::Transaction& tx, const std::string& owner, const std::string& id) {
  return TRY(tx.execute("DELETE FROM size_charts WHERE owner = $1 AND id = $2", {owner, id})) > 0;
}

}  // namespace selvage::sizing
