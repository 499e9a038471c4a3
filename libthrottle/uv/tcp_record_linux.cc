// Linux: TCP_INFO. A kernel older than the header fills a part of it in; how much is its answer.
#include <chrono>
#include <cstddef>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "libthrottle/uv/tcp_record.h"

namespace throttle::uv {

std::optional<Delivery> read_tcp_record(int descriptor) noexcept {
  tcp_info known{};
  socklen_t size = sizeof(known);
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &known, &size) != 0) return std::nullopt;
  const bool knows_window = size >= offsetof(tcp_info, tcpi_snd_wnd) + sizeof(known.tcpi_snd_wnd);
  // With nothing under way, what is not sent yet waits for a larger window.
  const bool is_closed = known.tcpi_unacked == 0 || (knows_window && known.tcpi_snd_wnd == 0);
  return Delivery{.is_complete = known.tcpi_unacked == 0 && known.tcpi_notsent_bytes == 0,
                  .has_room = !is_closed,
                  .acknowledged_bytes = known.tcpi_bytes_acked,
                  .since_last_word = std::chrono::milliseconds(known.tcpi_last_ack_recv)};
}

}  // namespace throttle::uv
