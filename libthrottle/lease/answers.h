// The responses of the lease protocol: each status and text in one place.
//
// Published clients compare two texts byte by byte: "Unknown peer" (they start to restore) and
// "Unknown semaphore". No other answer of status 400 may equal the first. All other texts are for
// people: what happened, where, and what to do next.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/core/ledger_types.h"
#include "libthrottle/http/message.h"

namespace throttle {
class LeaseLedger;
}

namespace throttle::lease {

// The response of a handler, or nothing if it comes later.
using Reply = std::optional<http::Response>;

// The dialect of a client: the first generation waits in `block_until_acquired` and receives true
// or false; the current one waits in its acquire and receives a status.
enum class Generation : std::uint8_t { kFirst, kCurrent };

http::Response text(unsigned status, std::string body);
http::Response json(unsigned status, std::string body);
http::Response ok();  // 200 and the text "Ok"

// Adds the header Throttle-Fencing-Token, unless the token is 0.
http::Response with_token(http::Response response, FencingToken token);

// The answer to a wait that got what it waited for.
http::Response granted(Generation generation, PeerId peer, FencingToken token);
// The answer to a wait whose lock is still pending.
http::Response pending(Generation generation, PeerId peer);

http::Response unknown_peer();
http::Response unknown_semaphore(std::string name);
// What a client asked for when it was refused.
struct Asked {
  std::string_view semaphore;
  Count count = 0;
};
// `outcome` is neither acquired nor pending.
http::Response refused(const AcquireOutcome& outcome, const Asked& asked);
// `held`: the locks that the restore of the peer named.
http::Response refused(RestoreStatus status, PeerId peer, std::span<const HeldLock> held,
                       const LeaseLedger& ledger);
http::Response never_fits(const Asked& asked, Count full_count);
// `most`: how many peers there may be.
http::Response too_many_peers(std::size_t most);
http::Response out_of_memory();
// As many peers as may be are kept from coming back.
http::Response too_many_barred();
// `most`: how much later than the request a peer may expire.
http::Response expires_too_late(Duration most);
// A reload changed the levels while the request waited.
http::Response hierarchy_changed(std::string_view semaphore);

}  // namespace throttle::lease
