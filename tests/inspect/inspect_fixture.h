// A journal that the real writer wrote, and runs of the tool on it in the process of the test.
// Threads: the test's; the writer has its own.
#pragma once

#include <string>
#include <vector>

#include "libthrottle/inspect/run.h"
#include "tests/journal/writer_fixture.h"

namespace throttle::inspect {

// One run: what it wrote and its exit code.
struct Ran {
  int exit = -1;
  std::string out;
  std::string error;
};

class InspectTest : public journal::WriterFixture {
 protected:
  ~InspectTest() override { writer.reset(); }  // it reads the clock

  // The clocks stand still until a test turns them.
  void open_with_clock() {
    journal::WriterOptions options = journal::test_options(path);
    options.clock = &clock;
    last_before = std::filesystem::exists(path)
                      ? std::stoll(journal::value(path, "SELECT max(seq) FROM event"))
                      : 0;
    channel = std::make_shared<journal::Channel>(options.settings.max_queued);
    options.started = now = clock.steady();
    auto opened = journal::Writer::open(std::move(options), channel);
    ASSERT_TRUE(opened) << opened.error().message;
    writer = std::move(*opened);
    ledger = std::make_unique<journal::RecordedLedger>(channel, now);
    ledger->configure(now, {{.name = "database", .full_count = 2}});
  }
  // The writer's clock must go on for a commit to come due; times of events do not depend on it.
  void flush() {
    ASSERT_TRUE(journal::wait_until([this] {
      clock.advance(std::chrono::microseconds(100));
      return channel->size() == 0 && writer->stats().head.seq >= last_before + last_seq() &&
             settled();
    }));
  }
  void advance(Duration span) {
    clock.advance(span);
    now += span;
  }
  PeerId enroll(Count count, std::string_view label = {}, std::string_view semaphore = "database") {
    const auto outcome = ledger->ledger().enroll(
        now, {.spec = {.time_to_live = std::chrono::hours(10),
                       .address = {IpAddress::from_v4({10, 0, 0, 9}), 40'022},
                       .label = std::string(label)},
              .semaphore = semaphore,
              .count = count});
    ledger->settle();
    return outcome.peer;
  }
  void remove(PeerId peer) {
    ledger->ledger().remove_peer(now, peer);
    ledger->settle();
  }

  // The file as a crash leaves it, continued by a second run, which goes on.
  void lose_a_run() {
    open_with_clock();
    enroll(1);
    flush();
    const std::string lost = folder.file("lost.db");
    for (const std::string end : {"", "-wal"})
      std::filesystem::copy_file(path + end, lost + end);
    ASSERT_TRUE(writer->stop(std::chrono::seconds(10)));
    for (const std::string end : {"", "-wal"}) {
      std::filesystem::remove(path + end);
      std::filesystem::rename(lost + end, path + end);
    }
    open_with_clock();
    flush();
  }

  // `words` after -j and the file, in UTC.
  Ran inspect(std::vector<std::string> words) {
    words.insert(words.begin(), {"-j", path, "--utc"});
    return run_tool(words);
  }
  Ran run_tool(const std::vector<std::string>& words) {
    std::vector<const char*> arguments;
    arguments.reserve(words.size());
    for (const std::string& word : words)
      arguments.push_back(word.c_str());
    Ran ran;
    Surroundings around;
    around.world.now_us = clock.wall_us();
    around.world.variable = [this](const char* name) { return variables[name]; };
    around.world.remark = [&ran](const std::string& text) { ran.error += text + '\n'; };
    around.world.ask = ask;
    around.world.flush = flush_output;
    around.terminal = terminal;
    around.out = [&ran](std::string_view text) {
      ran.out += text;
      return true;
    };
    around.error = [&ran](std::string_view text) { ran.error += text; };
    ran.exit = run(arguments, "1.2.3", around);
    return ran;
  }

  journal::FakeClock clock;
  std::int64_t last_before = 0;  // the last event of the runs before
  Terminal terminal;
  std::map<std::string, std::string> variables;
  std::function<bool(const std::string&)> ask;
  std::function<bool()> flush_output;
};

}  // namespace throttle::inspect
