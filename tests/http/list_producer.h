// A body whose pieces a test writes down, and which notes that it is gone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/http/message.h"
#include "libthrottle/http/producer.h"

namespace throttle::http::testing {

class ListProducer final : public Producer {
 public:
  // A piece, and what the producer says with it.
  struct Step {
    std::string piece;
    Progress progress = Progress::kMore;
  };
  // `gone`, if there is one, becomes true with the end of the producer.
  explicit ListProducer(std::vector<Step> steps, bool* gone = nullptr)
      : steps_(std::move(steps)), gone_(gone) {}
  ~ListProducer() override {
    if (gone_ != nullptr) *gone_ = true;
  }

  // Behind the last step it has come to its end.
  Progress produce(std::string& out, TimePoint) override {
    if (next_ == steps_.size()) return Progress::kEnd;
    const Step& step = steps_[next_++];
    out.append(step.piece);
    return step.progress;
  }

 private:
  std::vector<Step> steps_;
  std::size_t next_ = 0;
  bool* gone_;
};

inline Response in_pieces(std::vector<ListProducer::Step> steps, bool* gone = nullptr) {
  Response response;
  response.producer = std::make_unique<ListProducer>(std::move(steps), gone);
  return response;
}

}  // namespace throttle::http::testing
