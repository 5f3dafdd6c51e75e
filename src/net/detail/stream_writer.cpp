#include "net/detail/stream_writer.hpp"

#include "net/detail/response_head.hpp"

namespace selvage::net::detail {

Task<bool> StreamWriter::write(std::string part) {
  if (closed_.cancelled()) co_return false;
  if (part.empty()) co_return true;  // an empty chunk would end the body
  OutputParts output;
  if (chunked_) {
    size_line_.clear();
    append_chunk_size(size_line_, part.size());
    output.parts = {size_line_, part, "\r\n"};
  } else {
    output.parts = {part, {}, {}};
  }
  if (co_await transport_.write_all(output, patience_)) co_return true;
  client_gone();
  co_return false;
}

Task<bool> StreamWriter::finish() {
  if (gone_) co_return false;
  if (!chunked_) co_return true;
  OutputParts output;
  output.parts[0] = "0\r\n\r\n";
  co_return co_await transport_.write_all(output, patience_);
}

}  // namespace selvage::net::detail
