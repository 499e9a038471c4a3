// The screen of `top`: what is shown of a server, in how many lines and columns, and what keys do
// to it. It knows no terminal. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/inspect/keys.h"
#include "libthrottle/inspect/moment.h"
#include "libthrottle/inspect/output.h"
#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/system.h"

namespace throttle::inspect {

// A server at an instant.
struct TopPicture {
  std::string head;  // what it is
  std::vector<LiveSemaphore> semaphores;
  Samples samples;
  std::int64_t at_us = 0;
  std::string trouble;  // why the picture is an old one; empty if it is not
};

class TopScreen {
 public:
  using Size = TerminalSize;
  // What a key asks of the command.
  enum class Wish : std::uint8_t {
    kDraw,
    kQuit,
    kInterrupt,  // quit, with the exit code of Ctrl+C
    kKick,       // what kick() says
  };
  struct Kick {
    std::uint64_t peer = 0;
    std::string reason;
  };

  TopScreen(std::string delay, Zone zone) : delay_(std::move(delay)), zone_(zone) {}

  Wish take(const Key& key, const TopPicture& picture);
  // Of the latest Wish::kKick.
  const Kick& kick() const { return kick_; }
  // Is shown until the next key.
  void say(std::string notice) { notice_ = std::move(notice); }

  // The lines, none of which is longer than the screen, and no more than it has; plain text. A size
  // of 0 is unknown: 80 columns, 24 rows.
  std::vector<std::string> lines(const TopPicture& picture, Size size) const;
  // What makes a terminal show it: from the upper left corner, and nothing else besides.
  std::string frame(const TopPicture& picture, Size size) const;

 private:
  enum class Mode : std::uint8_t { kView, kFilter, kKickPeer, kKickReason, kKickConfirm };
  enum class Order : std::uint8_t { kName, kWaiting, kLongest };

  Wish take_view(const Key& key);
  Wish take_input(const Key& key, const TopPicture& picture);
  Wish enter(const TopPicture& picture);
  void ask_for_reason(const TopPicture& picture);
  std::string status_line(const TopPicture& picture) const;
  std::vector<const LiveSemaphore*> chosen(const TopPicture& picture) const;
  bool accepts(const LiveSemaphore& semaphore, const LiveEntry& entry) const;

  const std::string delay_;
  const Zone zone_;
  Mode mode_ = Mode::kView;
  Order order_ = Order::kName;
  std::string filter_;
  std::string input_;
  std::string notice_;
  std::string question_;
  Kick kick_;
};

}  // namespace throttle::inspect
