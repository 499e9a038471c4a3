// Composes the JSON texts; the keys are part of the format, as documented in docs/journal.md.
#include "libthrottle/journal/details.h"

#include <nlohmann/json.hpp>

namespace throttle::journal {

namespace {

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view name_of(RecordKind kind) {
  if (is_numbered(kind)) return kind_name(static_cast<std::int64_t>(kind));
  switch (kind) {
    case RecordKind::kPeerAdded:
      return "peer_added";
    case RecordKind::kPeerRemoved:
      return "peer_removed";
    case RecordKind::kRefused:
      return "refused";
    case RecordKind::kConnection:
      return "connection";
    default:
      return "other";
  }
}

}  // namespace

std::string_view order_name(QueueOrder order) {
  switch (order) {
    case QueueOrder::kFifo:
      return "fifo";
    case QueueOrder::kLifo:
      return "lifo";
    case QueueOrder::kFair:
      return "fair";
  }
  return "";
}

std::string configured_json(const SemaphoreEntry& entry) {
  return dump({{"name", entry.name},
               {"level", entry.level},
               {"order", order_name(entry.order)},
               {"max_pending", entry.max_pending},
               {"retired", entry.retired}});
}

std::string label_json(std::string_view label) {
  return dump({{"label", label}});
}

std::string gap_json(const GapSummary& summary) {
  nlohmann::ordered_json kinds = nlohmann::ordered_json::object();
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < summary.by_kind.size(); ++i) {
    if (summary.by_kind[i] == 0) continue;
    const std::string_view name = name_of(static_cast<RecordKind>(i));
    if (name == "other" || name.empty()) {
      others += summary.by_kind[i];
    } else {
      kinds[std::string(name)] = summary.by_kind[i];
    }
  }
  if (others > 0) kinds["other"] = others;
  return dump({{"why", summary.why}, {"dropped", kinds}});
}

std::string kick_json(const KickEntry& entry, std::string_view from) {
  nlohmann::ordered_json json{{"by", entry.by}, {"reason", entry.reason}};
  if (!from.empty()) json["from"] = from;
  using std::chrono::duration_cast, std::chrono::milliseconds;
  if (entry.within) json["within_ms"] = duration_cast<milliseconds>(*entry.within).count();
  if (entry.bar) json["bar_ms"] = duration_cast<milliseconds>(*entry.bar).count();
  return dump(json);
}

std::string note_json(std::string_view what) {
  return dump({{"what", what}});
}

}  // namespace throttle::journal
