// The Service Control Manager's part. Wine has no levels for SID type, privileges and failure
// actions; an answer that says so is no failure.
#include "service/install_system_win32.h"

#include <array>
#include <utility>

#include "service/service_command_line.h"
#include "service/service_identity.h"

namespace throttle::service {

namespace {

constexpr DWORD kPollMs = 100;
constexpr int kPolls = 600;  // a minute
constexpr DWORD kPreshutdownMs = 60'000;
constexpr DWORD kForgiveAfterS = 3600;

Result<ServiceHandle> open_manager(DWORD access) {
  ServiceHandle manager(OpenSCManagerW(nullptr, nullptr, access));
  if (!manager) return failed("the Service Control Manager");
  return manager;
}

DWORD start_number(StartType type) {
  switch (type) {
    case StartType::kDemand:
      return SERVICE_DEMAND_START;
    case StartType::kDisabled:
      return SERVICE_DISABLED;
    default:
      return SERVICE_AUTO_START;
  }
}

// Each text with a zero, and one more at the end.
std::wstring multi_text(const std::vector<std::string>& texts) {
  std::wstring all;
  for (const std::string& text : texts)
    all.append(wide(text)).append(1, L'\0');
  return all.append(1, L'\0');
}

std::vector<std::string> texts_of(const wchar_t* multi) {
  std::vector<std::string> texts;
  while (multi != nullptr && *multi != L'\0') {
    texts.push_back(narrow(multi));
    multi += std::wcslen(multi) + 1;
  }
  return texts;
}

// A setting of ChangeServiceConfig2W; where Windows does not have it, nothing.
Result<void> set_extra(SC_HANDLE service, const std::string& name, DWORD level, void* value) {
  if (ChangeServiceConfig2W(service, level, value) != 0) return {};
  const DWORD code = GetLastError();
  if (code == ERROR_INVALID_LEVEL || code == ERROR_CALL_NOT_IMPLEMENTED) return {};
  return failed("service " + name, code);
}

Result<void> set_delayed(SC_HANDLE service, const ServiceRecord& record) {
  SERVICE_DELAYED_AUTO_START_INFO delayed{record.start == StartType::kDelayed ? TRUE : FALSE};
  return set_extra(service, record.name, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed);
}

bool is_delayed(SC_HANDLE service) {
  SERVICE_DELAYED_AUTO_START_INFO delayed{};
  DWORD bytes = 0;
  return QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO,
                              reinterpret_cast<BYTE*>(&delayed), sizeof(delayed), &bytes) != 0 &&
         delayed.fDelayedAutostart != 0;
}

StartType start_of(SC_HANDLE service, DWORD number) {
  if (number == SERVICE_DEMAND_START) return StartType::kDemand;
  if (number == SERVICE_DISABLED) return StartType::kDisabled;
  return is_delayed(service) ? StartType::kDelayed : StartType::kAuto;
}

Result<ServiceRecord> read_record(SC_HANDLE service, const std::string& name) {
  DWORD bytes = 0;
  QueryServiceConfigW(service, nullptr, 0, &bytes);
  std::vector<std::uint64_t> memory(bytes / sizeof(std::uint64_t) + 1);  // aligned for pointers
  auto* const config = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(memory.data());
  if (QueryServiceConfigW(service, config, bytes, &bytes) == 0) return failed("service " + name);
  return ServiceRecord{.name = name,
                       .display_name = narrow(config->lpDisplayName),
                       .image_path = narrow(config->lpBinaryPathName),
                       .account = narrow(config->lpServiceStartName),
                       .start = start_of(service, config->dwStartType),
                       .depends = texts_of(config->lpDependencies)};
}

Result<ServiceRecord> read_service(const std::string& name) {
  const auto service = open_service(name, SERVICE_QUERY_CONFIG);
  if (!service) return tl::unexpected(service.error());
  return read_record(service->get(), name);
}

Result<std::vector<std::string>> names_of_services() {
  const auto manager = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
  if (!manager) return tl::unexpected(manager.error());
  const auto enumerate = [&](std::vector<std::uint64_t>& memory, DWORD& needed, DWORD& count) {
    const auto bytes = static_cast<DWORD>(memory.size() * sizeof(std::uint64_t));
    return EnumServicesStatusExW(manager->get(), SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
                                 SERVICE_STATE_ALL, reinterpret_cast<BYTE*>(memory.data()), bytes,
                                 &needed, &count, nullptr, nullptr) != 0;
  };
  std::vector<std::uint64_t> memory(1);
  DWORD needed = 0;
  DWORD count = 0;
  while (!enumerate(memory, needed, count)) {
    if (GetLastError() != ERROR_MORE_DATA) return failed("the list of services");
    memory.resize(memory.size() + needed / sizeof(std::uint64_t) + 1);
  }
  std::vector<std::string> names;
  const auto* const services = reinterpret_cast<ENUM_SERVICE_STATUS_PROCESSW*>(memory.data());
  for (DWORD i = 0; i < count; ++i)
    names.push_back(narrow(services[i].lpServiceName));
  return names;
}

}  // namespace

