// The page /peers/: the ids of all peers, in pieces, in no order. Threads: the ledger's.
#pragma once

#include <memory>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/http/producer.h"

namespace throttle::lease {

// `ledger` outlives the producer.
std::unique_ptr<http::Producer> peers_page(const LeaseLedger& ledger);

}  // namespace throttle::lease
