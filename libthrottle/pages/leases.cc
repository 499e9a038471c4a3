// Writes the page /leases in pieces. The steps of a page:
//
//   kGather   walks over all peers, slice by slice, and notes which hold what since when
//   kHeld     writes the holders of one semaphore, the oldest lease first
//   kWaiting  walks over the queue of that semaphore and writes it; then kHeld of the next one
//   kEnded
//
// Each call of produce() goes on until the piece is long enough, or it has looked at as many peers
// as fit into a millisecond. Nothing of the ledger is kept between two calls but ids, cursors and
// names: a peer that is gone when its turn comes is left out.
#include "libthrottle/pages/leases.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/http/url.h"
#include "libthrottle/pages/held_order.h"
#include "libthrottle/pages/json_text.h"

namespace throttle::pages {
namespace {

// What one call looks at: peers, or leases of peers that have many. With none of them in the cache,
// some 0.5 ms.
constexpr std::size_t kBudget = 2000;
// Peers of one step. A peer may have as many leases as there are semaphores, and a label that takes
// 6 KiB on the page, so a step must be short for a call to end in time.
constexpr std::size_t kPeersOfAWalk = 64;
constexpr std::size_t kWaitersOfAWalk = 8;
// Leases that are sorted together.
constexpr std::size_t kLeasesOfASlice = 2000;

std::int64_t ms_since(TimePoint then, TimePoint now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

class LeasesPage final : public http::Producer {
 public:
  LeasesPage(const LeaseLedger& ledger, std::optional<std::string> only);

  Progress produce(std::string& out, TimePoint now) override;

 private:
  enum class Step : std::uint8_t { kGather, kHeld, kWaiting, kEnded };

  void gather();
  void note(const PeerState& peer);
  void spend(std::size_t cost) { budget_ -= std::min(budget_, cost); }
  void begin_writing(std::string& out);
  void write_held(std::string& out, TimePoint now);
  // Opens the next semaphore that is still there; false if there is none.
  bool open_semaphore(std::string& out);
  void write_lease(std::string& out, const HeldEntry& held, TimePoint now);
  void write_waiting(std::string& out, TimePoint now);
  void write_entry(std::string& out, const PeerState& peer, const LeaseState& lease, TimePoint now);

  const LeaseLedger& ledger_;
  std::vector<std::string> names_;  // of the semaphores on the page, in their order
  Step step_ = Step::kGather;
  std::size_t budget_ = 0;  // what this call may still look at
  PeerCursor peers_;
  std::vector<HeldEntry> slice_;  // gathered, but not in order_ yet
  HeldOrder order_;
  std::size_t semaphore_ = 0;  // in names_: whose holders or queue is being written
  bool open_ = false;          // its beginning is written
  bool first_semaphore_ = true;
  bool first_entry_ = true;
  QueueCursor queue_;
  std::size_t place_ = 0;  // in the queue
};

LeasesPage::LeasesPage(const LeaseLedger& ledger, std::optional<std::string> only)
    : ledger_(ledger) {
  if (only) {
    names_.push_back(*std::move(only));
    return;
  }
  for (const SemaphoreState& semaphore : ledger.semaphores())
    names_.emplace_back(semaphore.name);
  THROTTLE_CHECK(std::is_sorted(names_.begin(), names_.end()));
}

http::Producer::Progress LeasesPage::produce(std::string& out, TimePoint now) {
  THROTTLE_CHECK(step_ != Step::kEnded);
  const std::size_t enough = out.size() + http::kPieceBytes;
  for (budget_ = kBudget; budget_ > 0 && out.size() < enough && step_ != Step::kEnded;) {
    switch (step_) {
      case Step::kGather:
        gather();
        if (peers_.ended()) begin_writing(out);
        break;
      case Step::kHeld:
        write_held(out, now);
        break;
      case Step::kWaiting:
        write_waiting(out, now);
        break;
      case Step::kEnded:
        break;
    }
  }
  return step_ == Step::kEnded ? Progress::kEnd : Progress::kMore;
}

void LeasesPage::gather() {
  THROTTLE_CHECK(step_ == Step::kGather && !peers_.ended());
  const std::size_t known = slice_.size();
  peers_ =
      ledger_.visit_peers(peers_, kPeersOfAWalk, [this](const PeerState& peer) { note(peer); });
  spend(std::max(kPeersOfAWalk, slice_.size() - known));
  if (peers_.ended() || slice_.size() >= kLeasesOfASlice) {
    order_.add_slice(std::exchange(slice_, {}));
  }
}

void LeasesPage::note(const PeerState& peer) {
  for (const LeaseState& lease : peer.leases) {
    const auto name = std::lower_bound(names_.begin(), names_.end(), lease.semaphore);
    if (name == names_.end() || *name != lease.semaphore) continue;
    slice_.push_back({static_cast<std::uint32_t>(name - names_.begin()), lease.since, peer.id});
  }
}

void LeasesPage::begin_writing(std::string& out) {
  step_ = Step::kHeld;
  out.append(R"({"semaphores": [)");
}

void LeasesPage::write_held(std::string& out, TimePoint now) {
  spend(1);
  if (!open_ && !open_semaphore(out)) {
    out.append("]}\n");
    step_ = Step::kEnded;
    return;
  }
  const HeldEntry* const held = order_.first();
  if (held != nullptr && held->semaphore <= semaphore_) {
    // Those before it are of semaphores that are gone; their leases ended first.
    if (held->semaphore == semaphore_) write_lease(out, *held, now);
    order_.pop();
    return;
  }
  out.append("],\n   \"waiting\": [");
  step_ = Step::kWaiting;
  queue_ = {};
  place_ = 0;
  first_entry_ = true;
}

bool LeasesPage::open_semaphore(std::string& out) {
  for (; semaphore_ < names_.size(); ++semaphore_) {
    const auto state = ledger_.semaphore(names_[semaphore_]);
    if (!state) continue;
    out.append(std::exchange(first_semaphore_, false) ? "\n  {" : ",\n  {");
    append_json_member(out, "name", state->name);
    out.append(", ");
    append_json_member(out, "max", state->full_count);
    out.append(",\n   \"held\": [");
    open_ = true;
    first_entry_ = true;
    return true;
  }
  return false;
}

void LeasesPage::write_lease(std::string& out, const HeldEntry& held, TimePoint now) {
  const auto peer = ledger_.peer(held.peer);
  if (!peer) return;
  spend(peer->leases.size() / 8);
  const auto lease =
      std::ranges::find(peer->leases, std::string_view(names_[semaphore_]), &LeaseState::semaphore);
  if (lease == peer->leases.end()) return;
  write_entry(out, *peer, *lease, now);
  out.append(", ");
  append_json_member(out, "held_ms", ms_since(lease->since, now));
  out.push_back('}');
}

void LeasesPage::write_waiting(std::string& out, TimePoint now) {
  const auto write = [&](const PeerState& peer) {
    THROTTLE_CHECK(peer.pending.has_value());
    write_entry(out, peer, *peer.pending, now);
    out.append(", ");
    append_json_member(out, "place", ++place_);
    out.append(", ");
    append_json_member(out, "waited_ms", ms_since(peer.pending->since, now));
    out.push_back('}');
  };
  THROTTLE_CHECK(open_ && semaphore_ < names_.size());
  queue_ = ledger_.visit_queue(names_[semaphore_], queue_, kWaitersOfAWalk, write);
  spend(kWaitersOfAWalk);
  if (!queue_.ended()) return;
  out.append("]}");
  step_ = Step::kHeld;
  open_ = false;
  ++semaphore_;
}

void LeasesPage::write_entry(std::string& out, const PeerState& peer, const LeaseState& lease,
                             TimePoint now) {
  out.append(std::exchange(first_entry_, false) ? "\n    {" : ",\n    {");
  append_json_member(out, "peer", peer.id);
  out.append(", ");
  append_json_member(out, "count", lease.count);
  out.append(", ");
  append_json_member(out, "client", peer.address.to_string());
  if (peer.removal != kNever) {
    out.append(", ");
    append_json_member(out, "expires_in_ms", ms_since(now, std::max(now, peer.removal)));
  }
  if (peer.label.empty()) return;
  out.append(", ");
  append_json_member(out, "label", peer.label);
}

http::Response refusal(std::string text) {
  return {.status = 400, .body = std::move(text)};
}

// The parameter `semaphore`, or the refusal of a query that is unusable.
std::optional<http::Response> read_only(std::string_view query, std::optional<std::string>& only) {
  auto pairs = http::parse_query(query);
  if (!pairs) return refusal("Invalid query: " + pairs.error().message);
  for (http::QueryPair& pair : *pairs) {
    if (pair.name != "semaphore") continue;
    if (only) return refusal("Invalid query: semaphore: given twice; specify it once.");
    only = std::move(pair.value);
  }
  return std::nullopt;
}

http::Response leases(const LeaseLedger& ledger, const http::Call& call) {
  std::optional<std::string> only;
  if (auto refused = read_only(call.request.query, only)) return std::move(*refused);
  if (only && !ledger.semaphore(*only)) {
    http::Response unknown = refusal("Unknown semaphore");
    unknown.about = *std::move(only);
    return unknown;
  }
  http::Response response{.content_type = http::kJsonType};
  response.producer = leases_page(ledger, std::move(only));
  return response;
}

}  // namespace

std::unique_ptr<http::Producer> leases_page(const LeaseLedger& ledger,
                                            std::optional<std::string> only) {
  return std::make_unique<LeasesPage>(ledger, std::move(only));
}

void add_leases_route(http::Router& router, const LeaseLedger& ledger) {
  for (const std::string_view path : {"/leases", "/leases/"})
    router.add(http::Method::kGet, path,
               [&ledger](const http::Call& call) { return leases(ledger, call); });
}

}  // namespace throttle::pages
