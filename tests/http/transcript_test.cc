// The protocol as a table: the bytes, then what happened. Every row is read in one piece, byte by
// byte, and cut in two at every place; the outcome must not depend on it.
#include "tests/http/transcript.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::http::testing {
namespace {

struct Row {
  std::string_view name;
  std::string_view bytes;
  std::string_view outcome;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr Row kRequests[] = {
    {"GetWithoutHeaders", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health\nidle"},
    {"GetWithQuery", "GET /remainder?semaphore=A%20b&x HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /remainder?semaphore=A%20b&x\nidle"},
    {"EmptyQuery", "PUT /peers/5/A? HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1",
     "PUT /peers/5/A body=1\nidle"},
    {"BodyWithLength",
     "PUT /peers/5 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
     "20\r\n\r\n"
     "{\"expires_in\": \"1s\"}",
     "PUT /peers/5 type=application/json body={\"expires_in\": \"1s\"}\nidle"},
    {"BodyLengthZero", "DELETE /peers/5 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
     "DELETE /peers/5\nidle"},
    {"HeaderNamesInAnyCase",
     "POST /a HTTP/1.1\r\nHost: a\r\ncOnTeNt-LeNgTh: 2\r\nACCEPT:  */*  \r\n\r\nhi",
     "POST /a accept=*/* body=hi\nidle"},
    {"FirstOfDoubledAcceptCounts",
     "GET / HTTP/1.1\r\nHost: a\r\nAccept: a/b\r\nAccept: c/d\r\n\r\n", "GET / accept=a/b\nidle"},
    {"EmptyHeaderValue", "GET / HTTP/1.1\r\nHost: a\r\nAccept:\r\nContent-Type: \t \r\n\r\n",
     "GET /\nidle"},
    {"AllMethods",
     "GET / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: "
     "a\r\n\r\nPUT / HTTP/1.1\r\nHost: a\r\n\r\n"
     "DELETE / HTTP/1.1\r\nHost: a\r\n\r\nPATCH / HTTP/1.1\r\nHost: a\r\n\r\nget / "
     "HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /\nHEAD /\nPOST /\nPUT /\nDELETE /\nOTHER /\nOTHER /\nidle"},
    {"PipelinedWithBodies",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
     "POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
     "POST /a body=abc\nGET /b\nPOST /c body=x\nidle"},
    {"EmptyLinesBeforeRequestsAreSkipped",
     "\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /a\nGET /b\nidle"},
    {"OnlyEmptyLines", "\r\n\r\n\n", "idle"},
    {"BytesBeyondAsciiInTarget", "GET /caf\xC3\xA9?\xFF HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /caf\xC3\xA9?\xFF\nidle"},
    {"AbsoluteForm", "GET http://host:8000/a?b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b\nidle"},
    {"AbsoluteFormWithoutPath", "GET http://host HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\nidle"},
    {"AbsoluteFormWithQueryOnly", "GET http://host?a=/b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /?a=/b\nidle"},
    {"AsteriskForm", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *\nidle"},
    {"PathWithSchemeInside", "GET /http://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /http://a\nidle"},
    {"BodyIncomplete", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", "in body"},
    {"HeadIncomplete", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n", "in head"},
};

constexpr Row kChunked[] = {
    {"Chunks",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
     "world\r\n0\r\n\r\n",
     "POST /a body=hello world\nidle"},
    {"NameOfCodingInAnyCase",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", "POST /\nidle"},
    {"ThenAnotherRequest",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /b "
     "HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST / body=x\nGET /b\nidle"},
    {"ExtensionsAndTrailersAreIgnored",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2;a=b;c=\"d;\\\"e\"\r\nhi\r\n0;last\r\nAccept: x\r\nContent-Type: y\r\n\r\n",
     "POST / body=hi\nidle"},
    {"SizeInUpperCaseHexadecimal",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0A\r\n0123456789\r\n0\r\n\r\n",
     "POST / body=0123456789\nidle"},
    {"Incomplete", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
     "in body"},
    {"LastChunkIncomplete",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r", "in body"},
    {"SizeNoNumber", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
     "400 The request cannot be understood: bad chunk.\nover"},
    {"SizeBeyond64Bits",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
     "400 The request cannot be understood: bad chunk.\nover"},
    {"DataLongerThanSize",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
     "400 The request cannot be understood: bad chunk.\nover"},
    {"SumBeyondBodyLimit",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n\r\n20\r\n01234567890123456789012345678901\r\n"
     "1\r\nx\r\n",
     "413 The body is longer than 32 bytes (max_body_bytes). Send less.\nover"},
};

constexpr Row kKeepAlive[] = {
    {"CloseEndsIt",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /\nover"},
    {"CloseInAListInAnyCase", "GET / HTTP/1.1\r\nHost: a\r\nConnection: te, CLOSE\r\n\r\n",
     "GET /\nover"},
    {"Http10EndsByDefault", "GET / HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n", "GET /\nover"},
    {"Http10MayBeKeptAlive",
     "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
     "GET /\nGET /b\nover"},
};

constexpr Row kGarbage[] = {
    {"NoMethod", " / HTTP/1.1\r\nHost: a\r\n\r\n",
     "400 The request cannot be understood: bad method.\nover"},
    {"TlsClientHello", "\x16\x03\x01\x02",
     "400 The request cannot be understood: bad method.\nover"},
    {"Binary", std::string_view("\0\0\0", 3),
     "400 The request cannot be understood: bad method.\nover"},
    {"Words", "hello, server\r\n", "400 The request cannot be understood: bad method.\nover"},
    {"NoTarget", "GET  HTTP/1.1\r\n", "400 The request cannot be understood: bad target.\nover"},
    {"Http09", "GET /\r\n", "400 The request cannot be understood: bad target.\nover"},
    {"RelativeTarget", "GET health HTTP/1.1\r\n",
     "400 The request cannot be understood: bad target.\nover"},
    {"AuthorityForm", "CONNECT host:443 HTTP/1.1\r\n",
     "400 The request cannot be understood: bad target.\nover"},
    {"BlankInTarget", "GET /a b HTTP/1.1\r\n",
     "400 The request cannot be understood: bad version.\nover"},
    {"ShortVersion", "GET / HTTP\r\n",
     "400 The request cannot be understood: incomplete line.\nover"},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     "400 The request cannot be understood: bad version.\nover"},
    {"LineFeedAlone", "GET / HTTP/1.1\n",
     "400 The request cannot be understood: incomplete line.\nover"},
    {"LineFeedAloneInHeaders", "GET / HTTP/1.1\r\nHost: a\r\nA: b\nC: d\r\n\r\n",
     "400 The request cannot be understood: bad value.\nover"},
    {"HeaderWithoutColon", "GET / HTTP/1.1\r\nHost\r\n\r\n",
     "400 The request cannot be understood: bad field.\nover"},
    {"BlankBeforeColon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n",
     "400 The request cannot be understood: bad field.\nover"},
    {"ControlCharacterInValue", "GET / HTTP/1.1\r\nHost: a\r\nA: b\x01\r\n\r\n",
     "400 The request cannot be understood: bad value.\nover"},
    {"FoldedHeader", "GET / HTTP/1.1\r\nHost: a\r\nAccept: a,\r\n b\r\n\r\n",
     "400 The request cannot be understood: folded header.\nover"},
    {"FoldedEmptyHeader", "GET / HTTP/1.1\r\nHost: a\r\nAccept:\r\n b\r\n\r\n",
     "400 The request cannot be understood: folded header.\nover"},
    {"NoHost", "GET / HTTP/1.1\r\nAccept: a\r\n\r\n",
     "400 The request cannot be understood: no Host header.\nover"},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
     "400 The request cannot be understood: more than one Host header.\nover"},
    {"GoodThenBad", "GET /a HTTP/1.1\r\nHost: a\r\n\r\nbad\r\n",
     "GET /a\n400 The request cannot be understood: bad method.\nover"},
};

// What two parsers may read in two ways must not be read at all (request smuggling).
constexpr Row kAmbiguous[] = {
    {"LengthThenChunked",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     "400 The request cannot be understood: bad Transfer-Encoding.\nover"},
    {"ChunkedThenLength",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
     "5\r\n\r\n0\r\n\r\n",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"TwoLengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"ListOfLengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\nab",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"SignedLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"NegativeLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"EmptyLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"LengthBeyond64Bits",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
     "400 The request cannot be understood: bad Content-Length.\nover"},
    {"UnknownCoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
     "400 The request cannot be understood: bad Transfer-Encoding.\nover"},
    {"UnknownCodingThenLength",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n\r\na",
     "400 The request cannot be understood: bad Transfer-Encoding.\nover"},
    {"CodingBeforeChunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
     "400 The request cannot be understood: bad Transfer-Encoding.\nover"},
    {"ChunkedTwice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     "400 The request cannot be understood: bad Transfer-Encoding.\nover"},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "400 The request cannot be understood: Transfer-Encoding in HTTP/1.0.\nover"},
};

#define SIXTEEN "0123456789abcdef"
#define HUNDRED_AND_TWELVE SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
constexpr std::string_view kHeadOf256Bytes =
    "GET / HTTP/1.1\r\nHost: a\r\na: " HUNDRED_AND_TWELVE HUNDRED_AND_TWELVE "\r\n\r\n";
constexpr std::string_view kHeadOf257Bytes =
    "GET / HTTP/1.1\r\nHost: a\r\na: " HUNDRED_AND_TWELVE HUNDRED_AND_TWELVE "0\r\n\r\n";
constexpr std::string_view kLongTarget =
    "GET /" HUNDRED_AND_TWELVE HUNDRED_AND_TWELVE SIXTEEN SIXTEEN SIXTEEN;
static_assert(kHeadOf256Bytes.size() == 256 && kHeadOf257Bytes.size() == 257);
#undef HUNDRED_AND_TWELVE
#undef SIXTEEN

// With the limits below: a target of 64 bytes, a head of 256, 4 headers, a body of 32.
constexpr Row kTooLarge[] = {
    {"TargetAtTheLimit",
     "GET /234567890123456789012345678901234567890123456789012345678901234 HTTP/1.1\r\nHost: "
     "a\r\n\r\n",
     "GET /234567890123456789012345678901234567890123456789012345678901234\nidle"},
    {"TargetBeyondTheLimit",
     "GET /2345678901234567890123456789012345678901234567890123456789012345 HTTP/1.1\r\n",
     "414 The URI is longer than 64 bytes. Shorten it.\nover"},
    {"HeadersAtTheLimit", "GET / HTTP/1.1\r\nHost: a\r\na: b\r\na: b\r\na: b\r\n\r\n",
     "GET /\nidle"},
    {"HeadersBeyondTheLimit", "GET / HTTP/1.1\r\nHost: a\r\na: b\r\na: b\r\na: b\r\na: b\r\n\r\n",
     "431 The head has more than 4 headers or 256 bytes (max_header_bytes). Send fewer or shorter "
     "ones.\nover"},
    {"HeadAtTheLimit", kHeadOf256Bytes, "GET /\nidle"},
    {"HeadBeyondTheLimit", kHeadOf257Bytes,
     "431 The head has more than 4 headers or 256 bytes (max_header_bytes). Send fewer or shorter "
     "ones.\nover"},
    {"HeadWithoutEnd", kHeadOf257Bytes.substr(0, 256),
     "431 The head has more than 4 headers or 256 bytes (max_header_bytes). Send fewer or shorter "
     "ones.\nover"},
    {"TargetWithoutEnd", kLongTarget, "414 The URI is longer than 64 bytes. Shorten it.\nover"},
    {"MethodWithoutEnd", kLongTarget.substr(5, 256),
     "431 The head has more than 4 headers or 256 bytes (max_header_bytes). Send fewer or shorter "
     "ones.\nover"},
    {"BodyAtTheLimit",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\n01234567890123456789012345678901",
     "POST / body=01234567890123456789012345678901\nidle"},
    {"BodyBeyondTheLimit", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\n",
     "413 The body is longer than 32 bytes (max_body_bytes). Send less.\nover"},
};

class TranscriptTest : public ::testing::TestWithParam<Row> {
 protected:
  static std::string read(const std::vector<std::string_view>& pieces) {
    static constexpr Limits kLimits{
        .target_bytes = 64, .head_bytes = 256, .header_count = 4, .body_bytes = 32};
    return transcript_of(pieces, kLimits).text();
  }
};

TEST_P(TranscriptTest, InOnePiece) {
  EXPECT_EQ(read({GetParam().bytes}), GetParam().outcome);
}

TEST_P(TranscriptTest, ByteByByte) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < GetParam().bytes.size(); ++i)
    pieces.push_back(GetParam().bytes.substr(i, 1));
  EXPECT_EQ(read(pieces), GetParam().outcome);
}

TEST_P(TranscriptTest, CutInTwoAnywhere) {
  const std::string_view bytes = GetParam().bytes;
  for (std::size_t cut = 1; cut < bytes.size(); ++cut)
    EXPECT_EQ(read({bytes.substr(0, cut), bytes.substr(cut)}), GetParam().outcome) << cut;
}

std::string name_of(const ::testing::TestParamInfo<Row>& info) {
  return std::string(info.param.name);
}

INSTANTIATE_TEST_SUITE_P(Requests, TranscriptTest, ::testing::ValuesIn(kRequests), name_of);
INSTANTIATE_TEST_SUITE_P(Chunked, TranscriptTest, ::testing::ValuesIn(kChunked), name_of);
INSTANTIATE_TEST_SUITE_P(KeepAlive, TranscriptTest, ::testing::ValuesIn(kKeepAlive), name_of);
INSTANTIATE_TEST_SUITE_P(Garbage, TranscriptTest, ::testing::ValuesIn(kGarbage), name_of);
INSTANTIATE_TEST_SUITE_P(Ambiguous, TranscriptTest, ::testing::ValuesIn(kAmbiguous), name_of);
INSTANTIATE_TEST_SUITE_P(TooLarge, TranscriptTest, ::testing::ValuesIn(kTooLarge), name_of);

}  // namespace
}  // namespace throttle::http::testing
