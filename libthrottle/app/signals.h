// The signals of the operating system as requests to a Control.
//
//   SIGINT, SIGTERM   stop; the next one stops at once, unless it is the same one within a
//                     second: `timeout`, npm and make deliver one signal twice
//   SIGHUP            reload
//   SIGUSR1, SIGUSR2  pause, resume
//
// Ctrl+C is SIGINT. On Windows the closing of the console and Ctrl+Break stop as well; the former
// lets work finish for as long as Windows allows. A reload is asked for by reload_event.h there,
// and there is no pause by signal. Threads: the loop's.
#pragma once

#include <list>
#include <vector>

#include "libthrottle/app/control.h"
#include "libthrottle/app/signal_numbers.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

class Signals {
 public:
  // Both outlive it.
  Signals(uv::Loop& loop, Control& control) : loop_(loop), control_(control) {}
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Catches them until the object is destroyed. Once. Error kExhausted without descriptors.
  Result<void> watch();

 private:
  // Knows which of the signals it is called for.
  struct Stop {
    Signals& signals;
    const StopSignal& signal;
    void on_signal() { signals.on_stop(signal); }
  };

  Result<void> watch(int number, uv::Callback<void()> on_signal);
  void on_stop(const StopSignal& signal);
  void on_time_over() { control_.stop_now(out_of_time_); }
  void on_reload() { control_.reload(); }
  void on_pause() { control_.pause(); }
  void on_resume() { control_.resume(); }

  uv::Loop& loop_;
  Control& control_;
  const StopSignal* first_stop_ = nullptr;  // null: none yet
  TimePoint first_stop_at_;
  const char* out_of_time_ = nullptr;  // the name of a signal that allows no longer stop
  uv::Timer time_over_{loop_, uv::bound<&Signals::on_time_over>(this)};
  std::list<Stop> stops_;
  std::vector<uv::Signal> signals_;
};

}  // namespace throttle::app
