// Server-sent events, however their bytes are cut.
#include "libthrottle/inspect/event_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/inspect/event_text.h"

namespace throttle::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Each event as "NAME(ID) DATA".
std::vector<std::string> read_in_pieces(std::string_view bytes, std::size_t piece,
                                        EventReader& reader) {
  std::vector<std::string> events;
  const auto take = [&events](StreamEvent&& event) {
    events.push_back(event.name + '(' + event.id + ") " + event.data);
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    EXPECT_TRUE(reader.read(bytes.substr(0, piece), take));
  return events;
}

std::vector<std::string> events_in(std::string_view bytes) {
  EventReader whole;
  auto events = read_in_pieces(bytes, bytes.size(), whole);
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    EventReader reader;
    EXPECT_EQ(read_in_pieces(bytes, piece, reader), events) << piece;
    EXPECT_EQ(reader.last_id(), whole.last_id());
  }
  return events;
}

TEST(EventReader, ReadsEventsWithTheirIds) {
  EXPECT_THAT(events_in("retry: 2000\nevent: hello\ndata: {}\n\nid: 7.1\nevent: granted\n"
                        "data: {\"n\": 1}\n\nid: 7.2\ndata: x\n\n"),
              ElementsAre("hello() {}", "granted(7.1) {\"n\": 1}", "message(7.2) x"));
}

TEST(EventReader, LinesEndWithReturnsAndFeeds) {
  EXPECT_THAT(events_in("\xEF\xBB\xBF"
                        "data: a\rdata: b\r\rdata:c\r\n\r\ndata:  d\n\n"),
              ElementsAre("message() a\nb", "message() c", "message()  d"));
}

TEST(EventReader, LeavesOutCommentsAndWhatItDoesNotKnow) {
  EXPECT_THAT(events_in(":\n\n: comment\nother: 1\ndata\n\nevent: empty\n\ndata: last\n"),
              ElementsAre("message() "));
}

TEST(EventReader, AnIdAloneIsTheOneToResumeFrom) {
  EventReader reader;
  EXPECT_THAT(read_in_pieces("id: 7.90\n\nid: 7.91\n", 3, reader), IsEmpty());
  EXPECT_EQ(reader.last_id(), "7.90") << "the second block is not complete";
  reader.begin_again();
  EXPECT_THAT(read_in_pieces("data: x\n\n", 100, reader), ElementsAre("message(7.90) x"));
}

TEST(EventReader, TakesTheTimeToWaitFromTheStream) {
  EventReader reader;
  EXPECT_FALSE(reader.retry_ms());
  read_in_pieces("retry: 1500\nretry: soon\n", 4, reader);
  EXPECT_EQ(reader.retry_ms(), 1500);
}

TEST(EventReader, RefusesALineThatNeverEnds) {
  EventReader reader;
  const std::string piece(100'000, 'x');
  bool readable = true;
  for (int i = 0; i < 20 && readable; ++i)
    readable = reader.read(piece, [](StreamEvent&&) {});
  EXPECT_FALSE(readable);
}

TEST(EventText, SaysWhatAnEventIsInOneLine) {
  const StreamEvent granted{
      "granted",
      R"({"n": 91, "at": "2026-11-30T14:02:12.301Z", "semaphore": "office", "peer": 8817, )"
      R"("client": "10.0.0.9:40022", "label": "nightly", "count": 2, "token": 5, )"
      R"("waited_ms": 1204, "held": 2, "max": 3, "waiting": 1})",
      "7.91"};
  EXPECT_EQ(people_line(granted, Zone::kUtc),
            "14:02:12  granted         2 of office peer 8817 (10.0.0.9:40022) \"nightly\", "
            "waited 1.2s · 2/3 held, 1 waiting");
  EXPECT_EQ(machine_line({"granted", R"({"n": 91, "peer": 18446744073709551615})", "7.91"}),
            R"({"id":"7.91","event":"granted","n":91,"peer":18446744073709551615})");
}

TEST(EventText, SaysHowAPeerIsEnded) {
  EXPECT_EQ(people_line({"kicked",
                         R"({"at": "2026-11-30T14:02:12Z", "peer": 7, "within_ms": 30000, )"
                         R"("bar_ms": 5000, "by": "ann@desk", "reason": "stuck"})",
                         "7.1"},
                        Zone::kUtc),
            "14:02:12  kicked          peer 7, within 30s, barred for 5.0s, by ann@desk, "
            "reason: stuck");
  EXPECT_EQ(people_line({"kicked", R"({"peer": 7, "by": "ann@desk"})", "7.1"}, Zone::kUtc),
            "--:--:--  kicked          peer 7, by ann@desk");
  EXPECT_THAT(people_line({"kicked", R"({"bar_ms": 9223372036854775807})", "7.1"}, Zone::kUtc),
              ::testing::HasSubstr("barred for "));
}

TEST(EventText, SaysWhatIsMissing) {
  EXPECT_EQ(people_line({"gap", R"({"missed": 61})", ""}, Zone::kUtc),
            "--:--:--  gap             61 events are missing here");
  EXPECT_EQ(people_line({"gap", R"({"missed": null})", ""}, Zone::kUtc),
            "--:--:--  gap             Events are missing here");
  EXPECT_EQ(machine_line({"gap", R"({"missed": null})", "7.1"}),
            R"({"event":"gap","missed":null})");
}

TEST(EventText, TakesWhatIsNoObjectForNothing) {
  EXPECT_EQ(people_line({"granted", "[1]", ""}, Zone::kUtc), "--:--:--  granted        ");
  EXPECT_EQ(machine_line({"granted", "}", ""}), R"({"event":"granted"})");
}

}  // namespace
}  // namespace throttle::inspect
