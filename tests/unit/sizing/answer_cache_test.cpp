#include "sizing/answer_cache.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace selvage::sizing {
namespace {

TEST_CASE("Answer cache: a key says all of photo and question, and nothing readable") {
  const std::string key = cache_key("photo", "question");
  CHECK(key.size() == 32);
  CHECK(key == cache_key("photo", "question"));
  CHECK(key != cache_key("photo", "questions"));
  CHECK(key != cache_key("photos", "question"));
  CHECK(cache_key("photo", "question") != cache_key("photoquestion", ""));
  CHECK(cache_key("ab", "c") != cache_key("a", "bc"));
}

TEST_CASE("Answer cache: the one used longest ago goes first") {
  AnswerCache cache(2, milliseconds(60'000));
  cache.keep("a", "1");
  cache.keep("b", "2");
  CHECK(cache.find("a") == "1");
  cache.keep("c", "3");
  CHECK(cache.find("a") == "1");
  CHECK_FALSE(cache.find("b").has_value());
  CHECK(cache.find("c") == "3");
  CHECK(cache.size() == 2);
  cache.keep("c", "4");
  CHECK(cache.find("c") == "4");
  CHECK(cache.size() == 2);
}

TEST_CASE("Answer cache: what is too old is not told any more") {
  AnswerCache cache(10, milliseconds(20));
  cache.keep("a", "1");
  std::this_thread::sleep_for(milliseconds(30));
  CHECK_FALSE(cache.find("a").has_value());
  CHECK(cache.size() == 0);
}

TEST_CASE("Answer cache: none of it when it is switched off") {
  AnswerCache none(0, milliseconds(60'000));
  none.keep("a", "1");
  CHECK_FALSE(none.find("a").has_value());
  AnswerCache brief(10, milliseconds(0));
  brief.keep("a", "1");
  CHECK(brief.size() == 0);
}

}  // namespace
}  // namespace selvage::sizing
