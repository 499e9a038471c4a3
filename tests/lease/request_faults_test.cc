// Bad requests: each has its status and a text that names the fault, and leaves the ledger as it
// was. Numbers and ids at every edge of 64 bits.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class RequestFaults : public DoorTest {
 protected:
  RequestFaults() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 5, .level = 1}});
    restore("5");
  }
  // No fault may change anything.
  ~RequestFaults() override {
    EXPECT_EQ(ledger.peer_count(), 1U);
    EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
    EXPECT_EQ(remainder("A"), "1");
    EXPECT_EQ(remainder("B"), "5");
  }
};

struct BodyFault {
  std::string_view line;
  std::string_view body;
  std::string_view answer;  // how it starts
};

TEST_F(RequestFaults, OfTheBodyAreToldWithTheirPlace) {
  const std::vector<BodyFault> faults = {
      // not JSON
      {"POST /new_peer", "", "400 The body ends before its JSON is complete (line 1, column 1)."},
      {"POST /new_peer", R"({"expires_in": )", "400 The body ends before its JSON is complete"},
      {"POST /new_peer", "{\"expires_in\":\n \"1s\"} x",
       "400 The body is not JSON (line 2, column 8): the first unexpected text is \"x\"."},
      {"POST /new_peer", R"({'expires_in': "1s"})",
       "400 The body is not JSON (line 1, column 2): the first unexpected text is \"'"},
      {"POST /new_peer", R"({"expires_in": "1s",})",
       "400 The body is not JSON (line 1, column 21)"},
      {"POST /new_peer", "{\"expires_in\": \"\xff\"}", "400 The body is not JSON"},
      {"POST /new_peer", "{\"expires_in\": \"1s\t\"}",
       "400 The body is not JSON (line 1, column 19)"},
      {"POST /new_peer", "NaN", "400 The body is not JSON (line 1, column 1)"},
      {"PUT /peers/5/A", "", "400 The body ends before"},
      {"PUT /peers/5/A", "01", "400 The body is not JSON (line 1, column 2)"},
      {"PUT /peers/5/A", "+1", "400 The body is not JSON"},
      {"PUT /peers/5/A", "1 1", "400 The body is not JSON"},
      {"PUT /peers/5/A", "0x1", "400 The body is not JSON"},
      {"PUT /peers/5/A", "-", "400 The body ends before"},
      {"PUT /peers/5/A", "1e999", "400 The body is not JSON"},
      // JSON, but another type
      {"POST /new_peer", "[]",
       "422 The body (line 1, column 1): expected a JSON object, found an array."},
      {"POST /new_peer", "7", "422 The body (line 1, column 1): expected a JSON object, found 7."},
      {"POST /new_peer", "null",
       "422 The body (line 1, column 1): expected a JSON object, found null"},
      {"POST /new_peer", "{}",
       "422 The key \"expires_in\" is missing in the object that ends (line 1, column 2)"},
      {"POST /new_peer", R"({"expires_in": 300})",
       "422 expires_in (line 1, column 16): expected a duration in quotes such as \"5min\" or "
       "\"300000ms\", found 300."},
      {"POST /new_peer", R"({"expires_in": null})", "422 expires_in (line 1, column 16): expected"},
      {"POST /new_peer", R"({"expires_in": {"secs": 1}})",
       "422 expires_in (line 1, column 16): expected a duration in quotes such as \"5min\" or "
       "\"300000ms\", found an object."},
      {"POST /new_peer", R"({"expires_in": "5 minuten"})", "422 expires_in (line 1, column 16): "},
      {"POST /new_peer", R"({"expires_in": ""})", "422 expires_in (line 1, column 16): "},
      {"POST /new_peer", R"({"expires_in": "-5ms"})", "422 expires_in (line 1, column 16): "},
      {"POST /new_peer", "{\n  \"\xC3\xA4\": [1, {\"x\": [2]}], \"expires_in\": true}",
       "422 expires_in (line 2, column 39): expected a duration in quotes such as \"5min\" or "
       "\"300000ms\", found true."},
      {"POST /new_peer", R"({"expires_in": "1s", "expires_in": "1s"})",
       "422 expires_in (line 1, column 22): given twice;"},
      {"POST /new_peer", R"({"expires_in": "1s", "label": 7})", "422 label (line 1, column 31): "},
      {"PUT /peers/5", R"({"active": {"A": 1}})", "422 The key \"expires_in\" is missing"},
      {"PUT /peers/5", R"({"active": null, "expires_in": "1s"})",
       "422 active (line 1, column 12): "},
      {"POST /restore", R"({"peer_id": 6, "acquired": {}})", "422 The key \"expires_in\""},
      {"POST /restore", R"({"expires_in": "1s", "acquired": {}})", "422 The key \"peer_id\""},
      {"POST /restore", R"({"expires_in": "1s", "peer_id": 6})", "422 The key \"acquired\""},
      {"POST /restore", R"({"expires_in": "1s", "peer_id": 6, "acquired": ["A"]})",
       "422 acquired (line 1, column 48): expected an object of semaphores and counts"},
      {"POST /restore", R"({"expires_in": "1s", "peer_id": 6, "acquired": {"A": [1]}})",
       "422 acquired[\"A\"] (line 1, column 54): expected a whole number"},
      {"POST /restore", R"({"acquired": {"A": 1, "B": 1, "A": 1}, "expires_in": "1s"})",
       "422 acquired[\"A\"] (line 1, column 31): given twice;"},
      {"POST /acquire", R"({"pending": {"A": "1"}, "expires_in": "1s"})",
       "422 pending[\"A\"] (line 1, column 19): expected a whole number from 0 to "
       "9223372036854775807, found \"1\"."},
      {"POST /peers/6/block_until_acquired", R"({"expires_in": "1s"})", "422 The key \"pending\""},
  };
  for (const BodyFault& fault : faults) {
    EXPECT_THAT(ask(fault.line, fault.body), StartsWith(std::string(fault.answer)))
        << fault.line << ' ' << fault.body;
  }
}

