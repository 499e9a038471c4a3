#include "libthrottle/uv/process.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>

#include "libthrottle/uv/buffer.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/line_splitter.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/process_tree.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

// How long the end of a command waits for the end of its output, which comes at once unless a child
// in the background holds it open.
constexpr std::chrono::milliseconds kOutputGrace(20);

// The environment of this process with `changes` on top, as "NAME=value".
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> lines;
  uv_env_item_t* items = nullptr;
  int count = 0;
  if (uv_os_environ(&items, &count) == 0) {
    for (int i = 0; i < count; ++i) {
      const std::string_view name = items[i].name;
      const auto same = [name](const auto& change) { return change.first == name; };
      if (std::ranges::any_of(changes, same)) continue;
      lines.push_back(std::string(name).append("=").append(items[i].value));
    }
    uv_os_free_environ(items, count);
  }
  for (const auto& [name, value] : changes)
    lines.push_back(std::string(name).append("=").append(value));
  return lines;
}

// The array of C strings that libuv wants, with a null at its end; as long as `strings` live.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings)
    pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

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

// The process itself. libuv has to wait for it, or it stays a zombie; so one that was abandoned is
// killed, and closes itself when it has ended.
struct Process::Child {
  uv_process_t uv{};
  Loop* loop = nullptr;
  State* state = nullptr;  // null once it was abandoned
  ProcessTree tree{};

  bool running() { return uv_is_active(as_handle(&uv)) != 0; }
  void kill() {
    uv_process_kill(&uv, SIGKILL);  // so that Windows tells a signal too
    tree.kill();
  }
  static void ended(uv_process_t* uv, std::int64_t status, int signal) noexcept;
};

struct Process::State {
  Loop& loop;
  Receiver* receiver;
  Timer grace{loop, bound<&State::tell_exit>(this)};
  BoxOwner<Pipe> standard_output = nullptr;
  BoxOwner<Pipe> standard_error = nullptr;
  std::unique_ptr<Child, ReleaseChild> child = nullptr;
  std::optional<ProcessExit> exit = std::nullopt;  // until it was told
  int open_outputs = 0;

  BoxOwner<Pipe> make_pipe(Output output, std::size_t max_line_bytes);
  int start(const Command& command);
  int read_outputs();
  void tell_exit() { receiver->on_exit(*std::exchange(exit, std::nullopt)); }
};

void Process::Pipe::tell_lines(std::string_view bytes) noexcept {
  lines.feed(bytes);
  // The receiver may destroy the process; this box lives on until its close callback.
  while (!closing(uv)) {
    const auto line = lines.next();
    if (!line) return;
    state->receiver->on_line(output, *line);
  }
}

void Process::Pipe::end() noexcept {
  uv_read_stop(stream());
  while (const auto line = lines.rest()) {
    state->receiver->on_line(output, *line);
    if (closing(uv)) return;
  }
  if (--state->open_outputs > 0 || state->child->running()) return;
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

void Process::Child::ended(uv_process_t* uv, std::int64_t status, int signal) noexcept {
  auto& child = box_of<Child>(uv);
  if (child.state == nullptr) {
    child.loop->remove_dying_child();
    CloseBox<Child>()(&child);
    return;
  }
  State& state = *child.state;
  state.exit = ProcessExit{status, signal};
  if (state.open_outputs == 0) return state.tell_exit();
  state.grace.arm(now() + kOutputGrace);
}

void Process::ReleaseChild::operator()(Child* child) const noexcept {
  if (!child->running()) return CloseBox<Child>()(child);
  child->state = nullptr;
  child->loop->add_dying_child();
  child->kill();
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
  constexpr auto kPipe = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  std::array<uv_stdio_container_t, 3> stdio{};
  stdio[0].flags = UV_IGNORE;
  stdio[1] = {.flags = kPipe, .data = {.stream = standard_output->stream()}};
  stdio[2] = {.flags = kPipe, .data = {.stream = standard_error->stream()}};

  ShellCall call = shell_call(command.line);
  auto changes = command.environment;
  if (!call.mark.empty()) changes.emplace_back(kMarkName, call.mark);
  std::vector<std::string> environment = environment_with(changes);
  std::vector<char*> arguments = pointers_to(call.arguments);
  std::vector<char*> variables = pointers_to(environment);
  uv_process_options_t options{};
  options.exit_cb = Child::ended;
  options.file = arguments.front();
  options.args = arguments.data();
  options.env = variables.data();
  options.flags = call.flags;
  options.stdio_count = static_cast<int>(stdio.size());
  options.stdio = stdio.data();

  child.reset(new Child{.loop = &loop, .state = this});
  child->uv.data = child.get();
  const int status = uv_spawn(loop.raw(), &child->uv, &options);
  if (child->running()) child->tree = ProcessTree(child->uv.pid, std::move(call.mark));
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
  return state_->child->uv.pid;
}

bool Process::has_writers() const {
  return state_->open_outputs > 0;
}

void Process::kill_tree() {
  if (state_->child->running()) state_->child->kill();
}

}  // namespace throttle::uv
