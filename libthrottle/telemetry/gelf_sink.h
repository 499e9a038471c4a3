// The log to a GELF server (Graylog, Logstash, Vector …) over UDP.
//
// What holds. A dead log server, or one whose name nobody knows, costs nothing: records are sent
// and forgotten, the name is looked up on the side, and again now and then, for servers move. Until
// it is known for the first time, the first kHeldBytes of datagrams are held; what comes after them
// is lost and counted, and so is what the system does not take. If the name stays unknown for too
// long, what was held is lost as well. Its timer keeps a loop running.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/time.h"
#include "libthrottle/telemetry/gelf_message.h"
#include "libthrottle/telemetry/sink.h"
#include "libthrottle/uv/resolver.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/udp_socket.h"

namespace throttle::telemetry {

class GelfSink final : public Sink {
 public:
  struct Options {
    HostPort server;
    GelfFormat format;
    std::uint64_t seed = 0;  // of the message ids; differs from process to process
    // How long what is logged is held for a name that cannot be looked up.
    Duration hold = std::chrono::minutes(1);
    Duration retry = std::chrono::seconds(10);  // until the next look-up of such a name
  };
  static constexpr std::size_t kHeldBytes = 256 * 1024;
  static constexpr Duration kRefreshInterval = std::chrono::minutes(5);  // of a name that is known

  // The loop outlives the sink.
  GelfSink(uv::Loop& loop, Options options);

  // Where to say, once, that the name cannot be looked up, and that it is known after all. The
  // logger may be the one that has this sink.
  void report_to(Log log) { log_ = log; }

  void accept(const Record& record) noexcept override;
  std::string_view name() const override { return "gelf"; }
  std::uint64_t lost() const noexcept override { return lost_; }

 private:
  using Datagrams = std::vector<std::string>;

  void look_up();
  void on_resolved(Result<uv::ResolvedHost> host);
  void on_known(const SocketAddress& address);
  void on_unknown(const Error& error);
  void send(const Datagrams& datagrams);
  void hold(Datagrams datagrams);

  uv::Loop& loop_;
  Options options_;
  uv::Timer next_look_up_;
  std::optional<uv::Resolver> resolver_;
  std::optional<uv::UdpSocket> socket_;  // once the name is known
  SocketAddress address_;
  Log log_;
  bool reported_ = false;  // that the name cannot be looked up
  TimePoint held_until_;
  bool holding_ = true;
  std::vector<Datagrams> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t next_id_;
  std::uint64_t lost_ = 0;
};

}  // namespace throttle::telemetry
