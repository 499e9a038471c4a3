// Rotation: the oldest file is overwritten, each other one moves up by one, the present one becomes
// number 1. A move that fails (a directory of that name, no right) must not stop the log: then the
// file grows beyond its limit, and the next line tries again. The thread notes why; the loop's
// thread takes the note with the next record and warns.
#include "libthrottle/telemetry/file_sink.h"

#include <mutex>
#include <optional>
#include <utility>

#include "libthrottle/telemetry/append_file.h"
#include "libthrottle/telemetry/log_line.h"

namespace throttle::telemetry {

// Why the file could not be rotated, from the thread that writes to the loop's.
class RotationNote {
 public:
  // A failure that follows another one is nothing new.
  void set(const Result<void>& rotated) {
    const std::lock_guard lock(mutex_);
    if (rotated)
      failing_ = false;
    else if (!std::exchange(failing_, true))
      reason_ = rotated.error().message;
  }
  // The reason of a failure that nobody has taken yet.
  std::optional<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reason_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  bool failing_ = false;
  std::optional<std::string> reason_;
};

namespace {

class RotatingFile final : public LineWriter {
 public:
  RotatingFile(FileSink::Options options, AppendFile file, std::shared_ptr<RotationNote> note)
      : options_(std::move(options)), file_(std::move(file)), note_(std::move(note)) {}

  bool write(std::string_view line) noexcept override {
    if (!open_if_closed()) return false;
    const bool fits = file_.size() + line.size() <= options_.max_bytes;
    if (!fits && file_.size() > 0) {
      note_->set(rotate());
      if (!open_if_closed()) return false;
    }
    if (file_.write(line)) return true;
    file_.close();
    return false;
  }

  void reopen() noexcept override {
    file_.close();
    open_if_closed();
  }

 private:
  bool open_if_closed() noexcept {
    if (file_.is_open()) return true;
    auto file = AppendFile::open(options_.path);
    if (file) file_ = *std::move(file);
    return file_.is_open();
  }

  std::string older(std::uint32_t number) const {
    return options_.path + '.' + std::to_string(number);
  }

  // Where an older file cannot be moved, it is lost with the next step, and that is no error.
  Result<void> rotate() {
    file_.close();
    for (std::uint32_t number = options_.keep; number > 1; --number)
      static_cast<void>(move_file(older(number - 1), older(number)));
    auto gone = options_.keep > 0 ? move_file(options_.path, older(1)) : remove_file(options_.path);
    if (!gone && gone.error().code == ErrorCode::kNotFound) return {};
    return gone;
  }

  FileSink::Options options_;
  AppendFile file_;
  std::shared_ptr<RotationNote> note_;
};

}  // namespace

Result<std::unique_ptr<FileSink>> FileSink::open(const Options& options) {
  auto file = AppendFile::open(options.path);
  if (!file) return tl::unexpected(file.error());
  auto note = std::make_shared<RotationNote>();
  auto writer = std::make_unique<RotatingFile>(options, *std::move(file), note);
  return std::unique_ptr<FileSink>(
      new FileSink(std::move(writer), std::move(note), options.farewell));
}

FileSink::FileSink(std::unique_ptr<LineWriter> writer, std::shared_ptr<RotationNote> note,
                   std::chrono::milliseconds farewell)
    : note_(std::move(note)), thread_(std::move(writer), farewell) {}

void FileSink::accept(const Record& record) noexcept {
  if (const auto reason = note_->take()) {
    log_.warn(
        "the log file cannot be rotated and grows beyond max_bytes; allow this process to "
        "create and rename files in its folder",
        {{"reason", *reason}});
  }
  thread_.post(file_line(record));
}

}  // namespace throttle::telemetry
