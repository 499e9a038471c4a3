// Responses as a table: the bytes, then what they are. Every row is read in one piece, byte by byte
// and cut in two at every place; the outcome must not depend on it.
#include "libthrottle/http/response_reader.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/http/response_transcript.h"

namespace throttle::http::testing {
namespace {

enum class After { kOpen, kClosed };

struct Row {
  std::string_view name;
  std::string_view bytes;
  std::string_view outcome;
  After after = After::kOpen;
  Method method = Method::kGet;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr Row kResponses[] = {
    {"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
     "200 Content-Length=5\nbody hello\nend keep-alive"},
    {"LengthZero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
     "200 Content-Length=0\nend keep-alive"},
    {"NoPhrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
     "200 Content-Length=0\nend keep-alive"},
    {"SaysClose", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
     "200 Connection=close Content-Length=1\nbody x\nend close"},
    {"Http10", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "200 Content-Length=1\nbody x\nend close"},
    {"UntilClose", "HTTP/1.1 200 OK\r\n\r\nhello", "200\nbody hello\nend close", After::kClosed},
    {"UntilCloseStillOpen", "HTTP/1.1 200 OK\r\n\r\nhello", "200\nbody hello\nmore"},
    {"UntilCloseEmpty", "HTTP/1.1 200 OK\r\n\r\n", "200\nend close", After::kClosed},
    {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", "204\nend keep-alive"},
    {"NotModifiedWithLength", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
     "304 Content-Length=7\nend keep-alive"},
    {"AnswerToHead", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
     "200 Content-Length=7\nend keep-alive", After::kOpen, Method::kHead},
    {"ChunkedAnswerToHead", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "200 Transfer-Encoding=chunked\nend keep-alive", After::kOpen, Method::kHead},
    {"Chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
     "200 Transfer-Encoding=chunked\nbody hello world\nend keep-alive"},
    {"ChunkedWithLeadingZeros",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n00000001\r\nx\r\n0\r\n\r\n",
     "200 Transfer-Encoding=Chunked\nbody x\nend keep-alive"},
    {"ChunkedWithExtensionsAndTrailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2;a=b\r\nhi\r\n0;last\r\nServer-Timing: x\r\nDigest: y\r\n\r\n",
     "200 Transfer-Encoding=chunked\nbody hi\nend keep-alive"},
    {"InterimResponsesAreSkipped",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "200 Content-Length=1\nbody x\nend keep-alive"},
    {"InterimAnswerToHead",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
     "200 Content-Length=1\nend keep-alive", After::kOpen, Method::kHead},
    {"NothingYet", "", "more"},
    {"HeadIncomplete", "HTTP/1.1 200 OK\r\nContent-Le", "more"},
    {"BodyIncomplete", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
     "200 Content-Length=5\nbody hel\nmore"},
    {"ChunkIncomplete", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
     "200 Transfer-Encoding=chunked\nbody hel\nmore"},
    {"LastChunkIncomplete", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r",
     "200 Transfer-Encoding=chunked\nmore"},
};

constexpr Row kFaults[] = {
    {"Garbage", "SSH-2.0-OpenSSH_9.2\r\n", "fault: bad version"},
    {"Silence", "", "fault: the connection was closed before an answer", After::kClosed},
    {"OnlyInterim", "HTTP/1.1 100 Continue\r\n\r\n",
     "fault: the connection was closed before an answer", After::kClosed},
    {"CutInHead", "HTTP/1.1 200 OK\r\nConte",
     "fault: the connection was closed in the middle of the head", After::kClosed},
    {"CutInBody", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
     "200 Content-Length=5\nbody hel\nfault: the connection was closed in the middle of the body",
     After::kClosed},
    {"CutInChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
     "200 Transfer-Encoding=chunked\nbody hel\n"
     "fault: the connection was closed in the middle of the body",
     After::kClosed},
    {"CutBeforeLastChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
     "200 Transfer-Encoding=chunked\nbody x\n"
     "fault: the connection was closed in the middle of the body",
     After::kClosed},
    {"Version2", "HTTP/2.0 200 OK\r\n\r\n", "fault: bad version"},
    {"StatusOfTwoDigits", "HTTP/1.1 20 OK\r\n\r\n", "fault: bad status"},
    {"StatusBelow100", "HTTP/1.1 099 OK\r\n\r\n", "fault: bad status"},
    {"SwitchesProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
     "fault: it switches to another protocol"},
    {"ChunkedAndLength",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
     "fault: bad Content-Length"},
    {"LengthAndChunked",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "fault: bad Transfer-Encoding"},
    {"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
     "fault: bad Content-Length"},
    {"OtherCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     "fault: bad Transfer-Encoding"},
    {"ChunkedInHttp10", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "fault: Transfer-Encoding in HTTP/1.0"},
    {"FoldedHeader", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
     "fault: folded header"},
    {"BadChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
     "200 Transfer-Encoding=chunked\nfault: bad chunk"},
    {"ChunkLongerThanItsSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
     "200 Transfer-Encoding=chunked\nbody x\nfault: bad chunk"},
    {"BodyOverTheLimit", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
     "fault: body limit exceeded"},
    {"TooManyHeaders",
     "HTTP/1.1 200 OK\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: "
     "1\r\n\r\n",
     "fault: too many headers"},
};

constexpr ResponseLimits kLimits{.head_bytes = 512, .header_count = 8, .body_bytes = 64};

std::string read(const Row& row, const std::vector<std::string_view>& pieces) {
  return response_transcript_of({pieces, row.after == After::kClosed}, kLimits, row.method);
}

std::vector<std::string_view> each_byte(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

class ResponseReaderTest : public ::testing::TestWithParam<Row> {};

TEST_P(ResponseReaderTest, ReadsAsWritten) {
  const Row& row = GetParam();
  EXPECT_EQ(read(row, {row.bytes}), row.outcome);
  EXPECT_EQ(read(row, each_byte(row.bytes)), row.outcome) << "byte by byte";
  for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) {
    EXPECT_EQ(read(row, {row.bytes.substr(0, cut), row.bytes.substr(cut)}), row.outcome)
        << "cut at " << cut;
  }
}

std::string name_of(const ::testing::TestParamInfo<Row>& info) {
  return std::string(info.param.name);
}

INSTANTIATE_TEST_SUITE_P(Responses, ResponseReaderTest, ::testing::ValuesIn(kResponses), name_of);
INSTANTIATE_TEST_SUITE_P(Faults, ResponseReaderTest, ::testing::ValuesIn(kFaults), name_of);

TEST(ResponseReader, RefusesAHeadOverTheLimit) {
  ResponseTranscript transcript(kLimits, Method::kGet);
  EXPECT_FALSE(transcript.feed("HTTP/1.1 200 OK\r\na: " + std::string(600, 'x')));
  EXPECT_EQ(transcript.text(), "fault: header limit");
}

TEST(ResponseReader, ABodyUntilTheCloseComesOutUpToTheLimitHoweverItIsCut) {
  const std::string bytes = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100, 'x');
  const std::string outcome = "200\nbody " + std::string(64, 'x') + "\nfault: body limit exceeded";
  const Row row{"EndlessBody", bytes, outcome};
  EXPECT_EQ(read(row, {bytes}), outcome);
  EXPECT_EQ(read(row, each_byte(bytes)), outcome);
}

TEST(ResponseReader, RefusesEndlessInterimResponses) {
  ResponseTranscript transcript(kLimits, Method::kGet);
  bool wants_more = true;
  for (int i = 0; i < 17 && wants_more; ++i)
    wants_more = transcript.feed("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(transcript.text(), "fault: too many interim responses");
}

TEST(ResponseReader, RefusesAnEndlessChunkHeader) {
  ResponseTranscript transcript({}, Method::kGet);
  transcript.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  bool wants_more = true;
  for (int i = 0; i < 20 && wants_more; ++i)
    wants_more = transcript.feed(std::string(1024, 'x'));
  EXPECT_FALSE(wants_more);
}

TEST(ResponseReader, LeavesBytesBehindTheEndToTheCaller) {
  const ResponseLimits limits;
  ResponseReader reader(limits, Method::kGet);
  std::string_view bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz";
  EXPECT_EQ(reader.read(bytes), ResponseReader::Event::kHead);
  EXPECT_EQ(reader.read(bytes), ResponseReader::Event::kBody);
  EXPECT_EQ(reader.body_piece(), "x");
  EXPECT_EQ(reader.read(bytes), ResponseReader::Event::kEnd);
  EXPECT_EQ(bytes, "yz");
}

TEST(ResponseHead, FindsHeadersInAnyCase) {
  const ResponseHead head{200, {{"Content-Type", "a"}, {"content-type", "b"}}};
  EXPECT_EQ(head.value_of("CONTENT-TYPE"), "a");
  EXPECT_EQ(head.value_of("Accept"), "");
}

}  // namespace
}  // namespace throttle::http::testing
