// A process of cmd.exe that is started without libuv, for three reasons:
//
// - Everything that a command starts is in one job from the first instruction on, because the shell
//   is suspended until it has been assigned. While the command runs the job ends with this process;
//   when it has ended by itself the job is released, and what it left behind stays. libuv would put
//   the shell into a job of its own as well, which takes all of that along when this process ends.
// - A child inherits its three standard handles and no other handle of this process.
// - The shell is named by its full path: libuv looks into the working directory first.
//
// The system reports the end on a thread of its own, which wakes the loop.
#include <algorithm>
#include <array>
#include <csignal>
#include <io.h>

#include <uv.h>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/child.h"
#include "libthrottle/uv/child_start_win32.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/wide_text_win32.h"

namespace throttle::uv {
namespace {

void limit(HANDLE job, DWORD flags) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
  limits.BasicLimitInformation.LimitFlags = flags;
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
}

// Null where the system does not allow a job inside that of this process.
KernelHandle job_with(HANDLE process) {
  KernelHandle job(CreateJobObjectW(nullptr, nullptr));
  if (!job) return nullptr;
  limit(job.get(), JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE);
  if (AssignProcessToJobObject(job.get(), process) == 0) return nullptr;
  return job;
}

// The end that a child writes to; the other one belongs to the pipe of the loop.
class WritingEnd {
 public:
  WritingEnd() = default;
  ~WritingEnd() {
    if (file_ >= 0) _close(file_);
  }
  WritingEnd(const WritingEnd&) = delete;
  WritingEnd& operator=(const WritingEnd&) = delete;

  int open(uv_pipe_t& reader) {
    std::array<uv_file, 2> files{};
    if (const int status = uv_pipe(files.data(), UV_NONBLOCK_PIPE, 0); status < 0) return status;
    file_ = files[1];
    const int status = uv_pipe_open(&reader, files[0]);
    if (status < 0) _close(files[0]);
    return status;
  }
  HANDLE handle() const { return uv_get_osfhandle(file_); }

 private:
  uv_file file_ = -1;
};

}  // namespace

struct Child::Box {
  Box(Loop& of, OnExit what) : loop(of), on_exit(what) {}
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  ~Box() { stop_waiting(); }

  uv_async_t uv{};
  Loop& loop;
  OnExit on_exit;
  KernelHandle process;
  KernelHandle job;
  HANDLE wait = nullptr;  // until the end was reported
  DWORD pid = 0;
  bool killed = false;
  bool abandoned = false;

  bool running() const { return wait != nullptr; }
  void stop_waiting() noexcept {
    // Returns when a call of on_signalled() that is under way has.
    if (wait != nullptr) UnregisterWaitEx(std::exchange(wait, nullptr), INVALID_HANDLE_VALUE);
  }
  void kill() {
    killed = true;
    if (job) TerminateJobObject(job.get(), 1);
    TerminateProcess(process.get(), 1);
  }
  void release_job() {
    if (job && !killed) limit(job.get(), 0);
    job.reset();
  }

  static void CALLBACK on_signalled(void* box, BOOLEAN) noexcept {
    uv_async_send(&static_cast<Box*>(box)->uv);
  }
  static void ended(uv_async_t* uv) noexcept;
};

void Child::Box::ended(uv_async_t* uv) noexcept {
  auto& box = box_of<Box>(uv);
  THROTTLE_CHECK(box.running());
  box.stop_waiting();
  box.release_job();
  uv_unref(as_handle(&box.uv));
  if (box.abandoned) {
    box.loop.remove_dying_child();
    return CloseBox<Box>()(&box);
  }
  DWORD status = 0;
  GetExitCodeProcess(box.process.get(), &status);
  box.on_exit(ProcessExit{status, box.killed ? SIGKILL : 0});
}

void Child::Release::operator()(Box* box) const noexcept {
  if (!box->running()) return CloseBox<Box>()(box);
  box->abandoned = true;
  box->loop.add_dying_child();
  box->kill();
}

Child::~Child() = default;

int Child::start(const Start& start, OnExit on_exit) {
  THROTTLE_CHECK(!box_);
  auto box = std::make_unique<Box>(loop_, on_exit);
  if (const int status = uv_async_init(loop_.raw(), &box->uv, Box::ended); status < 0)
    return status;
  box->uv.data = box.get();
  box_.reset(box.release());

  WritingEnd standard_output;
  WritingEnd standard_error;
  if (const int status = standard_output.open(start.standard_output); status < 0) return status;
  if (const int status = standard_error.open(start.standard_error); status < 0) return status;
  SuspendedShell shell;
  const int status = shell.start(start.line, environment_with(start.environment),
                                 {standard_output.handle(), standard_error.handle()});
  if (status < 0) return status;
  box_->job = job_with(shell.process());
  box_->pid = shell.pid();
  if (RegisterWaitForSingleObject(&box_->wait, shell.process(), &Box::on_signalled, box_.get(),
                                  INFINITE, WT_EXECUTEONLYONCE) == 0) {
    box_->wait = nullptr;
    return uv_translate_sys_error(static_cast<int>(GetLastError()));
  }
  box_->process = shell.resume();
  return 0;
}

bool Child::running() const {
  return box_ && box_->running();
}

int Child::pid() const {
  THROTTLE_CHECK(box_);
  return static_cast<int>(box_->pid);
}

void Child::kill() {
  THROTTLE_CHECK(running());
  box_->kill();
}

bool is_same_variable(std::string_view one, std::string_view other) noexcept {
  const std::wstring a = wide(one);
  const std::wstring b = wide(other);
  return CompareStringOrdinal(a.data(), static_cast<int>(a.size()), b.data(),
                              static_cast<int>(b.size()), TRUE) == CSTR_EQUAL;
}

std::string output_text(std::string_view line) {
  return from_console(line);
}

}  // namespace throttle::uv
