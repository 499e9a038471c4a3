// A ledger with one semaphore, and clients that connect to whatever listens; for the tests of the
// listener and of the door.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::gate {

inline const HostPort kAnyPort{"127.0.0.1", 0};

class GateTest : public uv::TcpTest {
 protected:
  void configure(Count full_count, QueueOrder order = QueueOrder::kFifo,
                 std::size_t max_pending = 100) {
    const SemaphoreSettings semaphore{
        .name = "service", .full_count = full_count, .order = order, .max_pending = max_pending};
    runtime.ledger().configure(uv::now(), {&semaphore, 1});
    end_turn();
  }

  // What happened in the ledger reaches the gate, as at the end of the loop's turn.
  void end_turn() { runtime.hub().settle(); }

  // A client that has said `words` and reads.
  uv::End& connect_client(const SocketAddress& target, std::string_view words = {}) {
    clients.push_back(std::make_unique<uv::End>(loop, connect(target)));
    uv::End& client = *clients.back();
    client.stream.write(words);
    client.stream.start_reading();
    return client;
  }

  LeaseLedger& ledger() { return runtime.ledger(); }
  SemaphoreState state() { return ledger().semaphore("service").value(); }

  uv::LedgerRuntime runtime{loop};
  std::vector<std::unique_ptr<uv::End>> clients;
};

}  // namespace throttle::gate
