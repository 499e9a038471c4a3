// A process as a daemon of Unix, without a service manager that does it: in the background, with a
// file that has its process id, as another user. daemon_posix.cc.
// Threads: before there is a second one, except where noted.
#pragma once

#include <functional>
#include <string>

#include "libthrottle/core/result.h"
#include "service/command.h"
#include "service/user_lookup.h"

namespace throttle::service {

// The way from the daemon back to the process that the user has started.
class Background {
 public:
  // Forks twice and returns in the daemon: no terminal, "/" as its folder, umask 027, /dev/null as
  // standard input and output. The process that was started waits until finish() or the daemon's
  // end, writes its message to stderr and ends with its exit code. Call before there are threads or
  // a loop. Error kUnavailable: it cannot fork.
  static Result<Background> enter();

  Background(Background&& other) noexcept;
  Background& operator=(Background&&) = delete;
  // Without finish() the first process exits with 1.
  ~Background();

  // Once: the daemon serves (0), or cannot (a code and why). From now on stderr is /dev/null too.
  void finish(int exit_code, const std::string& message);

 private:
  explicit Background(int pipe) : pipe_(pipe) {}
  int pipe_;
};

// A file with the process id, locked as long as the process lives. It belongs to the user that
// started the process: root kills what it names, so nobody else may write it.
class PidFile {
 public:
  // Writes the id over a stale file. Errors: kInUse, a running process holds it; kUnavailable.
  static Result<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  // Removes the file, or empties it where that is not allowed any more.
  ~PidFile();

 private:
  PidFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_;
};

// Looks a user up in /etc/passwd and /etc/group. Errors: those of find_user(), and kUnavailable
// unless this process is root's.
Result<UserIds> look_up_user(const UserAndGroup& wanted);

// Becomes the user for good, with its groups, and proves that root does not come back. Errors:
// kUnavailable. All threads.
Result<void> become(const UserIds& ids);

// Calls `action` with the rights of the user, and then has those of root again. Errors:
// kUnavailable. All threads.
Result<void> do_as(const UserIds& ids, const std::function<void()>& action);

}  // namespace throttle::service
