#include "celery/detail/python_repr.hpp"

#include <doctest/doctest.h>

namespace selvage::celery {

TEST_CASE("Python repr: values look as Python prints them") {
  CHECK(python_repr("null", 100) == "None");
  CHECK(python_repr("true", 100) == "True");
  CHECK(python_repr("1.5", 100) == "1.5");
  CHECK(python_repr(R"("it's")", 100) == R"("it's")");
  CHECK(python_repr(R"("say \"it's\"")", 100) == R"('say "it\'s"')");
  CHECK(python_repr(R"("a\nb\\c\u0001")", 100) == R"('a\nb\\c\x01')");
  CHECK(python_repr(R"({"a":[1,false,{}],"b":"é"})", 100) == "{'a': [1, False, {}], 'b': 'é'}");
  CHECK(python_repr("[1, 2]", 100) == "[1, 2]");
}

TEST_CASE("Python repr: args are a tuple") {
  CHECK(python_repr("[]", 100, ReprOf::tuple) == "()");
  CHECK(python_repr("[1]", 100, ReprOf::tuple) == "(1,)");
  CHECK(python_repr("[1, [2, 3]]", 100, ReprOf::tuple) == "(1, [2, 3])");
  CHECK(python_repr(R"([[2,3]])", 100, ReprOf::tuple) == "([2, 3],)");
}

TEST_CASE("Python repr: what is long is cut") {
  const std::string text = '"' + std::string(5000, 'x') + '"';
  CHECK(python_repr(text, 50).size() < 70);
  CHECK(python_repr(text, 50).contains("..."));
  CHECK(python_repr('[' + text + ',' + text + ']', 50).size() < 70);
}

}  // namespace selvage::celery
