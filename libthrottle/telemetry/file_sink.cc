// Rotation: the oldest file is overwritten, each other one moves up by one, the present one becomes
// number 1. A move that fails (a directory of that name, no right) must not stop the log: then the
// file grows beyond its limit, and the next line tries again.
#include "libthrottle/telemetry/file_sink.h"

#include <utility>

#include "libthrottle/telemetry/append_file.h"
#include "libthrottle/telemetry/log_line.h"

namespace throttle::telemetry {

namespace {

class RotatingFile final : public LineWriter {
 public:
  RotatingFile(FileSink::Options options, AppendFile file)
      : options_(std::move(options)), file_(std::move(file)) {}

  bool write(std::string_view line) noexcept override {
    if (!open_if_closed()) return false;
    const bool fits = file_.size() + line.size() <= options_.max_bytes;
    if (!fits && file_.size() > 0) {
      rotate();
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

  void rotate() noexcept {
    file_.close();
    for (std::uint32_t number = options_.keep; number > 1; --number)
      move_file(older(number - 1), older(number));
    if (options_.keep > 0)
      move_file(options_.path, older(1));
    else
      remove_file(options_.path);
  }

  FileSink::Options options_;
  AppendFile file_;
};

}  // namespace

Result<std::unique_ptr<FileSink>> FileSink::open(const Options& options) {
  auto file = AppendFile::open(options.path);
  if (!file) return tl::unexpected(file.error());
  auto writer = std::make_unique<RotatingFile>(options, *std::move(file));
  return std::unique_ptr<FileSink>(new FileSink(std::move(writer), options.farewell));
}

void FileSink::accept(const Record& record) noexcept {
  thread_.post(file_line(record));
}

}  // namespace throttle::telemetry
