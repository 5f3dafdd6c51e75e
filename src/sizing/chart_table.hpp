// Size charts that stores have brought, in the database: by owner and by the id the owner gave.
//
// Plain functions over a transaction. An owner is its key ("b2b:store-1"); another owner's chart
// does not exist.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.hpp"
#include "data/migrations.hpp"
#include "sizing/size_chart.hpp"

namespace selvage::sizing {

inline constexpr std::size_t kMostCharts = 200;  // of one owner
inline constexpr std::size_t kLongestChartId = 64;
// The chart of this id is used when a request names none.
inline constexpr std::string_view kUsualChart = "default";

struct KeptChart {
  std::string id;
  SizeChart chart;
  Timestamp created_at;
  Timestamp updated_at;
};

// Errors: size_chart.id (invalid): ids are 1 to 64 of a-z, 0-9, '-', '_' and '.'.
[[nodiscard]] Result<void> check_chart_id(std::string_view id);

// Adds or replaces it; true when it is new. Errors: size_chart.id, size_chart.too_many (conflict).
[[nodiscard]] Result<bool> keep_chart(data::Transaction& tx, const std::string& owner,
                                      const std::string& id, const SizeChart& chart);
[[nodiscard]] Result<std::optional<KeptChart>> find_chart(data::Transaction& tx,
                                                          const std::string& owner,
                                                          const std::string& id);
// By id.
[[nodiscard]] Result<std::vector<KeptChart>> list_charts(data::Transaction& tx,
                                                         const std::string& owner);
// False when there is none.
[[nodiscard]] Result<bool> remove_chart(data::Transaction& tx, const std::string& owner,
                                        const std::string& id);

extern const std::span<const data::Migration> kSizingMigrations;

}  // namespace selvage::sizing