TEST_F(RequestFaults, OfTheContentTypeAreToldBeforeThoseOfTheBody) {
  for (const std::string_view line :
       {"POST /new_peer", "PUT /peers/5", "PUT /peers/5/A", "POST /restore", "POST /acquire",
        "POST /peers/5/block_until_acquired"}) {
    for (const std::string_view type :
         {"", "text/plain", "text/json", "application/jsonp", "application/+json", "json",
          "application/x-www-form-urlencoded"}) {
      const std::string answer = ask_as(type, line, "{");
      EXPECT_THAT(answer, StartsWith("415 ")) << type;
      EXPECT_THAT(answer, HasSubstr("must be JSON")) << type;
    }
  }
}

TEST_F(RequestFaults, DoNotIncludeTheSpellingsOfJson) {
  for (const std::string_view type :
       {"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        "Application/JSON", " application/json ", "application/merge-patch+json",
        "APPLICATION/problem+JSON ; x=y"}) {
    EXPECT_EQ(ask_as(type, "PUT /peers/5", R"({"expires_in": "5min"})"), "200 Ok") << type;
  }
}

TEST_F(RequestFaults, AreToldInTheOrderOfPathQueryBody) {
  EXPECT_THAT(ask_as("text/plain", "PUT /peers/x/A?block_for=x", "x"),
              StartsWith("400 Invalid URL"));
  EXPECT_THAT(ask_as("text/plain", "PUT /peers/5/A?block_for=x", "x"),
              StartsWith("400 Invalid query: block_for: "));
  EXPECT_THAT(ask_as("text/plain", "PUT /peers/5/A?block_for=1s", "x"), StartsWith("415 "));
  EXPECT_THAT(ask("PUT /peers/5/A?block_for=1s", "x"), StartsWith("400 The body is not JSON"));
}

