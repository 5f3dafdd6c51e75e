#include "stack/nginx.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

NginxFile parse(std::string bytes) {
  return parse_nginx(std::make_shared<const Text>("nginx.conf", std::move(bytes)));
}

std::string first_problem(std::string bytes) {
  const NginxFile file = parse(std::move(bytes));
  if (file.problems.empty()) return "";
  return file.problems[0].span.where() + ": " + file.problems[0].message;
}

constexpr const char* kEdge = R"(worker_processes auto; # all
http {
  log_format json escape=json '{"t":"$time_iso8601",'
                              '"s":"a\"b"}';
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 443 ssl;
    server_name ${DOMAIN} *.example.com;
    location ~ ^/(a|b)\.php$ { proxy_pass http://$upstream:8000; }
    location /grafana/ {
      proxy_set_header Host $host;
    }
  }
}
)";

TEST_CASE("nginx: blocks and directives with their places") {
  const NginxFile file = parse(kEdge);
  CHECK(file.problems.empty());
  REQUIRE(file.directives.size() == 2);
  const NginxDirective* server = file.directives[1].child("server");
  REQUIRE(server != nullptr);
  CHECK(server->child("listen")->argument(0) == "443");
  CHECK(server->child("listen")->argument(1) == "ssl");
  CHECK(server->child("listen")->argument(2).empty());
  CHECK(server->child("listen")->span.where() == "nginx.conf:7:5");
  CHECK(server->child("listen")->span.bytes() == "listen 443 ssl;");
  const NginxDirective& php = server->children[2];
  CHECK(php.argument(1) == "^/(a|b)\\.php$");
  CHECK(php.children[0].argument(0) == "http://$upstream:8000");
  const NginxDirective* format = file.directives[1].child("log_format");
  CHECK(format->arguments[3].text == "\"s\":\"a\"b\"}");
  CHECK(format->arguments[3].quoted);
  CHECK(file.directives[1].child("map")->children.size() == 2);
}

TEST_CASE("nginx: variables and the names of a template") {
  std::string names;
  for (const NginxVariable& use : nginx_variables(parse(kEdge))) {
    names += (use.braced ? "{" : "") + use.name + " ";
  }
  CHECK(names == "time_iso8601 http_upgrade connection_upgrade {DOMAIN upstream host ");
  const NginxFile file = parse("a ${B}$C x$1 $ ${D;\n");
  const auto uses = nginx_variables(file);
  REQUIRE(uses.size() == 2);
  CHECK(uses[1].name == "C");
  CHECK(uses[1].span.where() == "nginx.conf:1:7");
}

TEST_CASE("nginx: a walk tells the blocks around a directive") {
  std::string around;
  each_directive(parse(kEdge), [&](const NginxDirective& directive, const auto& parents) {
    if (directive.name.text != "proxy_set_header") return;
    for (const NginxDirective* parent : parents) around += parent->name.text + " ";
  });
  CHECK(around == "http server location ");
}

TEST_CASE("nginx: Lua is not nginx") {
  const NginxFile file =
      parse("content_by_lua_block {\n if x then -- }\n s = '}' end {}\n}\na b;\n");
  CHECK(file.problems.empty());
  REQUIRE(file.directives.size() == 2);
  CHECK(file.directives[0].block.bytes().ends_with("{}\n"));
}

TEST_CASE("nginx: what is wrong, and where") {
  CHECK(first_problem("server {\n listen 80\n}\n")
            .contains("nginx.conf:2:2: \"listen\" does not end"));
  CHECK(
      first_problem("server {\n listen 80;\n").contains("nginx.conf:1:8: the block of \"server\""));
  CHECK(first_problem("a b;\n}\nc d;\n").contains("nginx.conf:2:1: a '}' closes no block"));
  CHECK(first_problem("a 'b;\n").contains("a quote is never closed"));
  CHECK(first_problem("a 'b'c;\n").contains("is missing behind the closing quote"));
  CHECK(first_problem("{ a b; }\n").contains("follows no directive"));
  CHECK(first_problem(";\n").contains("ends no directive"));
  CHECK(parse("a b;\n}\nc d;\n").directives.size() == 2);
}

TEST_CASE("nginx: depth and size are bounded") {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a{";
  CHECK(parse(deep).problems[0].message.contains("nested too deep"));
  std::string wide;
  for (int i = 0; i < 30000; ++i) wide += "a ";
  CHECK(parse(wide).problems[0].message.contains("too many words"));
}

}  // namespace
}  // namespace selvage::stack
