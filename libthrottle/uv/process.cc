// A command, its two outputs and its end.
//
// Three things end in any order: the process (Child) and the two outputs (Pipe). on_exit() waits
// for all three, and no longer than kOutputGrace for the outputs, because a child in the background
// may hold them open; then on_silence() follows when they end. A Process that is destroyed while
// its child runs leaves the Child behind: it is killed, has no State any more, and deletes itself
// when the system reports its end.
#include "libthrottle/uv/process.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>

#include "libthrottle/core/check.h"
#include "libthrottle/core/line_splitter.h"
#include "libthrottle/uv/buffer.h"
#include "libthrottle/uv/child.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

// How long the end of a command waits for the end of its output, which comes at once unless a child
// in the background holds it open.
constexpr std::chrono::milliseconds kOutputGrace(20);

}  // namespace

std::vector<std::string> environment_with(const Variables& changes) {
  std::vector<std::string> lines;
  uv_env_item_t* items = nullptr;
  int count = 0;
  if (uv_os_environ(&items, &count) == 0) {
    for (int i = 0; i < count; ++i) {
      const std::string_view name = items[i].name;
      const auto same = [name](const auto& change) { return is_same_variable(change.first, name); };
      if (std::ranges::any_of(changes, same)) continue;
      lines.push_back(std::string(name).append("=").append(items[i].value));
    }
    uv_os_free_environ(items, count);
  }
  for (const auto& [name, value] : changes)
    lines.push_back(std::string(name).append("=").append(value));
  return lines;
}

std::string ProcessExit::text() const {
  if (signal != 0) return "was killed by signal " + std::to_string(signal);
  constexpr std::int64_t kLargestOfAProgram = 0xFFFF;  // what programs choose themselves is small
  if (status >= 0 && status <= kLargestOfAProgram)
    return "ended with status " + std::to_string(status);
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "0x%08X", static_cast<unsigned>(status));
  return std::string("ended with status ") + digits.data();
}

// One of the two outputs.
struct Process::Pipe {
  Pipe(Loop& of, std::size_t max_line_bytes) : loop(&of), lines(max_line_bytes) {
    loop->add_stream();
  }
  ~Pipe() { loop->remove_stream(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  uv_pipe_t uv{};
  Loop* loop;
  State* state = nullptr;
  Output output = Output::kStdout;
  LineSplitter lines;

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&uv); }
  void tell_lines(std::string_view bytes) noexcept;
  void end() noexcept;
  static void offer_buffer(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept;
  static void read(uv_stream_t* uv, ssize_t size, const uv_buf_t* buffer) noexcept;
};

struct Process::State {
  Loop& loop;
  Receiver* receiver;
  Timer grace{loop, bound<&State::tell_exit>(this)};
  BoxOwner<Pipe> standard_output = nullptr;
  BoxOwner<Pipe> standard_error = nullptr;
  Child child{loop};
  std::optional<ProcessExit> exit = std::nullopt;  // until it was reported
  int open_outputs = 0;

  BoxOwner<Pipe> make_pipe(Output output, std::size_t max_line_bytes);
  int start(const Command& command);
  int read_outputs();
  void on_ended(const ProcessExit& ended);
  void tell_exit() {
    THROTTLE_CHECK(exit);
    receiver->on_exit(*std::exchange(exit, std::nullopt));
  }
};

void Process::Pipe::tell_lines(std::string_view bytes) noexcept {
  lines.feed(bytes);
  // The receiver may destroy the process; this box lives on until its close callback.
  while (!closing(uv)) {
    const auto line = lines.next();
    if (!line) return;
    state->receiver->on_line(output, output_text(*line));
  }
}

void Process::Pipe::end() noexcept {
  uv_read_stop(stream());
  while (const auto line = lines.rest()) {
    state->receiver->on_line(output, output_text(*line));
    if (closing(uv)) return;
  }
  THROTTLE_CHECK(state->open_outputs > 0);
  if (--state->open_outputs > 0 || state->child.running()) return;
  if (!state->exit) return state->receiver->on_silence();
  state->grace.disarm();
  state->tell_exit();
}

void Process::Pipe::offer_buffer(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept {
  *buffer = read_buffer_of(*box_of<Pipe>(uv).loop);
}

void Process::Pipe::read(uv_stream_t* uv, ssize_t size, const uv_buf_t* buffer) noexcept {
  auto& pipe = box_of<Pipe>(uv);
  if (size > 0) return pipe.tell_lines({buffer->base, static_cast<std::size_t>(size)});
  if (size < 0) pipe.end();  // whatever ended it
}

void Process::State::on_ended(const ProcessExit& ended) {
  THROTTLE_CHECK(!exit);
  exit = ended;
  if (open_outputs == 0) return tell_exit();
  grace.arm(now() + kOutputGrace);
}

BoxOwner<Process::Pipe> Process::State::make_pipe(Output output, std::size_t max_line_bytes) {
  auto pipe = std::make_unique<Pipe>(loop, max_line_bytes);
  pipe->state = this;
  pipe->output = output;
  uv_pipe_init(loop.raw(), &pipe->uv, 0);  // cannot fail: it opens nothing yet
  return own(std::move(pipe));
}

int Process::State::start(const Command& command) {
  standard_output = make_pipe(Output::kStdout, command.max_line_bytes);
  standard_error = make_pipe(Output::kStderr, command.max_line_bytes);
  const int status = child.start({.line = command.line,
                                  .environment = command.environment,
                                  .standard_output = standard_output->uv,
                                  .standard_error = standard_error->uv},
                                 bound<&State::on_ended>(this));
  return status < 0 ? status : read_outputs();
}

int Process::State::read_outputs() {
  for (Pipe* pipe : {standard_output.get(), standard_error.get()}) {
    if (const int status = uv_read_start(pipe->stream(), Pipe::offer_buffer, Pipe::read);
        status < 0) {
      return status;
    }
    ++open_outputs;
  }
  return 0;
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}
Process::~Process() = default;
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;

Result<Process> Process::spawn(Loop& loop, const Command& command, Receiver& receiver) {
  auto state = std::unique_ptr<State>(new State{loop, &receiver});
  if (const int status = state->start(command); status < 0) {
    return fail(status, "cannot run '" + command.line + "'");
  }
  return Process(std::move(state));
}

void Process::set_receiver(Receiver& receiver) {
  state_->receiver = &receiver;
}

int Process::pid() const {
  return state_->child.pid();
}

bool Process::has_writers() const {
  return state_->open_outputs > 0;
}

void Process::kill_tree() {
  if (state_->child.running()) state_->child.kill();
}

}  // namespace throttle::uv