Result<ServiceHandle> open_service(const std::string& name, DWORD access) {
  auto manager = open_manager(SC_MANAGER_CONNECT);
  if (!manager) return manager;
  ServiceHandle service(OpenServiceW(manager->get(), wide(name).c_str(), access));
  if (!service) return failed("service " + name);
  return service;
}

Result<ServiceStatus> query_status(SC_HANDLE service) {
  SERVICE_STATUS_PROCESS status{};
  DWORD bytes = 0;
  if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&status),
                           sizeof(status), &bytes) == 0) {
    return failed("the state of the service");
  }
  return ServiceStatus{status.dwCurrentState, status.dwProcessId, status.dwWin32ExitCode,
                       status.dwServiceSpecificExitCode};
}

Result<std::optional<ServiceRecord>> WindowsInstallSystem::find_service(const std::string& name) {
  auto service = open_service(name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS);
  if (!service && service.error().code == ErrorCode::kNotFound)
    return std::optional<ServiceRecord>();
  if (!service) return tl::unexpected(service.error());
  auto record = read_record(service->get(), name);
  if (!record) return tl::unexpected(record.error());
  return std::optional(*std::move(record));
}

Result<Siblings> WindowsInstallSystem::siblings(const std::string& name) {
  const std::string executable = own_path();
  const auto names = names_of_services();
  if (!names) return tl::unexpected(names.error());
  Siblings found;
  for (const std::string& each : *names) {
    if (upper_case(each) == upper_case(name)) continue;
    auto record = read_service(each);
    if (record && is_service_of(record->image_path, executable)) {
      found.known.push_back(*std::move(record));
    } else if (!record && record.error().code == ErrorCode::kUnavailable) {
      found.unreadable.push_back(each);
    } else if (!record && record.error().code != ErrorCode::kNotFound) {  // removed meanwhile
      return tl::unexpected(record.error());
    }
  }
  return found;
}

Result<void> WindowsInstallSystem::wait_until_settled(const std::string& name) {
  auto service = open_service(name, SERVICE_QUERY_STATUS);
  if (!service) return tl::unexpected(service.error());
  for (int poll = 0; poll < kPolls; ++poll) {
    const auto status = query_status(service->get());
    if (!status) return tl::unexpected(status.error());
    const bool settled = status->state == SERVICE_STOPPED || status->state == SERVICE_RUNNING ||
                         status->state == SERVICE_PAUSED;
    if (settled) return {};
    Sleep(kPollMs);
  }
  return fail(ErrorCode::kExhausted,
              "service " + name + " is starting or stopping for a minute; try again later");
}

