// The event Local\\throttle-reload-PID, which only the user of the program, SYSTEM and
// administrators may set: these are the rights that Windows gives by default.
#include <string>
#include <system_error>
#include <utility>
#include <windows.h>

#include "libthrottle/app/reload_event.h"

namespace throttle::app {
namespace {

std::wstring name_of(std::uint32_t pid) {
  return L"Local\\throttle-reload-" + std::to_wstring(pid);
}

std::string reason(DWORD code) {
  return std::system_category().message(static_cast<int>(code)) + " (error " +
         std::to_string(code) + ")";
}

}  // namespace

struct ReloadEvent::State {
  explicit State(Control& of) : control(of) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    // Returns when a call that is under way has.
    if (wait != nullptr) UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
    if (event != nullptr) CloseHandle(event);
  }

  static void CALLBACK on_set(void* state, BOOLEAN) {
    static_cast<State*>(state)->control.reload();
  }

  Control& control;
  HANDLE event = nullptr;
  HANDLE wait = nullptr;
};

Result<ReloadEvent> ReloadEvent::watch(Control& control) {
  auto state = std::make_unique<State>(control);
  state->event = CreateEventW(nullptr, FALSE, FALSE, name_of(GetCurrentProcessId()).c_str());
  const bool watching = state->event != nullptr &&
                        RegisterWaitForSingleObject(&state->wait, state->event, &State::on_set,
                                                    state.get(), INFINITE, WT_EXECUTEDEFAULT) != 0;
  if (!watching)
    return fail(ErrorCode::kUnavailable, "cannot wait for reloads: " + reason(GetLastError()));
  return ReloadEvent(std::move(state));
}

ReloadEvent::ReloadEvent(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReloadEvent::ReloadEvent(ReloadEvent&&) noexcept = default;
ReloadEvent& ReloadEvent::operator=(ReloadEvent&&) noexcept = default;
ReloadEvent::~ReloadEvent() = default;

Result<void> request_reload(std::uint32_t pid) {
  const std::string process = "process " + std::to_string(pid);
  const HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name_of(pid).c_str());
  if (event == nullptr) {
    const DWORD code = GetLastError();
    if (code == ERROR_FILE_NOT_FOUND) {
      return fail(ErrorCode::kNotFound,
                  process +
                      " is no throttle-server or throttle-proxy of this session; a service "
                      "is reloaded by its name");
    }
    return fail(ErrorCode::kUnavailable, process + ": " + reason(code));
  }
  const bool set = SetEvent(event) != 0;
  const DWORD code = GetLastError();
  CloseHandle(event);
  if (!set) return fail(ErrorCode::kUnavailable, process + ": " + reason(code));
  return {};
}

}  // namespace throttle::app
