// Numbers as people write them: Boost.JSON prints 0.19 as 1.9E-1, which is valid and hard to read.
// Everything else is left to its serialiser.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/json.hpp"

namespace selvage::json {

namespace {

void append(std::string& out, const value& v) {
  switch (v.kind()) {
    case boost::json::kind::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, member] : v.get_object()) {
        if (!std::exchange(first, false)) out += ',';
        out += boost::json::serialize(key);
        out += ':';
        append(out, member);
      }
      out += '}';
      return;
    }
    case boost::json::kind::array: {
      out += '[';
      bool first = true;
      for (const value& element : v.get_array()) {
        if (!std::exchange(first, false)) out += ',';
        append(out, element);
      }
      out += ']';
      return;
    }
    case boost::json::kind::double_: {
      const double number = v.get_double();
      if (std::isfinite(number)) {
        fmt::format_to(std::back_inserter(out), "{}", number);
      } else {
        out += "null";  // JSON has no word for it
      }
      return;
    }
    case boost::json::kind::string:
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::bool_:
    case boost::json::kind::null:
      out += boost::json::serialize(v);
      return;
  }
}

}  // namespace

std::string dump(const value& v) {
  std::string out;
  append(out, v);
  return out;
}

}  // namespace selvage::json
