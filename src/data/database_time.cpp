#include "data/database_time.hpp"

namespace selvage::data {

Result<Timestamp> database_time(Transaction& tx) {
  switch (tx.dialect()) {
    case Dialect::sqlite:
      return now();
    case Dialect::postgres: {
      if (ScopedClock::exists()) return now();
      const auto row = TRY(tx.query_one(
          "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)"));
      return row->time(0);
    }
  }
  return now();
}

}  // namespace selvage::data
