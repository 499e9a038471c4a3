// Installing and uninstalling the Windows service, as steps that are undone in reverse order where
// a later one fails: a failed installation leaves nothing behind, a failed upgrade changes nothing.
//
// The system is an interface, so that a test can let each call fail in turn.
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "service/role.h"

namespace throttle::service {

enum class StartType : std::uint8_t { kAuto, kDelayed, kDemand, kDisabled };

std::string_view to_string(StartType type);
// "auto", "delayed", "demand" or "disabled". Error kInvalidArgument.
Result<StartType> parse_start_type(std::string_view text);

// What the Service Control Manager keeps of a service.
struct ServiceRecord {
  std::string name;
  std::string display_name;
  std::string image_path;
  std::string account;
  StartType start = StartType::kAuto;
  std::vector<std::string> depends;

  bool operator==(const ServiceRecord&) const = default;
};

// The other services that run this program, whatever their names, and those whose command line
// may not be read, so that they may run it too.
struct Siblings {
  std::vector<ServiceRecord> known;
  std::vector<std::string> unreadable;
};

// A folder or file that exists.
struct Ownership {
  std::string owner;        // as people read it: `DESKTOP\someone`
  bool is_trusted = false;  // SYSTEM or the administrators
};

enum class LogonRight : std::uint8_t { kGranted, kHeldAlready };

// What the plan needs of Windows. Each call does its work whole or fails without a trace.
class InstallSystem {
 public:
  virtual ~InstallSystem() = default;

  virtual Result<std::optional<ServiceRecord>> find_service(const std::string& name) = 0;
  virtual Result<Siblings> siblings(const std::string& name) = 0;
  // Waits until the service is in no pending state.
  virtual Result<void> wait_until_settled(const std::string& name) = 0;
  virtual Result<void> create_service(const ServiceRecord& record, const std::string& password) = 0;
  // Without a password the account's stays as it is.
  virtual Result<void> change_service(const ServiceRecord& record,
                                      const std::optional<std::string>& password) = 0;
  virtual Result<void> delete_service(const std::string& name) = 0;
  // Description, SID type, privileges, failure actions, pre-shutdown time.
  virtual Result<void> harden_service(const std::string& name) = 0;

  virtual Result<std::optional<Ownership>> ownership(const std::string& path) = 0;
  virtual Result<void> make_folder(const std::string& path, const std::string& descriptor) = 0;
  // Adds the identifier to what a folder allows already.
  virtual Result<void> allow(const std::string& path, const std::string& descriptor) = 0;
  virtual Result<void> remove_folder(const std::string& path) = 0;
  // With all that is in it.
  virtual Result<void> purge_folder(const std::string& path) = 0;
  virtual Result<void> write_file(const std::string& path, std::string_view text) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;

  virtual Result<LogonRight> grant_logon_right(const std::string& account) = 0;
  virtual Result<void> revoke_logon_right(const std::string& account) = 0;
  virtual Result<void> add_event_source(const std::string& name) = 0;
  virtual Result<void> remove_event_source(const std::string& name) = 0;
};

// What `install` was asked for; what is empty was not given.
struct InstallRequest {
  std::string name;
  std::string executable;
  std::string data_folder;            // %ProgramData%\Throttle
  std::string default_configuration;  // in it
  std::string sample;                 // the text of a new configuration
  std::optional<std::string> display_name;
  std::optional<std::string> configuration;
  std::optional<Role> role;
  std::optional<std::string> account;
  std::optional<std::string> password;
  std::optional<StartType> start;
  std::optional<std::vector<std::string>> depends;
  bool reset = false;  // an installed service gets the defaults back for what is not given
};

enum class InstallOutcome : std::uint8_t { kInstalled, kUpdated };

struct Installed {
  InstallOutcome outcome = InstallOutcome::kInstalled;
  ServiceRecord record;
  std::string configuration;
};

// Installs the service, or brings an installed one up to date: its program's path and what the
// request names, nothing else. Errors: kUnavailable if the folder or the file belongs to somebody
// who is not trusted (any user may have made it before); else those of the system.
Result<Installed> install(InstallSystem& system, const InstallRequest& request);

enum class Purge : std::uint8_t { kKeepFiles, kRemoveFiles };

struct Uninstalled {
  // The services for which the data folder was kept, although it was to be removed.
  std::vector<std::string> kept_for;
  // The services for which it was kept because their command lines may not be read.
  std::vector<std::string> unreadable;
  // The file that was removed although the folder was kept; else empty.
  std::string removed_configuration;
};

// Removes a service that is stopped already, its event source, and with kRemoveFiles its data
// folder. Where other services of this program are or may be installed, that removes only the log
// file of this one, and its configuration if that is in the folder and no other service reads it.
// Error kNotFound: it is not installed. Any error of siblings() comes before the first change.
Result<Uninstalled> uninstall(InstallSystem& system, const std::string& name, Purge purge,
                              const std::string& data_folder);

// What stays of the data folder and why, in words for the user; empty where nothing was kept.
std::string kept_text(const Uninstalled& done, const std::string& data_folder);

// Where a service logs unless its configuration says otherwise; the older files have numbers
// behind: `.1`, `.2` …
std::string usual_log(const std::string& data_folder, std::string_view name);

// `NT SERVICE\NAME`, the account that is the service's alone and has no password.
std::string virtual_account(std::string_view name);
// Whether an account may log on as a service without being granted that: built-in ones, virtual
// ones, and group managed ones (`NAME$`).
bool needs_logon_right(std::string_view account);

}  // namespace throttle::service
