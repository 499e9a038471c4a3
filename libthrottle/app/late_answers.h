// Requests that are answered later than in the call that receives them: parked ones, and streams.
// Threads: the loop's.
#pragma once

#include "libthrottle/core/time.h"
#include "libthrottle/http/message.h"

namespace throttle::app {

// Where the answers go. One whose client has left is dropped.
class Responder {
 public:
  virtual void respond(http::ExchangeId exchange, http::Response response) = 0;
  // The producer of the answer has more to send. One that does not wait for it is no error.
  virtual void resume_answer(http::ExchangeId exchange) = 0;

 protected:
  ~Responder() = default;
};

class LateAnswers {
 public:
  // Before the first request. The responder outlives the use of it.
  virtual void answer_through(Responder& responder) = 0;
  // The time of a request that is dispatched next.
  virtual void begin_request(TimePoint now) = 0;
  // Responds to every request whose answer is ready.
  virtual void deliver() = 0;
  // The client of this exchange left. One that is not parked here is no error.
  virtual void abandon(http::ExchangeId exchange) = 0;
  // From now on nothing is parked, and what is parked gets its answer; streams end in order.
  virtual void stop_parking() = 0;

 protected:
  ~LateAnswers() = default;
};

}  // namespace throttle::app
