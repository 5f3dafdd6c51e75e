#include "celery/routes.hpp"

#include <doctest/doctest.h>

#include "celery/keys.hpp"

namespace selvage::celery {

TEST_CASE("Routes: the first pattern that fits names the queue") {
  const auto routes = Routes::parse("celery", {"shop.*=thumbnails", "shop.pay = money", "?.x=one"});
  REQUIRE(routes.has_value());
  CHECK(routes->queue_of("shop.resize") == "thumbnails");
  CHECK(routes->queue_of("shop.pay") == "thumbnails");
  CHECK(routes->queue_of("a.x") == "one");
  CHECK(routes->queue_of("other") == "celery");
  CHECK(Routes::parse("celery", {"shop"}).error().code == "celery.route");
  CHECK(Routes::parse("celery", {"=x"}).error().code == "celery.route");
  CHECK(Routes::parse("celery", {"x="}).error().code == "celery.route");
}

TEST_CASE("Routes: globs") {
  CHECK(fits_glob("", ""));
  CHECK(fits_glob("", "*"));
  CHECK(fits_glob("abc", "a*c"));
  CHECK(fits_glob("abcabc", "*abc"));
  CHECK(fits_glob("selvage@web-1", "selvage@*"));
  CHECK_FALSE(fits_glob("abc", "a?"));
  CHECK_FALSE(fits_glob("abc", "b*"));
  CHECK_FALSE(fits_glob(std::string(5000, 'a'), std::string(50, '*') + "b"));
}

TEST_CASE("Keys: prefixes stand where Celery puts them") {
  const Keys keys("shop:", "shop", 3);
  CHECK(keys.queue("celery") == "shop:celery");
  CHECK(keys.list("celery", 9) ==
        "shop:celery\x06\x16"
        "9");
  CHECK(keys.result("1") == "shop_celery-task-meta-1");
  CHECK(keys.group("g", ".j") == "shop_celery-taskset-meta-g.j");
  CHECK(keys.events("task-multi") == "shop:/3.celeryev/task.multi");
  CHECK(keys.control() == "shop:/3.celery.pidbox");
  CHECK(keys.reply("reply.celery.pidbox", "me") == "shop:me.reply.celery.pidbox");
  CHECK(keys.bindings("celery") == "shop:_kombu.binding.celery");
  CHECK(Keys::binding("q") == "q\x06\x16\x06\x16q");
  CHECK(Keys("", "shop:", 0).result("1") == "shop:celery-task-meta-1");
  CHECK(Keys("", "", 0).result("1") == "celery-task-meta-1");
}

}  // namespace selvage::celery
