// Writes the connections of proxies as JSON, slice by slice.
#include "libthrottle/pages/connections.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/pages/json_text.h"

namespace throttle::pages {
namespace {

// A slice looks at that many connections, or waiters of a queue that others share; a piece takes a
// number of slices, also if none of them is of the proxy.
constexpr std::size_t kConnectionsOfASlice = 64;
constexpr std::size_t kSlicesOfAPiece = 16;

std::string_view text_of(proxy::ConnectionState state) {
  switch (state) {
    case proxy::ConnectionState::kSilent:
      return "silent";
    case proxy::ConnectionState::kWaiting:
      return "waiting";
    case proxy::ConnectionState::kPreparing:
      return "preparing";
    case proxy::ConnectionState::kLeft:
      return "left";
    case proxy::ConnectionState::kConnecting:
      return "connecting";
    case proxy::ConnectionState::kActive:
      return "active";
  }
  return {};
}

std::int64_t ms(Duration length) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
}

// The lines of the page:
//
//   {"proxies": [
//     {"name": "office", …, "connections": [
//       {"client": "10.0.0.7:52114", …},
//       {"client": "10.0.0.9:40022", …}]}]}
class ConnectionsPage final : public http::Producer {
 public:
  explicit ConnectionsPage(std::vector<ShownProxy> proxies) : proxies_(std::move(proxies)) {}

  Progress produce(std::string& out, TimePoint now) override;

 private:
  void open(std::string& out, const ProxyHead& head);
  void write_slice(std::string& out, const ShownProxy& proxy);

  std::vector<ShownProxy> proxies_;
  std::size_t next_ = 0;  // in proxies_
  bool begun_ = false;
  bool open_ = false;  // the beginning of that proxy is written
  bool first_connection_ = true;
  proxy::ConnectionCursor cursor_;
};

http::Producer::Progress ConnectionsPage::produce(std::string& out, TimePoint /*now*/) {
  THROTTLE_CHECK(next_ <= proxies_.size());
  const std::size_t enough = out.size() + http::kPieceBytes;
  if (!std::exchange(begun_, true)) out.append(R"({"proxies": [)");
  for (std::size_t slice = 0; slice < kSlicesOfAPiece && out.size() < enough; ++slice) {
    if (next_ == proxies_.size()) {
      out.append("]}\n");
      return Progress::kEnd;
    }
    write_slice(out, proxies_[next_]);
  }
  return Progress::kMore;
}

void ConnectionsPage::open(std::string& out, const ProxyHead& head) {
  out.append(next_ == 0 ? "\n  {" : ",\n  {");
  append_json_member(out, "name", head.name);
  const auto member = [&out](std::string_view name, const auto& value) {
    out.append(", ");
    append_json_member(out, name, value);
  };
  member("listen", head.listen);
  member("upstream", head.upstream);
  member("semaphore", head.semaphore);
  member("active", head.active);
  member("waiting", head.waiting);
  out.append(R"(, "connections": [)");
  open_ = true;
  first_connection_ = true;
  cursor_ = {};
}

void append(std::string& out, const proxy::ConnectionView& view) {
  out.push_back('{');
  append_json_member(out, "client", view.client.to_string());
  const auto member = [&out](std::string_view name, const auto& value) {
    out.append(", ");
    append_json_member(out, name, value);
  };
  member("state", text_of(view.state));
  member("age_ms", ms(view.age));
  member("in_state_ms", ms(view.in_state));
  member("bytes_up", view.bytes_up);
  member("bytes_down", view.bytes_down);
  if (view.peer != 0) member("peer", view.peer);
  if (view.place != 0) member("place", view.place);
  out.push_back('}');
}

void ConnectionsPage::write_slice(std::string& out, const ShownProxy& proxy) {
  if (!open_) open(out, proxy.head);
  const bool there = proxy.visit(cursor_, kConnectionsOfASlice, [&](const auto& view) {
    out.append(std::exchange(first_connection_, false) ? "\n    " : ",\n    ");
    append(out, view);
  });
  if (there && !cursor_.ended()) return;
  out.append("]}");
  open_ = false;
  ++next_;
}

}  // namespace

std::unique_ptr<http::Producer> connections_page(std::vector<ShownProxy> proxies) {
  return std::make_unique<ConnectionsPage>(std::move(proxies));
}

}  // namespace throttle::pages
