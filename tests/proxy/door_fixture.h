// A door on a loop with an upstream of the test, and what it reported.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/proxy/tcp_door.h"
#include "tests/gate/gate_fixture.h"

namespace throttle::proxy {

// The upstream is the fixture's acceptor; its ends are in `served`.
class TcpDoorTest : public gate::GateTest, public Reports {
 protected:
  ~TcpDoorTest() override { end_door(); }

  // As the owner of a door does.
  void end_door() {
    if (door) door->stop();
    door.reset();
  }

  void open(Settings settings = {}, HookRunner* runner = nullptr) {
    settings.name = "service";
    settings.listen = {gate::kAnyPort};
    settings.upstream =
        service.value_or(HostPort{"127.0.0.1", acceptor.listener->local_address().port});
    settings.upstream_check = check;
    configure_for(settings);
    auto opened = TcpDoor::open({loop, runtime.hub(), *this, runner}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message;
    door = *std::move(opened);
  }

  void configure_for(const Settings& settings) {
    if (settings.extra_per_client == 0) return configure(settings.max_connections);
    const std::vector<SemaphoreSettings> semaphores{
        {.name = "service", .full_count = settings.max_connections},
        {.name = "service/extra", .full_count = settings.max_connections}};
    ledger().configure(uv::now(), semaphores);
    end_turn();
  }

  void on_ended(const ConnectionRecord& record) noexcept override {
    records.push_back(record);
    loop.stop();
  }
  void on_hook_line(const HookCall&, std::string_view line) noexcept override {
    lines.emplace_back(line);
  }
  void on_hook_done(const HookCall&, Duration, const Result<void>&) noexcept override {}
  void on_note(NoteWeight, std::string_view what) noexcept override { notes.emplace_back(what); }

  uv::End& arrive(std::string_view words = {}) {
    return connect_client(door->endpoints().front().address, words);
  }
  // The next connection that reached the upstream.
  uv::End& serve() {
    run_until([&] { return !acceptor.streams.empty(); });
    served.push_back(std::make_unique<uv::End>(loop, std::move(acceptor.streams.front())));
    acceptor.streams.erase(acceptor.streams.begin());
    served.back()->stream.start_reading();
    return *served.back();
  }
  void run_until_ended(std::size_t count) {
    run_until([&] { return records.size() >= count; });
  }
  // The two letters of the log line.
  std::string ending() const {
    return {static_cast<char>(records.back().ended_by), static_cast<char>(records.back().phase)};
  }

  std::optional<HostPort> service;             // instead of the acceptor
  UpstreamCheck check = UpstreamCheck::kNone;  // of doors that open
  std::unique_ptr<TcpDoor> door;
  std::vector<std::unique_ptr<uv::End>> served;
  std::vector<ConnectionRecord> records;
  std::vector<std::string> lines;
  std::vector<std::string> notes;
};

}  // namespace throttle::proxy
