#include "data/detail/sql_text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace selvage::data;

namespace {

std::vector<std::string> pieces(std::string_view script) {
  std::vector<std::string> all;
  for (const std::string_view statement : split_statements(script)) all.emplace_back(statement);
  return all;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("SQL scripts: a semicolon separates statements only where it is one") {
  struct Case {
    std::string_view script;
    Pieces expected;
  };
  const Case cases[] = {
      {"", {}},
      {" ; ;\n-- nothing\n;", {}},
      {"SELECT 1", {"SELECT 1"}},
      {"SELECT 1;\n  SELECT 2 ;\n", {"SELECT 1", "SELECT 2"}},
      {"SELECT ';'; SELECT 'it''s; fine';", {"SELECT ';'", "SELECT 'it''s; fine'"}},
      {"SELECT \"a;b\", `c;d`, [e;f];", {"SELECT \"a;b\", `c;d`, [e;f]"}},
      {"SELECT 1 -- one; two\n, 2; SELECT 3", {"SELECT 1 -- one; two\n, 2", "SELECT 3"}},
      {"-- about it;\nSELECT 1; /* and; */ SELECT 2;", {"SELECT 1", "SELECT 2"}},
      {"SELECT 1; -- the end", {"SELECT 1"}},
      {"/* a /* nested; */ b; */ SELECT 1", {"SELECT 1"}},
      {"SELECT $$a;b$$, $tag$c;$$;d$tag$; SELECT $1",
       {"SELECT $$a;b$$, $tag$c;$$;d$tag$", "SELECT $1"}},
      {"CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); DELETE FROM c; END; "
       "SELECT 1",
       {"CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); DELETE FROM c; END",
        "SELECT 1"}},
      {"create temp trigger t after insert on a begin select case when 1 then 2 end; end; SELECT 1",
       {"create temp trigger t after insert on a begin select case when 1 then 2 end; end",
        "SELECT 1"}},
      {"CREATE TABLE trigger_log (begin_at BIGINT); SELECT 1",
       {"CREATE TABLE trigger_log (begin_at BIGINT)", "SELECT 1"}},
      {"SELECT 'never closed; SELECT 2", {"SELECT 'never closed; SELECT 2"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.script);
    CHECK(pieces(c.script) == c.expected);
  }
}

TEST_CASE("SQL text: blank is white space, comments and semicolons") {
  for (const char* blank : {"", " \n\t", ";", " ; -- x", "/* x */ ;"}) {
    CAPTURE(blank);
    CHECK(is_blank(blank));
  }
  for (const char* text : {"x", "; SELECT 1", "-- x\n1", "'"}) {
    CAPTURE(text);
    CHECK_FALSE(is_blank(text));
  }
}

TEST_CASE("SQL text: what controls a transaction is recognised behind comments and in any case") {
  for (const char* text : {"BEGIN", "  commit;", "-- x\nRollback TO a", "/* */ savepoint s", "END",
                           "RELEASE s", "ATTACH 'x' AS y", "VACUUM", "PRAGMA synchronous = OFF"}) {
    CAPTURE(text);
    CHECK(controls_transaction(text));
  }
  for (const char* text : {"SELECT 1", "INSERT INTO begin VALUES (1)", "", "endpoint",
                           "UPDATE t SET end_at = 1", "(SELECT 1)"}) {
    CAPTURE(text);
    CHECK_FALSE(controls_transaction(text));
  }
}