TEST_F(RequestFaults, OfThePathAreToldAsInvalid) {
  for (const std::string_view id :
       {"x", "-1", "1.0", "0x5", "5%20", "%205", "", "18446744073709551616", "++5", "5%", "%ff",
        "99999999999999999999999999"}) {
    const std::string path = "/peers/" + std::string(id);
    EXPECT_THAT(ask("GET " + path + "/is_acquired"), StartsWith("400 Invalid URL: ")) << id;
    EXPECT_THAT(ask("PUT " + path + "/A", "1"), StartsWith("400 Invalid URL: ")) << id;
    EXPECT_THAT(ask("DELETE " + path + "/A"), StartsWith("400 Invalid URL: ")) << id;
    EXPECT_THAT(ask("POST " + path + "/block_until_acquired", "{}"), StartsWith("400 Invalid URL"));
    if (id.empty()) continue;  // /peers/ is a path of its own
    EXPECT_THAT(ask("PUT " + path, R"({"expires_in": "1s"})"), StartsWith("400 Invalid URL: "));
    EXPECT_THAT(ask("DELETE " + path), StartsWith("400 Invalid URL: ")) << id;
  }
  EXPECT_THAT(ask("PUT /peers/5/%ff", "1"), StartsWith("400 Invalid URL: "));
  EXPECT_THAT(ask("DELETE /peers/5/%C3"), StartsWith("400 Invalid URL: "));
  EXPECT_THAT(ask("GET /peers/Unknown%20peer/is_acquired"), HasSubstr("u64"));
}

TEST_F(RequestFaults, OfTheQueryAreToldWithTheParameter) {
  for (const std::string_view query :
       {"block_for=", "block_for=5", "block_for=-1s", "block_for=1s&block_for=1s",
        "block_for=1s%2B500ms", "block_for=%FF", "block_for", "expires_in=soon",
        "expires_in=1s&expires_in=1s", "block_for=18446744073709551616s"}) {
    EXPECT_THAT(ask("PUT /peers/5/A?" + std::string(query), "1"), StartsWith("400 Invalid query: "))
        << query;
  }
  for (const std::string_view query :
       {"timeout_ms=", "timeout_ms=-1", "timeout_ms=1.5", "timeout_ms=1s", "timeout_ms=+5",
        "timeout_ms=18446744073709551616", "timeout_ms=1&timeout_ms=1"}) {
    EXPECT_THAT(ask("POST /peers/6/block_until_acquired?" + std::string(query), "{}"),
                StartsWith("400 Invalid query: timeout_ms: "))
        << query;
  }
}

TEST_F(RequestFaults, OfTheMethodAreToldWithWhatIsAllowed) {
  EXPECT_EQ(ask("GET /acquire"), "405 GET does nothing here: send POST to /acquire.\n");
  EXPECT_THAT(ask("GET /peers/5/A"), HasSubstr("send PUT,DELETE to /peers/{id}/{semaphore}"));
  EXPECT_THAT(ask("POST /peers/5"), HasSubstr("send PUT,DELETE to /peers/{id}."));
  EXPECT_EQ(ask("GET /peers"), ask("GET /peers/"));
  EXPECT_THAT(ask("GET /peers/5/"), StartsWith("404"));
  EXPECT_THAT(ask("PUT /peers/5/a/b", "1"), StartsWith("404"));
}

TEST_F(RequestFaults, IncludeNestingThatIsTooDeep) {
  const auto nested = [](std::size_t depth) {
    return R"({"x": )" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
           R"(, "expires_in": "5min"})";
  };
  EXPECT_EQ(ask("PUT /peers/5", nested(128)), "200 Ok");
  EXPECT_THAT(ask("PUT /peers/5", nested(129)),
              StartsWith("400 The body nests deeper than 128 levels (line 1, column 134)"));
  EXPECT_THAT(ask("PUT /peers/5", std::string(1'000'000, '[')), StartsWith("422 "));
  EXPECT_THAT(ask("PUT /peers/5", R"({"x": )" + std::string(1'000'000, '[')), StartsWith("400 "));
}

