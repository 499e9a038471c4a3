// One connection of a Server: moves bytes between its wire and its Conversation, and knows at every
// moment what it waits for and until when. connection.cc opens with the states.
//
// A connection that is gone is destroyed in the next turn of the server's timer, so that no caller
// finds itself destroyed. Requests come to the receiver from the loop only, never from respond().
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/deadline_heap.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/slot_list.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/conversation.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"
#include "libthrottle/http/response_text.h"
#include "libthrottle/httpd/counters.h"
#include "libthrottle/httpd/server.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/wire.h"

namespace throttle::httpd {

class Connection;

// A place for a connection, and its links in the list of those that are idle.
struct Seat {
  std::unique_ptr<Connection> connection;
  SlotLinks links;
};

// What the connections of one server have in common.
struct Shared {
  const http::Limits limits;
  const std::size_t most_connections;
  Server::Receiver& receiver;
  ConnectionLimiter limiter;
  uv::Timer timer;  // fires at deadlines.next()
  DeadlineHeap deadlines{};
  Counters counters{};
  http::DateLine date{};
  std::uint64_t exchanges = 0;  // so far
  // The responses of the connection that is being served, until they are written; and of one that
  // is answered meanwhile.
  std::string output{};
  std::string late_output{};
  // The response to the request that is being handled, if respond() delivers it.
  std::optional<http::Response> early_response{};
  // A client waits until a connection ends, so one that becomes idle ends.
  bool waiting_for_room = false;
  SlotList idle{};  // connections between two requests, the longest idle one first
  Slab<Seat> seats{};
};

class Connection final : uv::Wire::Receiver {
 public:
  using Slot = DeadlineHeap::Item;

  // An accepted connection: its wire, its client, and its share of the limit for that client.
  // Without a share, it has to begin with a PROXY header.
  struct Accepted {
    std::unique_ptr<uv::Wire> wire;
    SocketAddress client;
    std::optional<ConnectionLimiter::Permit> permit;
  };

  // `slot` names it in shared.seats and shared.deadlines. `shared` outlives it.
  Connection(Shared& shared, Slot slot, Accepted accepted);

  // Answers the exchange if it is the one that waits for its response.
  void respond(http::ExchangeId exchange, http::Response response);
  // The producer of this exchange's response is asked for more in the next turn, if it waits.
  void resume(http::ExchangeId exchange);
  // Closes it as soon as it has no request in hand.
  void close_soon();
  void close();
  // Closes it for another one. It is idle.
  void make_room();

  // The deadline has passed and was taken out of shared.deadlines. Not if is_gone().
  void on_deadline(TimePoint now);
  TimePoint deadline() const { return deadline_; }
  bool is_gone() const { return wait_ == Wait::kGone; }

  // An exchange is named by its number and the slot of its connection: 2^44 of them, which takes
  // five years at 100,000 a second, before one is named again.
  static Slot slot_of(http::ExchangeId exchange) { return static_cast<Slot>(exchange % kSlots); }
  static constexpr std::uint64_t kSlots = std::uint64_t{1} << 20;

 private:
  enum class Wait : std::uint8_t {
    kOrigin,   // for a PROXY header
    kRequest,  // for a request to begin
    kHead,     // for the rest of a head
    kBody,     // for the rest of a body
    kAnswer,   // for respond(), as long as the client can be heard leaving
    kWrite,    // for the client to take its responses
    kTurn,     // for the timer, to serve what it holds or to ask a producer for its next piece
    kNews,     // for resume(), as long as the client can be heard leaving
    kLinger,   // for the client to read the answer to its fault
    kGone,     // to be destroyed
  };
  static bool may_follow(Wait wait, Wait next);

  void on_bytes(std::string_view bytes) noexcept override;
  void on_eof() noexcept override;
  void on_drained() noexcept override;
  void on_reset() noexcept override;
  void on_failed(const Error& error) noexcept override;

  // Takes a step; if there is no memory for it, this connection ends instead.
  template <typename Step>
  void attempt(Step step);
  void end_for_want_of_memory();
  void hear(std::string_view bytes);
  void read_origin(std::string_view bytes, TimePoint now);
  void end_without_origin(std::string_view reason);
  bool is_busy() const;
  bool is_flowing() const;
  void hold(std::string_view bytes);
  void serve(std::string_view bytes, TimePoint now);
  void serve_held(TimePoint now);
  void handle(const http::Request& request, const http::Conversation::Output& output,
              TimePoint now);
  void answer(http::Response&& response, const http::Conversation::Output& output);
  void flow(TimePoint now);
  void end_flow(TimePoint now);
  void go_on(TimePoint now);
  void end_if_client_left();
  void settle(TimePoint now, bool progress);
  void settle_flow(TimePoint now);
  void settle_over(TimePoint now);
  void wait_while_heard(Wait wait, TimePoint now);
  void time_out(std::uint64_t& counter, TimePoint now);
  void abandon();
  void flush(std::string& output);
  void count_rejection();
  http::Conversation::Output output_to(std::string& bytes, TimePoint now);
  // The only one that changes wait_.
  void wait_for(Wait wait, TimePoint deadline);
  void keep_idle_list(Wait next);
  void wait_for_request(TimePoint now);
  void end_idleness(TimePoint now);

  Shared& shared_;
  std::optional<ConnectionLimiter::Permit> permit_;
  SocketAddress peer_;  // the other end
  std::unique_ptr<uv::Wire> wire_;
  http::Conversation conversation_;
  std::string held_;               // read, but to be served later; in kOrigin: of the header
  http::ExchangeId exchange_ = 0;  // in the receiver's hands; 0 if none is
  http::ExchangeId flow_ = 0;      // whose response is being written in pieces; 0 if none is
  TimePoint deadline_ = kNever;
  Slot slot_;
  Wait wait_ = Wait::kRequest;
  bool handling_ = false;  // the receiver is looking at the request
  bool reading_ = true;
  bool at_eof_ = false;  // the client sends nothing more
  bool closing_soon_ = false;
  bool is_listed_ = false;  // in shared_.idle
  bool yields_ = false;     // idle, and to be closed if a client still waits for room
};

}  // namespace throttle::httpd
