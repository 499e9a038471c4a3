// Windows as the installation sees it: the Service Control Manager, folders with their access
// lists, rights of accounts, event sources.
// Threads: one.
#pragma once

#include "service/install_plan.h"
#include "service/system_win32.h"

namespace throttle::service {

// Error kNotFound: it is not installed; kUnavailable: not allowed.
Result<ServiceHandle> open_service(const std::string& name, DWORD access);

struct ServiceStatus {
  DWORD state = SERVICE_STOPPED;
  DWORD process = 0;
  DWORD exit_code = 0;
  DWORD specific_code = 0;
};
Result<ServiceStatus> query_status(SC_HANDLE service);

class WindowsInstallSystem final : public InstallSystem {
 public:
  Result<std::optional<ServiceRecord>> find_service(const std::string& name) override;
  Result<Siblings> siblings(const std::string& name) override;
  Result<void> wait_until_settled(const std::string& name) override;
  Result<void> create_service(const ServiceRecord& record, const std::string& password) override;
  Result<void> change_service(const ServiceRecord& record,
                              const std::optional<std::string>& password) override;
  Result<void> delete_service(const std::string& name) override;
  Result<void> harden_service(const std::string& name) override;

  Result<std::optional<Ownership>> ownership(const std::string& path) override;
  Result<void> make_folder(const std::string& path, const std::string& descriptor) override;
  Result<void> allow(const std::string& path, const std::string& descriptor) override;
  Result<void> remove_folder(const std::string& path) override;
  Result<void> purge_folder(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view text) override;
  Result<void> remove_file(const std::string& path) override;

  Result<LogonRight> grant_logon_right(const std::string& account) override;
  Result<void> revoke_logon_right(const std::string& account) override;
  Result<void> add_event_source(const std::string& name) override;
  Result<void> remove_event_source(const std::string& name) override;
};

}  // namespace throttle::service
