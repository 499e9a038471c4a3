// What the journal costs: the recorder on the ledger's thread, the writer's processor and bytes an
// event, and how fast a file is verified.
//
// The argument is the number of peers that take a lease and give it back in turn. Each iteration is
// a batch of 4,096 events, so `items_per_second` are events (or connections), and 1e9 divided by it
// the nanoseconds of each.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/opening.h"
#include "libthrottle/journal/queries.h"
#include "libthrottle/journal/recorder.h"
#include "libthrottle/journal/verification.h"

namespace throttle::bench {
namespace {

using namespace std::chrono_literals;
using namespace throttle::journal;

constexpr std::int64_t kWallUs = 1'764'000'000'000'000;

// A folder that is deleted with the object.
class Folder {
 public:
  Folder() {
    std::random_device random;
    path_ = std::filesystem::temp_directory_path() / ("journal-bench-" + std::to_string(random()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file() const { return (path_ / "journal.db").string(); }

 private:
  std::filesystem::path path_;
};

// Peers that take a lease and give it back in turn; the events of both, over and over.
class Load {
 public:
  explicit Load(std::size_t peers) : ledger_({.start = now_}), ids_(peers) {
    const SemaphoreSettings settings[] = {{.name = "database", .full_count = 1 << 20}};
    ledger_.configure(now_, settings);
    for (PeerId& id : ids_)
      id = ledger_.add_peer(now_, {.address = {IpAddress::from_v4({10, 0, 0, 1}), 4000}});
  }

  LeaseLedger& ledger() { return ledger_; }
  TimePoint now() const { return now_; }
  // The events of `pairs` acquires and releases. The first call also gives those of the set-up:
  // the semaphore and all peers.
  const std::vector<LedgerEvent>& events(std::size_t pairs) {
    for (std::size_t i = 0; i < pairs; ++i) {
      now_ += 10us;
      const PeerId id = ids_[next_++ % ids_.size()];
      ledger_.acquire(now_, {.peer = id, .semaphore = "database"});
      ledger_.release(now_ + 5us, id, "database");
    }
    ledger_.take_events(events_);
    return events_;
  }

 private:
  TimePoint now_{1h};
  LeaseLedger ledger_;
  std::vector<PeerId> ids_;
  std::size_t next_ = 0;
  std::vector<LedgerEvent> events_;
};

void empty(Channel& channel) {
  Record record;
  while (channel.try_take(record))
    release_attachment(record);
}

void recorder(benchmark::State& state) {
  const auto channel = std::make_shared<Channel>(std::size_t{1} << 18);
  Load load(static_cast<std::size_t>(state.range(0)));
  Recorder recorder(channel, load.ledger(), {});
  recorder.observe(load.events(0));
  std::int64_t events = 0;
  for (auto each : state) {
    static_cast<void>(each);
    state.PauseTiming();
    empty(*channel);
    const auto& batch = load.events(kBatchEvents / 2);
    state.ResumeTiming();
    recorder.observe(batch);
    events += static_cast<std::int64_t>(batch.size());
  }
  THROTTLE_CHECK(recorder.lost() == 0);
  state.SetItemsProcessed(events);
}
BENCHMARK(recorder)->Arg(1'000)->Arg(100'000);

// The writer's part without its thread: bookkeeper, chain and file.
class Pipe {
 public:
  explicit Pipe(std::size_t peers, std::string file = {})
      : file_(file.empty() ? folder_.file() : std::move(file)),
        load_(peers),
        recorder_(channel_, load_.ledger(), {}),
        bookkeeper_({}, {}, {load_.now(), kWallUs}) {
    Opening opening = open_journal({.path = file_, .name = "bench", .wall_us = kWallUs});
    THROTTLE_CHECK(opening.store != nullptr);
    store_ = std::move(opening.store);
    bookkeeper_.open_file(opening.continuation);
    recorder_.observe(load_.events(0));
    commit();
  }

  Load& load() { return load_; }
  Recorder& recorder() { return recorder_; }
  void commit() {
    Record record;
    while (channel_->try_take(record))
      bookkeeper_.take(record);
    const Rows rows = bookkeeper_.take_rows();
    THROTTLE_CHECK(store_->commit(rows, bookkeeper_.to_wall_us(load_.now())));
    if (++commits_ % 100 == 0)
      THROTTLE_CHECK(store_->database().checkpoint(Database::Checkpoint::kPassive));
  }
  // At least `least` events; how many it became.
  std::int64_t fill(std::int64_t least) {
    std::int64_t events = 0;
    while (events < least) {
      const auto& batch = load_.events(kBatchEvents / 2);
      recorder_.observe(batch);
      commit();
      events += static_cast<std::int64_t>(batch.size());
    }
    return events;
  }
  // Ends the writing; how large the file is.
  std::int64_t close() {
    bookkeeper_.stop(load_.now());
    THROTTLE_CHECK(store_->commit(bookkeeper_.take_rows(), bookkeeper_.to_wall_us(load_.now())));
    store_->close_for_copying();
    store_.reset();
    return static_cast<std::int64_t>(std::filesystem::file_size(file_));
  }
  std::string file() const { return file_; }

 private:
  Folder folder_;
  std::string file_;
  Load load_;
  std::shared_ptr<Channel> channel_ = std::make_shared<Channel>(std::size_t{1} << 18);
  Recorder recorder_;
  Bookkeeper bookkeeper_;
  std::unique_ptr<Store> store_;
  std::uint64_t commits_ = 0;
};

void writer_events(benchmark::State& state) {
  Pipe pipe(static_cast<std::size_t>(state.range(0)));
  std::int64_t events = 0;
  for (auto each : state) {
    static_cast<void>(each);
    state.PauseTiming();
    const auto& batch = pipe.load().events(kBatchEvents / 2);
    pipe.recorder().observe(batch);
    state.ResumeTiming();
    pipe.commit();
    events += static_cast<std::int64_t>(batch.size());
  }
  state.SetItemsProcessed(events);
  state.counters["bytes_per_event"] =
      static_cast<double>(pipe.close()) / static_cast<double>(events);
}
BENCHMARK(writer_events)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void writer_connections(benchmark::State& state) {
  constexpr std::int64_t kBatch = 1'000;
  Pipe pipe(static_cast<std::size_t>(state.range(0)));
  std::int64_t connections = 0;
  for (auto each : state) {
    static_cast<void>(each);
    state.PauseTiming();
    for (std::int64_t i = 0; i < kBatch; ++i) {
      const auto& batch = pipe.load().events(1);
      pipe.recorder().observe(batch);
      pipe.recorder().add(pipe.load().now(), batch.front().peer, {},
                          {.proxy = "office",
                           .upstream = "127.0.0.1:8100",
                           .waited = 1ms,
                           .prepared = Duration(-1),
                           .connected = 300us,
                           .total = 20ms,
                           .bytes_up = 4711,
                           .bytes_down = 123'456,
                           .reason = {}});
    }
    state.ResumeTiming();
    pipe.commit();
    connections += kBatch;
  }
  state.SetItemsProcessed(connections);
  state.counters["bytes_per_connection"] =
      static_cast<double>(pipe.close()) / static_cast<double>(connections);
}
BENCHMARK(writer_connections)->Arg(1'000)->Unit(benchmark::kMillisecond);

// A reader in a thread of its own goes through all events again and again.
class ScanningReader {
 public:
  explicit ScanningReader(std::string file)
      : thread_([this, file = std::move(file)](const std::stop_token& stop) {
          while (!stop.stop_requested())
            scan(file, stop);
        }) {}
  std::uint64_t rows() const { return rows_; }

 private:
  void scan(const std::string& file, const std::stop_token& stop) {
    auto reader = Reader::open(file);
    THROTTLE_CHECK(reader);
    THROTTLE_CHECK(visit_numbers(*reader, {}, [&](const EventNumbers&) {
      ++rows_;
      return !stop.stop_requested();
    }));
  }

  std::atomic<std::uint64_t> rows_{0};
  std::jthread thread_;  // the last one: it uses the others
};

void writer_beside_reader(benchmark::State& state) {
  Pipe pipe(static_cast<std::size_t>(state.range(0)));
  std::int64_t events = 0;
  {
    const ScanningReader reader(pipe.file());
    for (auto each : state) {
      static_cast<void>(each);
      state.PauseTiming();
      const auto& batch = pipe.load().events(kBatchEvents / 2);
      pipe.recorder().observe(batch);
      state.ResumeTiming();
      pipe.commit();
      events += static_cast<std::int64_t>(batch.size());
    }
    THROTTLE_CHECK(reader.rows() > 0 || events < 1'000'000);
  }
  state.SetItemsProcessed(events);
}
BENCHMARK(writer_beside_reader)->Arg(1'000)->Unit(benchmark::kMillisecond);

// The argument is the number of thousands of events of the file.
void verify(benchmark::State& state) {
  Pipe pipe(1'000);
  const std::int64_t events = pipe.fill(state.range(0) * 1'000);
  pipe.close();
  for (auto each : state) {
    static_cast<void>(each);
    const auto report = verify_file(pipe.file(), {.heads = {}, .quick_check = false});
    THROTTLE_CHECK(report && report->violation_count == 0);
  }
  state.SetItemsProcessed(events * static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(verify)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond)->Iterations(1);

// For measurements of the tool: a journal of that many events.
int write_file(const std::string& file, std::int64_t events) {
  Pipe pipe(1'000, file);
  pipe.fill(events);
  return pipe.close() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace throttle::bench

// `journal_bench --write FILE EVENTS`, or the benchmarks.
int main(int count, char** arguments) {
  if (count == 4 && std::string_view(arguments[1]) == "--write")
    return throttle::bench::write_file(arguments[2], std::stoll(arguments[3]));
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
