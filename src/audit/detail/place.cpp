#include "audit/detail/place.hpp"

namespace selvage::audit {

Place place_of(const stack::Span& span) {
  if (!span.known()) return {};
  const stack::Place begin = span.place();
  const stack::Place end = span.file->place(span.end);
  return {span.file->name(), begin.line, begin.column, end.line, end.column};
}

}  // namespace selvage::audit
