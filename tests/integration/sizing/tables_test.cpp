#include <doctest/doctest.h>

#include <array>

#include "data/migrations.hpp"
#include "sizing/chart_table.hpp"
#include "sizing/estimate_table.hpp"
#include "support/test_database.hpp"

namespace selvage::sizing {
namespace {

struct Place {
  testing::TestDatabase where;
  std::unique_ptr<data::Database> database = where.must_open();
  Place() {
    const std::array rooms{kSizingMigrations};
    REQUIRE(data::migrate(*database, rooms));
  }
  template <class Body>
  auto write(Body body) {
    return database->write_blocking(std::move(body));
  }
};

SizeChart chart(std::string name, double from) {
  SizeChart made;
  made.name = std::move(name);
  Size size{"M", {}};
  size.ranges[static_cast<std::size_t>(Measure::chest)] = Range{from, from + 8};
  made.sizes.push_back(size);
  return made;
}

TEST_CASE("Size charts: kept, replaced, listed by id and removed, each owner's for itself") {
  Place place;
  const auto keep = [&](const std::string& owner, const std::string& id, const SizeChart& given) {
    return place.write([&](data::Transaction& tx) { return keep_chart(tx, owner, id, given); });
  };
  CHECK(keep("b2b:a", "shirts", chart("Shirts", 90)) == true);
  CHECK(keep("b2b:a", "default", chart("All", 80)) == true);
  CHECK(keep("b2b:b", "shirts", chart("Foreign", 70)) == true);
  CHECK(keep("b2b:a", "shirts", chart("Shirts 2", 91.5)) == false);
  place.write([](data::Transaction& tx) -> Result<void> {
    const auto all = list_charts(tx, "b2b:a");
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 2);
    CHECK((*all)[0].id == "default");
    CHECK((*all)[1].chart == chart("Shirts 2", 91.5));
    CHECK((*all)[1].updated_at >= (*all)[1].created_at);
    CHECK(find_chart(tx, "b2b:b", "shirts")->value().chart.name == "Foreign");
    CHECK_FALSE(find_chart(tx, "b2b:b", "default")->has_value());
    CHECK(remove_chart(tx, "b2b:a", "shirts") == true);
    CHECK(remove_chart(tx, "b2b:a", "shirts") == false);
    CHECK(find_chart(tx, "b2b:b", "shirts")->has_value());
    return {};
  });
}

TEST_CASE("Size charts: bad ids and too many are refused, replacing at the limit is not") {
  Place place;
  const auto code = [&](const std::string& id) {
    const auto kept = place.write(
        [&](data::Transaction& tx) { return keep_chart(tx, "b2b:a", id, chart("x", 90)); });
    return kept ? std::string() : kept.error().code;
  };
  for (const char* bad : {"", "A", "a b", "a/b", "\xC3\xA4"}) CHECK(code(bad) == "size_chart.id");
  CHECK(code(std::string(kLongestChartId + 1, 'a')) == "size_chart.id");
  place.write([](data::Transaction& tx) -> Result<void> {
    for (std::size_t i = 0; i < kMostCharts; ++i) {
      REQUIRE(keep_chart(tx, "b2b:a", std::to_string(i), chart("x", 90)));
    }
    return {};
  });
  CHECK(code("one-more") == "size_chart.too_many");
  CHECK(code("7") == "");
}

TEST_CASE("Size estimates: the first end stands, and what is too old is forgotten") {
  Place place;
  const ScopedClock clock(from_unix_ms(1'000'000));
  place.write([](data::Transaction& tx) -> Result<void> {
    CHECK(begin_estimate(tx, "e1", "b2b:a") == true);
    CHECK(begin_estimate(tx, "e1", "b2b:b") == false);
    auto found = find_estimate(tx, "e1")->value();
    CHECK(found.owner == "b2b:a");
    CHECK_FALSE(found.finished_at.has_value());
    CHECK(finish_estimate(tx, "e1", std::string(R"({"x":1})")) == true);
    CHECK(finish_estimate(tx, "e1", fail(ErrorKind::internal, "late", "too late")) == false);
    found = find_estimate(tx, "e1")->value();
    CHECK(found.answer == R"({"x":1})");
    CHECK_FALSE(found.error.has_value());
    CHECK(begin_estimate(tx, "e2", "") == true);
    CHECK(finish_estimate(tx, "e2", fail(ErrorKind::unprocessable, "sizing.no_person", "m", "h")) ==
          true);
    CHECK(find_estimate(tx, "e2")->value().error->code == "sizing.no_person");
    CHECK(forget_estimates(tx, from_unix_ms(1'000'000)) == 0);
    CHECK(forget_estimates(tx, from_unix_ms(1'000'001)) == 2);
    return {};
  });
}

TEST_CASE("Size estimates: dropped while it waits, its answer is not kept any more") {
  Place place;
  place.write([](data::Transaction& tx) -> Result<void> {
    CHECK(drop_estimate(tx, "none") == false);
    CHECK(begin_estimate(tx, "e1", "b2b:a") == true);
    CHECK(drop_estimate(tx, "e1") == true);
    CHECK(find_estimate(tx, "e1")->value().error->code == "sizing.cancelled");
    CHECK(finish_estimate(tx, "e1", std::string("{}")) == false);
    CHECK(drop_estimate(tx, "e1") == true);
    CHECK_FALSE(find_estimate(tx, "e1")->has_value());
    return {};
  });
}

}  // namespace
}  // namespace selvage::sizing
