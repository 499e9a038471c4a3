// Brings the journal together with the clock, the ledger's events, the proxies and the log.
//
// Nothing of it waits for the file, except the first try to open it and the end. The recorder is
// called from the hub; what it wants done in a later turn (the walk after a gap, a pause) is done
// from the timer, for observers must not change the ledger.
#include "libthrottle/app/journal_part.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "libthrottle/app/run_id.h"
#include "libthrottle/app/version.h"
#include "libthrottle/core/check.h"
#include "libthrottle/pages/proxy_metrics.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/process_facts.h"

namespace throttle::app {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestStop = 5s;
constexpr Duration kNextTurn = 1ms;
constexpr Duration kPauseLooks = 100ms;  // while events are dropped, or may pause the ledger

journal::ConnectionEntry entry_of(std::string_view proxy, const proxy::ConnectionRecord& record) {
  return {.proxy = std::string(proxy),
          .upstream = record.upstream.to_string(),
          .waited = record.waited,
          .prepared = record.prepared,
          .connected = record.connected,
          .total = record.total,
          .bytes_up = record.bytes_up,
          .bytes_down = record.bytes_down,
          .ended_by = static_cast<char>(record.ended_by),
          .phase = static_cast<char>(record.phase),
          .position = record.position,
          .reason = record.reason};
}

}  // namespace

JournalPart::JournalPart(const Context& context, std::string_view tool, journal::Settings settings)
    : runtime_(context.runtime),
      open_files_as_(context.open_files_as),
      log_(context.logger.target("journal")),
      tool_(tool),
      settings_(std::move(settings)),
      run_(new_run_id()),
      channel_(std::make_shared<journal::Channel>(settings_.max_queued)),
      messages_(context.loop, uv::bound<&JournalPart::on_messages>(this)),
      timer_(context.loop, uv::bound<&JournalPart::on_due>(this)) {
  THROTTLE_CHECK(!settings_.path.empty());
  if (settings_.name.empty()) settings_.name = uv::host_name();
}

JournalPart::~JournalPart() = default;

void JournalPart::add_routes(http::Router& router) {
  router.add(http::Method::kGet, "/journal",
             [this](const http::Call& call) { return pages::journal_page(state(call.now)); });
}

void JournalPart::write_metrics(TimePoint now, pages::MetricsPage& page) {
  pages::write_journal(state(now), page.short_families());
}

Result<void> JournalPart::start(const config::ServerSettings& /*settings*/) {
  THROTTLE_CHECK(writer_ == nullptr && !recorder_);
  journal::WriterOptions options{.settings = settings_,
                                 .run = {.id = run_,
                                         .tool = tool_,
                                         .version = std::string(kVersion),
                                         .host = uv::host_name(),
                                         .pid = uv::process_id()},
                                 .started = runtime_.started(),
                                 .on_messages = [this] { messages_.wake(); }};
  Result<std::unique_ptr<journal::Writer>> opened =
      fail(ErrorCode::kUnavailable, settings_.path + " was not opened");
  const auto open = [&] { opened = journal::Writer::open(std::move(options), channel_); };
  if (auto allowed = open_files(open_files_as_, open); !allowed) return allowed;
  if (!opened) return tl::unexpected(opened.error());
  writer_ = *std::move(opened);
  recorder_.emplace(channel_, runtime_.ledger(),
                    journal::Recorder::Options{.when_behind = settings_.when_behind,
                                               .labels = settings_.labels,
                                               .connections = settings_.connections,
                                               .started = runtime_.started(),
                                               .grants_from = runtime_.grants_from()});
  subscription_ =
      runtime_.hub().add_observer([this](std::span<const LedgerEvent> events) { observe(events); });
  on_messages();
  on_due();
  log_.info("journal", {{"path", settings_.path}, {"open", writer_->stats().up}});
  return {};
}

void JournalPart::reload(config::ServerSettings& settings) {
  const journal::Settings& wanted = settings.journal;
  writer_->set_limits({wanted.keep, wanted.max_bytes, wanted.free_bytes});
  recorder_->add({.kind = journal::RecordKind::kReloaded, .at = uv::now()});
}

void JournalPart::on_reload_refused(const Error& mistakes) {
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  const nlohmann::json detail = {{"reason", mistakes.message}};
  recorder_->add({.kind = journal::RecordKind::kReloadRefused,
                  .at = uv::now(),
                  .json = detail.dump(-1, ' ', false, kReplace)});
}

