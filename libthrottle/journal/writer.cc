// The face of the writer: starts the thread, stops it within a limit, or leaves it behind.
#include "libthrottle/journal/writer.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/writer_work.h"

namespace throttle::journal {

namespace {

constexpr Duration kLastWait = std::chrono::seconds(5);

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(WriterOptions options,
                                             std::shared_ptr<Channel> channel) {
  THROTTLE_CHECK(!options.settings.path.empty() && channel != nullptr);
  auto work = std::make_shared<Work>(std::move(options), std::move(channel));
  if (auto started = work->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Writer>(new Writer(std::move(work)));
}

Writer::Writer(std::shared_ptr<Work> work)
    : work_(std::move(work)), thread_([shared = work_] { shared->run(); }) {}

Writer::~Writer() {
  stop(kLastWait);
}

bool Writer::stop(Duration longest) {
  if (!thread_.joinable()) return true;
  work_->channel().call(Channel::Call::kStop);
  if (work_->wait_until_done(longest)) {
    thread_.join();
    return true;
  }
  work_->abandon();
  thread_.detach();
  return false;
}

void Writer::set_limits(const RetentionLimits& limits) {
  work_->set_limits(limits);
}

WriterStats Writer::stats() const {
  return work_->stats();
}

std::vector<WriterMessage> Writer::take_messages() {
  return work_->take_messages();
}

}  // namespace throttle::journal