Result<void> WindowsInstallSystem::create_service(const ServiceRecord& record,
                                                  const std::string& password) {
  auto manager = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
  if (!manager) return tl::unexpected(manager.error());
  const std::wstring depends = multi_text(record.depends);
  const std::wstring secret = wide(password);
  const ServiceHandle service(
      CreateServiceW(manager->get(), wide(record.name).c_str(), wide(record.display_name).c_str(),
                     SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, start_number(record.start),
                     SERVICE_ERROR_NORMAL, wide(record.image_path).c_str(), nullptr, nullptr,
                     record.depends.empty() ? nullptr : depends.c_str(),
                     wide(record.account).c_str(), password.empty() ? nullptr : secret.c_str()));
  if (!service) return failed("service " + record.name + " cannot be created");
  if (record.start != StartType::kDelayed) return {};
  auto delayed = set_delayed(service.get(), record);
  if (!delayed) DeleteService(service.get());
  return delayed;
}

Result<void> WindowsInstallSystem::change_service(const ServiceRecord& record,
                                                  const std::optional<std::string>& password) {
  auto service =
      open_service(record.name, SERVICE_CHANGE_CONFIG | SERVICE_QUERY_CONFIG | SERVICE_START);
  if (!service) return tl::unexpected(service.error());
  const auto before = read_record(service->get(), record.name);
  if (!before) return tl::unexpected(before.error());
  const std::wstring depends = multi_text(record.depends);
  const std::wstring account = wide(record.account);
  const std::wstring secret = wide(password.value_or(""));
  // A named account needs its password again, so it is left out where it stays the same.
  const bool same_account = before->account == record.account && !password;
  if (ChangeServiceConfigW(service->get(), SERVICE_NO_CHANGE, start_number(record.start),
                           SERVICE_NO_CHANGE, wide(record.image_path).c_str(), nullptr, nullptr,
                           depends.c_str(), same_account ? nullptr : account.c_str(),
                           password ? secret.c_str() : nullptr,
                           wide(record.display_name).c_str()) == 0) {
    return failed("service " + record.name + " cannot be changed");
  }
  return set_delayed(service->get(), record);
}

Result<void> WindowsInstallSystem::delete_service(const std::string& name) {
  auto service = open_service(name, DELETE);
  if (!service) return tl::unexpected(service.error());
  if (DeleteService(service->get()) == 0) return failed("service " + name);
  return {};
}

Result<void> WindowsInstallSystem::harden_service(const std::string& name) {
  auto service = open_service(name, SERVICE_CHANGE_CONFIG | SERVICE_START);
  if (!service) return tl::unexpected(service.error());
  std::wstring text = L"Fair, observable semaphores for connections and leases";
  SERVICE_DESCRIPTIONW description{text.data()};
  SERVICE_SID_INFO sid{SERVICE_SID_TYPE_UNRESTRICTED};
  std::wstring privileges(L"SeChangeNotifyPrivilege\0", 25);
  SERVICE_REQUIRED_PRIVILEGES_INFOW required{privileges.data()};
  std::array<SC_ACTION, 3> actions = {
      {{SC_ACTION_RESTART, 1'000}, {SC_ACTION_RESTART, 10'000}, {SC_ACTION_RESTART, 60'000}}};
  SERVICE_FAILURE_ACTIONSW failures{kForgiveAfterS, nullptr, nullptr, actions.size(),
                                    actions.data()};
  SERVICE_FAILURE_ACTIONS_FLAG also_on_errors{TRUE};
  SERVICE_PRESHUTDOWN_INFO preshutdown{kPreshutdownMs};
  const std::pair<DWORD, void*> extras[] = {{SERVICE_CONFIG_DESCRIPTION, &description},
                                            {SERVICE_CONFIG_SERVICE_SID_INFO, &sid},
                                            {SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required},
                                            {SERVICE_CONFIG_FAILURE_ACTIONS, &failures},
                                            {SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_on_errors},
                                            {SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown}};
  for (const auto& [level, value] : extras)
    if (auto set = set_extra(service->get(), name, level, value); !set) return set;
  return {};
}

}  // namespace throttle::service
