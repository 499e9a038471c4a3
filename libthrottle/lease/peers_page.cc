// Walks over the peers in slices. A peer that is there all the while is listed once, one that comes
// or goes meanwhile at most once.
#include "libthrottle/lease/peers_page.h"

#include <string>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::lease {
namespace {

class PeersPage final : public http::Producer {
 public:
  explicit PeersPage(const LeaseLedger& ledger) : ledger_(ledger) {}

  Progress produce(std::string& out, TimePoint) override {
    THROTTLE_CHECK(!peers_.ended());
    // About kPieceBytes, for an entry has some 25 bytes; and some 0.5 ms.
    constexpr std::size_t kPeers = 2500;
    if (std::exchange(fresh_, false)) out.push_back('[');
    peers_ = ledger_.visit_peers(peers_, kPeers, [&](const PeerState& peer) {
      if (!std::exchange(first_, false)) out.push_back(',');
      out.append(R"({"id":)").append(std::to_string(peer.id)).push_back('}');
    });
    if (!peers_.ended()) return Progress::kMore;
    out.push_back(']');
    return Progress::kEnd;
  }

 private:
  const LeaseLedger& ledger_;
  PeerCursor peers_;
  bool fresh_ = true;  // nothing is written yet
  bool first_ = true;  // no peer is
};

}  // namespace

std::unique_ptr<http::Producer> peers_page(const LeaseLedger& ledger) {
  return std::make_unique<PeersPage>(ledger);
}

}  // namespace throttle::lease
