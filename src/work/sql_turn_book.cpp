#include "work/detail/turn.hpp"
#include "work/turn_book.hpp"

namespace selvage::work {

namespace {

class SqlTurnBook final : public TurnBook {
 public:
  explicit SqlTurnBook(data::Database& database) : database_(database) {}

  [[clang::coro_wrapper]] Task<Result<BookedTurn>> take(std::string name, std::int64_t per_minute,
                                                        std::int64_t cost,
                                                        milliseconds at_most) override {
    const Deadline until = Deadline::after(at_most);
    return database_.write([name = std::move(name), per_minute, cost,
                            until](data::Transaction& tx) -> Result<BookedTurn> {
      const SteadyTime asked = steady_now();  // with now(): the body may have waited
      const Turn turn = TRY(take_turn(tx, name, per_minute, cost, now(), until.left()));
      const SteadyTime start = asked + turn.wait;
      return BookedTurn{.taken = turn.taken, .start = start, .void_after = start + kTurnSlack};
    });
  }

  Task<void> close() override { co_return; }

 private:
  data::Database& database_;
};

}  // namespace

std::unique_ptr<TurnBook> make_sql_turn_book(data::Database& database) {
  return std::make_unique<SqlTurnBook>(database);
}

}  // namespace selvage::work
