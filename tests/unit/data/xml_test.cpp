#include "data/detail/xml.hpp"

#include <doctest/doctest.h>

namespace selvage::data {
namespace {

XmlElement parsed(std::string_view text) {
  auto root = parse_xml(text);
  REQUIRE_MESSAGE(root.has_value(), root.error().describe());
  return std::move(*root);
}

TEST_CASE("XML: a listing as S3 sends it") {
  const XmlElement list = parsed(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
      "<Contents><Key>a/1.png</Key><ETag>&quot;x&quot;</ETag></Contents>\n"
      "<!-- aside --><Contents><Key>a/2.png</Key></Contents><CommonPrefixes/>"
      "<IsTruncated> true </IsTruncated></ListBucketResult>\n");
  CHECK(list.name == "ListBucketResult");
  CHECK(list.children.size() == 5);
  CHECK(list.text_of("Name") == "b");
  CHECK(list.text_of("IsTruncated") == "true");
  CHECK(list.text_of("Nothing").empty());
  CHECK(list.child("CommonPrefixes")->children.empty());
  CHECK(list.child("Contents")->text_of("ETag") == "\"x\"");
  CHECK(list.children[2].text_of("Key") == "a/2.png");
}

TEST_CASE("XML: references, CDATA, prefixes and odd attributes") {
  CHECK(parsed("<a>&lt;&amp;&gt;&apos; &#65;&#x20AC;&#x1F600;</a>").text ==
        "<&>' A\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(parsed("<a>x<![CDATA[<b>&amp;]]>y</a>").text == "x<b>&amp;y");
  CHECK(parsed("<s:Error x='>' y=\"/>\"><s:Code>C</s:Code></s:Error>").text_of("Code") == "C");
  CHECK(parsed("<a b='1'/>").name == "a");
  CHECK(parsed("<a>1<b>2</b>3</a >").text == "13");
}

TEST_CASE("XML: what is broken or could hurt is refused with its place") {
  for (const std::string_view bad : {"",
                                     "text",
                                     "<",
                                     "<a",
                                     "<a>",
                                     "<a></b>",
                                     "<a><b></a></b>",
                                     "<a>&bomb;</a>",
                                     "<a>&#0;</a>",
                                     "<a>&#xD800;</a>",
                                     "<a>&#x110000;</a>",
                                     "<a>&amp</a>",
                                     "<a>&#;</a>",
                                     "<a>&#x;</a>",
                                     "<a>&#65x;</a>",
                                     "<a/><b/>",
                                     "<a><!-- </a>",
                                     "<a><![CDATA[</a>",
                                     "<a b='></a>",
                                     "<></>",
                                     "<a></a",
                                     "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                                     "<a><!ELEMENT b></a>",
                                     "<? <a/>"}) {
    CAPTURE(bad);
    const auto refused = parse_xml(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "xml.syntax");
    CHECK(refused.error().message.find("at byte") != std::string::npos);
  }
}

TEST_CASE("XML: depth and number of elements are capped") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(parse_xml(deep).error().message.find("too deeply") != std::string::npos);
  std::string nested, end;
  for (int i = 0; i < kMaxXmlDepth; ++i) {
    nested += "<a>";
    end += "</a>";
  }
  CHECK(parse_xml(nested + end).has_value());
  std::string wide = "<a>";
  for (std::size_t i = 0; i < kMaxXmlElements; ++i) wide += "<b/>";
  CHECK(parse_xml(wide + "</a>").error().message.find("too many") != std::string::npos);
}

}  // namespace
}  // namespace selvage::data
