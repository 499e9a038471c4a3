// The greeting as plain text and as HTML, and an icon that is drawn here.
#include "libthrottle/pages/welcome.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace throttle::pages {

namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;"
    "color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:right;padding:.3rem .8rem;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}"
    "pre{background:#f4f4f4;padding:.8rem;overflow:auto}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#2a2a2a}"
    "th,td{border-color:#444}a{color:#8bf}}";

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<title>{}</title><style>{}</style></head>\n<body>\n{}</body></html>\n",
      title, kStyle, body);
}

std::string semaphore_table(std::span<const SemaphoreState> semaphores) {
  if (semaphores.empty()) {
    return "<p>No semaphores are configured. Name some in the configuration file, for example"
           "</p>\n<pre>[semaphores]\nprinter = 1</pre>\n";
  }
  std::string table =
      "<table><tr><th>semaphore</th><th>full count</th><th>acquired</th><th>waiting</th>"
      "<th>longest wait</th></tr>\n";
  for (const SemaphoreState& each : semaphores) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(each.longest_wait);
    table += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} s</td></tr>\n",
                         escape_html(each.name), each.full_count, each.acquired, each.waiting,
                         seconds.count());
  }
  return table + "</table>\n";
}

// ICO: a directory of one image, which is a bitmap of twice the height with a mask below it.
class IconWriter {
 public:
  void u8(unsigned value) { bytes_ += static_cast<char>(value); }
  void u16(unsigned value) {
    u8(value & 0xffU);
    u8(value >> 8U);
  }
  void u32(std::uint32_t value) {
    u16(value & 0xffffU);
    u16(value >> 16U);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

constexpr int kIconSize = 16;

// The colour of a pixel as 0xAARRGGBB, rows from the bottom.
std::uint32_t icon_pixel(int x, int y) {
  const int dx = 2 * x - (kIconSize - 1);
  const int dy = 2 * y - (kIconSize - 1);
  const int square = dx * dx + dy * dy;
  constexpr int kOuter = 15 * 15;
  constexpr int kInner = 9 * 9;
  if (square > kOuter || square < kInner) return 0;
  return dx < 0 ? 0xff2b6cb0U : 0xffa0c4e8U;
}

}  // namespace

std::string welcome_text(std::string_view version, std::string_view routes) {
  return fmt::format(
      "Throttle {}: semaphores as a service.\n"
      "\n"
      "  GET  /metrics                 what is held and awaited (Prometheus)\n"
      "  GET  /remainder?semaphore=A   how much of A is free\n"
      "  POST /new_peer                begin: {{\"expires_in\": \"5min\"}}\n"
      "  PUT  /peers/ID/A              acquire, with the count as the body\n"
      "\n"
      "All routes:\n"
      "\n"
      "{}",
      version, routes);
}

std::string welcome_page(std::string_view version, std::span<const SemaphoreState> semaphores,
                         std::string_view routes) {
  const std::string body = fmt::format(
      "<h1>Throttle</h1>\n<p>Semaphores as a service, version {}. This page is for you; programs"
      " use the <a href=\"/metrics\">metrics</a> and a client. <a href=\"/leases\">What is held, "
      "and"
      " what waits</a></p>\n{}"
      "<h2>A first session</h2>\n<pre>"
      "curl -H 'Content-Type: application/json' -d '{{\"expires_in\": \"5min\"}}' HOST/new_peer\n"
      "curl -X PUT -H 'Content-Type: application/json' -d 1 HOST/peers/ID/SEMAPHORE\n"
      "curl -X DELETE HOST/peers/ID</pre>\n"
      "<h2>All routes</h2>\n<pre>{}</pre>\n",
      version, semaphore_table(semaphores), escape_html(routes));
  return page("Throttle", body);
}

std::string not_found_page() {
  return page("Not found",
              "<h1>Not found</h1>\n<p>There is nothing here. <a href=\"/\">Begin at the start</a>."
              "</p>\n");
}

std::string favicon() {
  constexpr std::uint32_t kPixelBytes = kIconSize * kIconSize * 4;
  constexpr std::uint32_t kMaskBytes = kIconSize * 4;  // one bit a pixel, rows of 32 bits
  constexpr std::uint32_t kHeaderBytes = 40;
  constexpr std::uint32_t kImageOffset = 6 + 16;
  IconWriter icon;
  for (const unsigned value : {0U, 1U, 1U})
    icon.u16(value);  // reserved, icon, one image
  for (const int value : {kIconSize, kIconSize, 0, 0})
    icon.u8(static_cast<unsigned>(value));
  icon.u16(1);   // planes
  icon.u16(32);  // bits a pixel
  icon.u32(kHeaderBytes + kPixelBytes + kMaskBytes);
  icon.u32(kImageOffset);

  icon.u32(kHeaderBytes);
  icon.u32(kIconSize);
  icon.u32(2 * kIconSize);
  icon.u16(1);
  icon.u16(32);
  for (const std::uint32_t value : {0U, kPixelBytes + kMaskBytes, 0U, 0U, 0U, 0U})
    icon.u32(value);
  for (int y = 0; y < kIconSize; ++y) {
    for (int x = 0; x < kIconSize; ++x)
      icon.u32(icon_pixel(x, y));
  }
  for (std::uint32_t i = 0; i < kMaskBytes; i += 4)
    icon.u32(0);
  return icon.take();
}

}  // namespace throttle::pages