void JournalPart::observe(std::span<const LedgerEvent> events) {
  recorder_->observe(events);
  if (recorder_->is_catching_up() || recorder_->wants_pause() != paused_) call_within(kNextTurn);
}

void JournalPart::call_within(Duration delay) {
  const TimePoint at = saturating_add(uv::now(), delay);
  if (at >= due_) return;
  due_ = at;
  timer_.arm(at);
}

// The ledger may be in the middle of handing out its events, and the connection still has its
// place.
void JournalPart::on_connection_ended(std::string_view proxy,
                                      const proxy::ConnectionRecord& record) {
  if (!recorder_) return;
  ended_.push_back({uv::now(), std::string(proxy), record});
  call_within(kNextTurn);
}

void JournalPart::record_ended() {
  for (const Ended& ended : std::exchange(ended_, {})) {
    const proxy::ConnectionRecord& record = ended.record;
    const bool was_in_the_queue = record.peer != 0;
    if (record.refusal != gate::Refusal::kNone && !was_in_the_queue) {
      recorder_->add_refusal(ended.at, record.client,
                             {ended.proxy, std::string(pages::outcome_of(record))});
    } else {
      recorder_->add(ended.at, record.peer, record.client, entry_of(ended.proxy, record));
    }
  }
}

void JournalPart::on_due() {
  due_ = kNever;
  runtime_.hub().settle();
  record_ended();
  if (on_drained_) return finish();
  if (recorder_->is_catching_up()) recorder_->catch_up(uv::now());
  follow_pause();
  const bool walking = recorder_->is_catching_up() && !recorder_->is_dropping();
  const bool looking =
      recorder_->is_dropping() || settings_.when_behind == journal::WhenBehind::kPause;
  if (walking)
    call_within(kNextTurn);
  else if (looking)
    call_within(kPauseLooks);
}

void JournalPart::follow_pause() {
  const bool wanted = recorder_->wants_pause();
  if (wanted == paused_) return;
  paused_ = wanted;
  if (paused_) {
    runtime_.ledger().pause_all();
    log_.error("nothing is granted until the journal has caught up",
               {{"queued", channel_->size()}});
  } else {
    runtime_.ledger().resume_all(uv::now());
    log_.warn("the journal has caught up: grants go on");
  }
}

void JournalPart::on_messages() {
  for (const journal::WriterMessage& message : writer_->take_messages()) {
    using Level = journal::WriterMessage::Level;
    switch (message.level) {
      case Level::kNews:
        log_.info(message.text);
        break;
      case Level::kWarning:
        log_.warn(message.text);
        break;
      case Level::kError:
        log_.error(message.text);
        break;
    }
  }
}

Duration JournalPart::drain_time() const {
  return kLongestStop;
}

// All others have drained, perhaps in this very call, in which the last place is still to be
// released. So it ends in a later turn.
void JournalPart::drain(TimePoint /*deadline*/, Drained on_drained) {
  THROTTLE_CHECK(!on_drained_);
  on_drained_ = std::move(on_drained);
  call_within(kNextTurn);
}

void JournalPart::finish() {
  recorder_->look_at_grace(uv::now());
  subscription_ = {};
  if (!writer_->stop(kLongestStop))
    log_.error("the journal could not be finished in time", {{"path", settings_.path}});
  on_messages();
  const Drained drained = std::exchange(on_drained_, nullptr);
  drained();
}

std::string JournalPart::trouble() const {
  if (!recorder_ || !recorder_->is_pausing()) return {};
  return "the journal is behind, and nothing is granted until it has caught up";
}

pages::JournalState JournalPart::state(TimePoint now) const {
  pages::JournalState state{.path = settings_.path, .run = run_, .writer = writer_->stats()};
  state.recorded = recorder_->recorded();
  state.committed = channel_->committed();
  state.lost = recorder_->lost();
  state.gaps = recorder_->gaps();
  state.queued = channel_->size();
  state.lag = recorder_->lag(now);
  state.pausing = recorder_->is_pausing();
  return state;
}

void JournalPart::on_kick(const lease::Kick& kick) {
  if (!recorder_) return;
  recorder_->add_kick(kick.at, {kick.peer, kick.semaphore, kick.from},
                      {kick.by, kick.reason, kick.within, kick.bar});
}

}  // namespace throttle::app