TEST_F(RequestFaults, IncludeALabelTooLongToKeep) {
  const auto labelled = [](std::size_t bytes) {
    return R"({"expires_in": "0s", "label": ")" + std::string(bytes, 'x') + "\"}";
  };
  EXPECT_THAT(ask("POST /new_peer", labelled(1024)), StartsWith("200 "));
  EXPECT_THAT(ask("POST /new_peer", labelled(1025)),
              StartsWith("422 label (line 1, column 31): expected at most 1024 bytes, found 1025"));
}

TEST_F(RequestFaults, NeverSoundLikeAnUnknownPeer) {
  for (const std::string_view answer :
       {ask("PUT /peers/5/Unknown%20peer", "1"), ask("PUT /peers/5/A", "Unknown peer"),
        ask("GET /remainder?semaphore=Unknown+peer"),
        ask("PUT /peers/5/A?block_for=Unknown+peer", "1"),
        ask("POST /restore", R"({"Unknown peer": 1})")}) {
    EXPECT_NE(answer, "400 Unknown peer");
    EXPECT_THAT(answer, testing::AnyOf(StartsWith("400"), StartsWith("422")));
  }
}

TEST_F(RequestFaults, AnEchoIsShortAndOnOneLine) {
  const std::string answer = ask("GET /peers/" + std::string(60'000, 'y') + "%0A%22/is_acquired");
  EXPECT_THAT(answer, StartsWith("400 Invalid URL: "));
  EXPECT_LT(answer.size(), 500U);
  EXPECT_THAT(ask("PUT /peers/5/A", R"(")" + std::string(60'000, 'z') + R"(")"),
              StartsWith("422 "));
  EXPECT_LT(response().body.size(), 500U);
}

// --- counts at the edges of i64 ---

struct CountCase {
  std::string_view body;
  std::string_view answer;
};

TEST_F(RequestFaults, CountsAreExactTo64Bits) {
  const std::vector<CountCase> cases = {
      {"0", "400 The count must be positive, but it is 0."},
      {"-0", "400 The count must be positive, but it is 0."},
      {"-1", "400 The count must be positive, but it is -1."},
      {"-9223372036854775808", "400 The count must be positive, but it is -9223372036854775808."},
      {"-9223372036854775809", "422 The body (line 1, column 1): expected a whole number"},
      {"9223372036854775806", "409 Lock can never be acquired. Asked for 9223372036854775806"},
      {"9223372036854775807", "409 Lock can never be acquired. Asked for 9223372036854775807"},
      {"9223372036854775808",
       "422 The body (line 1, column 1): expected a whole number from "
       "-9223372036854775808 to 9223372036854775807, found "
       "9223372036854775808."},
      {"18446744073709551615", "422 "},
      {"18446744073709551616", "422 "},
      {"123456789012345678901234567890", "422 "},
      {"1.0",
       "422 The body (line 1, column 1): expected a whole number from "
       "-9223372036854775808 to 9223372036854775807, found 1.0."},
      {"1e0", "422 "},
      {R"("1")",
       "422 The body (line 1, column 1): expected a whole number from "
       "-9223372036854775808 to 9223372036854775807, found \"1\"."},
      {"true", "422 "},
      {"null", "422 "},
      {"[1]", "422 "},
      {"{}", "422 "},
      {" \n 2 ", "409 "},
      {"4294967296", "409 "},
      {"999999999999999999", "409 "},
      {"1000000000000000000", "409 "},
  };
  for (const CountCase& one : cases) {
    EXPECT_THAT(ask("PUT /peers/5/A", one.body), StartsWith(std::string(one.answer))) << one.body;
  }
}

TEST_F(RequestFaults, RestoredCountsAndIdsAreExactTo64Bits) {
  const auto restored = [this](std::string_view id, std::string_view count) {
    return ask("POST /restore", R"({"expires_in": "1s", "peer_id": )" + std::string(id) +
                                    R"(, "acquired": {"A": )" + std::string(count) + "}}");
  };
  EXPECT_THAT(restored("6", "9223372036854775807"), StartsWith("409 "));
  EXPECT_THAT(restored("6", "9223372036854775808"), StartsWith("422 acquired[\"A\"]"));
  EXPECT_THAT(restored("6", "-9223372036854775808"), StartsWith("400 Every restored count"));
  EXPECT_THAT(restored("6", "-9223372036854775809"), StartsWith("422 acquired[\"A\"]"));
  EXPECT_THAT(restored("6", "1.0"), StartsWith("422 acquired[\"A\"]"));
  for (const std::string_view id :
       {"-1", "18446744073709551616", "6.0", R"("6")", "true", "null"}) {
    EXPECT_THAT(restored(id, "1"), StartsWith("422 peer_id (line 1, column 33): expected a whole "
                                              "number from 0 to 18446744073709551615"))
        << id;
  }
}

// --- ids ---

class EveryId : public DoorTest, public testing::WithParamInterface<std::string_view> {};

TEST_P(EveryId, PassesExactlyThroughEveryRoute) {
  const std::string id(GetParam());
  configure({{.name = "A", .full_count = 1}});
  restore(id);
  EXPECT_EQ(ask("GET /peers/"), "200 [{\"id\":" + id + "}]");
  EXPECT_EQ(ask("PUT /peers/" + id + "/A", "1"), "200 " + id);
  EXPECT_EQ(ask("PUT /peers/" + id, R"({"expires_in": "5min"})"), "200 Ok");
  EXPECT_EQ(ask("PUT /peers/" + id, R"({"expires_in": "5min", "active": {"A": 1}})"), "200 Ok");
  EXPECT_EQ(ask("GET /peers/" + id + "/is_acquired"), "200 true");
  EXPECT_EQ(ask("GET /peers/+" + id + "/is_acquired"), "200 true");
  EXPECT_EQ(ask("GET /peers/%2B000" + id + "/is_acquired"), "200 true");
  EXPECT_EQ(ask("DELETE /peers/" + id + "/A"), "200 Ok");
  EXPECT_EQ(ask("DELETE /peers/" + id), R"(200 "Peer released")");

  const std::string block = "POST /peers/" + id + "/block_until_acquired";
  EXPECT_EQ(ask(block, R"({"expires_in": "5min", "pending": {"A": 1}})"), "200 true");
  EXPECT_EQ(ask("DELETE /peers/" + id), R"(200 "Peer released")");
  EXPECT_EQ(ask("PUT /peers/" + id, R"({"expires_in": "5min", "active": {"A": 1}})"), "200 Ok");
  EXPECT_EQ(remainder("A"), "0");

  const std::string other = id == "77" ? "78" : "77";
  restore(other, R"({"A": 1})");
  EXPECT_EQ(ask("DELETE /peers/" + id), R"(200 "Peer released")");
  restore(id);
  EXPECT_EQ(ask("PUT /peers/" + id + "/A", "1"), "202 " + id);
  EXPECT_EQ(ask("PUT /peers/" + id + "/A?block_for=1s", "1"), "parked");
  const auto waiting = exchange();
  ask("DELETE /peers/" + other);
  EXPECT_EQ(answer(waiting), "200 " + id);
}

INSTANTIATE_TEST_SUITE_P(Edges, EveryId,
                         testing::Values("0", "5", "42", "9007199254740991", "9007199254740993",
                                         "9223372036854775807", "9223372036854775808",
                                         "18446744073709551614", "18446744073709551615"));

}  // namespace
}  // namespace throttle::lease
