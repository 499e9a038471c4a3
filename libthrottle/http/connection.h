// One connection of a Server: moves bytes between its stream and its Conversation, and knows at
// every moment what it waits for and until when.
//
// The state is one word, Wait, and every change of it goes through wait_for():
//
//   kRequest ──bytes──► kHead ──► kBody ──► (request) ──► kAnswer ──respond()──► kRequest
//
// with a detour over kWrite when the client does not take its response, over kTurn when a response
// leaves and further requests have been read already, and over kLinger after a fault. From each of
// them a lost connection or a passed deadline leads to kGone. In kAnswer, kWrite and kTurn further
// bytes are held back, up to a limit and then in the client's socket.
//
// A connection that is gone is destroyed in the next turn of the server's timer, so that no caller
// finds itself destroyed. Requests come to the receiver from the loop only, never from respond():
// that is what kTurn is for. Threads: the loop's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/deadline_heap.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/conversation.h"
#include "libthrottle/http/counters.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"
#include "libthrottle/http/response_text.h"
#include "libthrottle/http/server.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::http {

// What the connections of one server have in common.
struct Shared {
  const Limits limits;
  Server::Receiver& receiver;
  uv::Timer timer;  // fires at deadlines.next()
  DeadlineHeap deadlines{};
  Counters counters{};
  DateLine date{};
  std::uint64_t exchanges = 0;  // so far
  // The responses of the connection that is being served, until they are written; and of one that
  // is answered meanwhile.
  std::string output{};
  std::string late_output{};
  // The response to the request that is being handled, if respond() brings it.
  std::optional<Response> early_response{};
};

class Connection final : uv::TcpStream::Receiver {
 public:
  using Slot = DeadlineHeap::Item;

  // What was accepted, from whom, and the right to it.
  struct Accepted {
    uv::TcpStream stream;
    SocketAddress client;
    ConnectionLimiter::Permit permit;
  };

  // `slot` names it in shared.deadlines. `shared` outlives it.
  Connection(Shared& shared, Slot slot, Accepted accepted);

  // Answers the exchange, if it is the one that waits.
  void respond(ExchangeId exchange, Response response);
  // Closes it as soon as it has no request in hand.
  void close_soon();
  void close();

  // Its deadline has passed and was taken out of shared.deadlines; to be called unless is_gone().
  void on_deadline(TimePoint now);
  TimePoint deadline() const { return deadline_; }
  bool is_gone() const { return wait_ == Wait::kGone; }

  // An exchange is named by its number and the slot of its connection: 2^44 of them, which takes
  // five years at 100,000 a second, before one is named again.
  static Slot slot_of(ExchangeId exchange) { return static_cast<Slot>(exchange % kSlots); }
  static constexpr std::uint64_t kSlots = std::uint64_t{1} << 20;

 private:
  enum class Wait : std::uint8_t {
    kRequest,  // for a request to begin
    kHead,     // for the rest of a head
    kBody,     // for the rest of a body
    kAnswer,   // for respond(), as long as the client can be heard leaving
    kWrite,    // for the client to take its responses
    kTurn,     // for the timer, to serve what it holds
    kLinger,   // for the client to read the answer to its fault
    kGone,     // to be destroyed
  };

  void on_bytes(std::string_view bytes) noexcept override;
  void on_eof() noexcept override;
  void on_drained() noexcept override;
  void on_reset() noexcept override;
  void on_failed(const Error& error) noexcept override;

  bool is_busy() const;
  void hold(std::string_view bytes);
  void serve(std::string_view bytes, TimePoint now);
  void serve_held(TimePoint now);
  void handle(const Request& request, const Conversation::Output& output, TimePoint now);
  void settle(TimePoint now, bool progress);
  void settle_over(TimePoint now);
  void wait_for_answer(TimePoint now);
  void time_out(std::uint64_t& counter, TimePoint now);
  void abandon();
  void flush(std::string& output);
  void count_rejection();
  Conversation::Output output_to(std::string& bytes);
  void wait_for(Wait wait, TimePoint deadline);

  Shared& shared_;
  ConnectionLimiter::Permit permit_;
  uv::TcpStream stream_;
  Conversation conversation_;
  std::string held_;         // read, but to be served later
  ExchangeId exchange_ = 0;  // in the receiver's hands; 0 if none is
  TimePoint deadline_ = kNever;
  Slot slot_;
  Wait wait_ = Wait::kRequest;
  bool handling_ = false;  // the receiver is looking at the request
  bool reading_ = true;
  bool at_eof_ = false;
  bool closing_soon_ = false;
};

}  // namespace throttle::http
