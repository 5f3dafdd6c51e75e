// The real storage, database and turns with a switch for trouble: an error, or an exception where
// a process would have died.
#pragma once

#include <functional>
#include <stdexcept>

#include "data/database.hpp"
#include "data/object_storage.hpp"
#include "work/turn_book.hpp"

namespace selvage::tryon {

// Thrown at the moment a crash is simulated; the worker's lease stays as it is.
struct SimulatedCrash : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class FlakyStorage final : public data::ObjectStorage {
 public:
  explicit FlakyStorage(data::ObjectStorage& real) : real_(real) {}

  Task<Result<void>> put(std::string key, std::string bytes, std::string media_type) override {
    if (refused_puts > 0) {
      --refused_puts;
      co_return fail(ErrorKind::unavailable, "storage.denied", "the key was taken back");
    }
    if (failing_puts > 0) {
      --failing_puts;
      co_return fail(ErrorKind::unavailable, "storage.full", "the disk is full");
    }
    const Result<void> done =
        co_await real_.put(std::move(key), std::move(bytes), std::move(media_type));
    if (after_put) after_put();
    if (crash_after_put) {
      crash_after_put = false;
      throw SimulatedCrash("after the result was stored");
    }
    co_return done;
  }
  Task<Result<data::StoredObject>> get(std::string key) override {
    if (unreadable) co_return fail(ErrorKind::unavailable, "storage.unavailable", "away");
    co_return co_await real_.get(std::move(key));
  }
  [[clang::coro_wrapper]] Task<Result<bool>> exists(std::string key) override {
    return real_.exists(std::move(key));
  }
  Task<Result<void>> remove(std::string key) override {
    if (crash_on_remove) {
      crash_on_remove = false;
      throw SimulatedCrash("before something was removed");
    }
    co_return co_await real_.remove(std::move(key));
  }
  [[clang::coro_wrapper]] Task<Result<std::vector<std::string>>> list(std::string prefix,
                                                                      std::size_t limit) override {
    return real_.list(std::move(prefix), limit);
  }
  [[clang::coro_wrapper]] Task<Result<std::string>> signed_url(std::string key,
                                                               seconds lifetime) override {
    return real_.signed_url(std::move(key), lifetime);
  }
  [[clang::coro_wrapper]] Task<Result<void>> ping() override { return real_.ping(); }

  int failing_puts = 0;
  int refused_puts = 0;
  bool unreadable = false;
  bool crash_after_put = false;
  bool crash_on_remove = false;
  std::function<void()> after_put;

 private:
  data::ObjectStorage& real_;
};

class FlakyDatabase final : public data::Database {
 public:
  explicit FlakyDatabase(data::Database& real) : real_(real) {}

  data::Dialect dialect() const override { return real_.dialect(); }
  [[clang::coro_wrapper]] Task<Result<void>> ping() override { return real_.ping(); }

  [[nodiscard]] int writes() const { return writes_; }
  // Counted over writes from now on: 0 is the next one.
  void fail_write(int index) { fail_at_ = writes_ + index; }
  void crash_write(int index) { crash_at_ = writes_ + index; }

 protected:
  void submit(Access access, ErasedBody body,
              std::move_only_function<void(Result<void>)> done) override {
    if (access == Access::write) {
      const int number = writes_++;
      if (number == crash_at_) throw SimulatedCrash("before a commit");
      if (number == fail_at_) {
        done(fail(ErrorKind::unavailable, "db.full", "the disk is full"));
        return;
      }
    }
    struct Open : data::Database {
      using data::Database::submit;
    };
    (real_.*(&Open::submit))(access, std::move(body), std::move(done));
  }

 private:
  data::Database& real_;
  int writes_ = 0;
  int fail_at_ = -1;
  int crash_at_ = -1;
};

class FlakyTurnBook final : public work::TurnBook {
 public:
  explicit FlakyTurnBook(work::TurnBook& real) : real_(real) {}

  Task<Result<work::BookedTurn>> take(std::string name, std::int64_t per_minute, std::int64_t cost,
                                      milliseconds at_most) override {
    if (good_takes-- <= 0 && failing_takes > 0) {
      --failing_takes;
      co_return fail(ErrorKind::unavailable, "redis.unavailable", "Redis is away");
    }
    co_return co_await real_.take(std::move(name), per_minute, cost, at_most);
  }
  [[clang::coro_wrapper]] Task<void> close() override { return real_.close(); }

  int good_takes = 0;  // first
  int failing_takes = 0;

 private:
  work::TurnBook& real_;
};

}  // namespace selvage::tryon
