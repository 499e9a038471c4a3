// The page /leases: which peers hold each semaphore, and which wait for it, as JSON.
//
// It is written in pieces, because a ledger may have a million peers. What fits into one piece
// (about a thousand peers) shows one instant. A longer page is taken while the ledger changes: a
// lease that is there all the while is in it, in its order; one that ends meanwhile is left out,
// and one that begins meanwhile may be. Threads: the ledger's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/http/producer.h"
#include "libthrottle/http/router.h"

namespace throttle::pages {

// GET /leases or /leases/, and GET /leases?semaphore=NAME for one of them. `ledger` outlives the
// router's use of the route, and the answers.
void add_leases_route(http::Router& router, const LeaseLedger& ledger);

// The body of the page; only of the semaphore `only` if there is one.
std::unique_ptr<http::Producer> leases_page(const LeaseLedger& ledger,
                                            std::optional<std::string> only);

}  // namespace throttle::pages
