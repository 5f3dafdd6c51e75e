#include "net/tcp_probe.hpp"

#include "net/stream.hpp"

namespace selvage::net {

namespace {

// A stream's errors under the probe's name: stream.tls is probe.tls.
std::unexpected<Error> as_probe(Error error) {
  if (error.code.starts_with("stream.")) error.code.replace(0, 6, "probe");
  return fail(std::move(error));
}

}  // namespace

struct TcpProbe::Conversation {
  std::unique_ptr<Stream> stream;
  Deadline deadline;
};

TcpProbe::TcpProbe(std::unique_ptr<Conversation> conversation)
    : conversation_(std::move(conversation)) {}

TcpProbe::~TcpProbe() = default;

Task<Result<std::unique_ptr<TcpProbe>>> TcpProbe::connect(std::string host, std::uint16_t port,
                                                          Security security, Deadline deadline) {
  StreamTarget target{.host = std::move(host), .port = port, .tls = security == Security::tls};
  auto stream = co_await Stream::connect(std::move(target), deadline, {});
  if (!stream) co_return as_probe(stream.error());
  co_return std::unique_ptr<TcpProbe>(
      new TcpProbe(std::make_unique<Conversation>(std::move(*stream), deadline)));
}

Task<Result<void>> TcpProbe::send(std::string bytes) {
  if (!conversation_->stream->append(bytes)) {
    co_return fail(ErrorKind::too_large, "probe.closed", "that is too much to say to a probe");
  }
  conversation_->stream->flush();
  co_return Result<void>();
}

Task<Result<std::string>> TcpProbe::receive() {
  std::string answer(kMaxAnswer, '\0');
  const auto got = co_await conversation_->stream->read_some(answer, conversation_->deadline, {});
  if (!got) co_return as_probe(got.error());
  answer.resize(*got);
  co_return answer;
}

}  // namespace selvage::net
