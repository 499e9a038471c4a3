// Requests to a running Application, from any thread: stop, reload, pause, resume.
//
// A request sets a bit and wakes the loop; the Application carries it out in the loop's next turn.
// A Control outlives the Application it is given to. Requests that come before the Application
// has started wait for it, and requests that come after it has ended do nothing.
//
// Repeating a request that is not carried out yet changes nothing. Of pause() and resume() the
// latest one counts. stop() again, while the Application is stopping, has no effect: stop_now() is
// the request that cuts work off.
// Threads: any, all at once, except take(), attach() and detach(), which are the Application's.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace throttle::uv {
class Async;
}

namespace throttle::app {

class Control {
 public:
  Control() = default;
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  // It is attached to no Application any more.
  ~Control();

  // Stops accepting work and lets what is under way finish, within the drain timeouts.
  // `asked_by` is static text for people and the log: "SIGTERM", "the service manager".
  void stop(const char* asked_by) noexcept;
  // Stops without letting anything finish; also while an orderly stop is under way.
  void stop_now(const char* asked_by) noexcept;
  // Reads the configuration again.
  void reload() noexcept;
  // Nothing is granted on any semaphore until resume().
  void pause() noexcept;
  void resume() noexcept;

  // What was requested since the last take().
  struct Requests {
    bool stop = false;
    bool stop_now = false;
    bool reload = false;
    bool pause = false;
    bool resume = false;
    std::string_view asked_by = {};  // of the first stop() or stop_now()
  };
  Requests take() noexcept;
  // Whether stop() or stop_now() was requested since then.
  bool is_stop_requested() const noexcept;

  // From now on requests wake this loop; at once if there are some already. Not while attached.
  void attach(uv::Async& wake_up) noexcept;
  // Requests wake nobody any more. One that is not attached is no error.
  void detach() noexcept;

 private:
  void request(std::uint32_t bit, std::uint32_t instead_of = 0) noexcept;
  void request_stop(std::uint32_t bit, const char* asked_by) noexcept;
  void wake() noexcept;

  std::atomic<std::uint32_t> requests_{0};
  std::atomic<const char*> asked_by_{nullptr};
  std::mutex mutex_;              // of wake_up_: detach() waits for a wake() that is under way
  uv::Async* wake_up_ = nullptr;  // the attached Application's
};

}  // namespace throttle::app
