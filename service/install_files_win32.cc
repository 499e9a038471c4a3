// Folders and their access lists, the right to log on as a service, and event sources.
#include <aclapi.h>
#include <filesystem>
#include <ntsecapi.h>
#include <sddl.h>
#include <system_error>

#include "service/install_system_win32.h"

namespace throttle::service {

namespace {

using Descriptor = LocalMemory<void>;

std::filesystem::path native(const std::string& path) {
  return {std::u8string(path.begin(), path.end())};
}

Result<Descriptor> parse_descriptor(const std::string& sddl) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(wide(sddl).c_str(), SDDL_REVISION_1,
                                                           &descriptor, nullptr) == 0) {
    return failed("the access list " + sddl);
  }
  return Descriptor(descriptor);
}

// The user of this process, which is allowed to install services.
bool is_own(PSID owner) {
  HANDLE opened = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &opened) == 0) return false;
  const KernelHandle token(opened);
  DWORD bytes = 0;
  GetTokenInformation(token.get(), TokenUser, nullptr, 0, &bytes);
  std::vector<std::uint64_t> memory(bytes / sizeof(std::uint64_t) + 1);
  if (GetTokenInformation(token.get(), TokenUser, memory.data(), bytes, &bytes) == 0) return false;
  return EqualSid(reinterpret_cast<TOKEN_USER*>(memory.data())->User.Sid, owner) != 0;
}

std::string name_of(PSID sid) {
  wchar_t name[256];
  wchar_t domain[256];
  DWORD name_length = 256;
  DWORD domain_length = 256;
  SID_NAME_USE use{};
  if (LookupAccountSidW(nullptr, sid, name, &name_length, domain, &domain_length, &use) != 0)
    return narrow(domain) + '\\' + narrow(name);
  wchar_t* text = nullptr;
  if (ConvertSidToStringSidW(sid, &text) == 0) return "somebody unknown";
  const LocalMemory<wchar_t> owned(text);
  return narrow(text);
}

// The entries of a list as what is to be granted.
std::vector<EXPLICIT_ACCESSW> entries_of(PACL list) {
  std::vector<EXPLICIT_ACCESSW> entries;
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* found = nullptr;
    if (GetAce(list, i, &found) == 0) continue;
    auto* const ace = static_cast<ACCESS_ALLOWED_ACE*>(found);
    EXPLICIT_ACCESSW entry{};
    entry.grfAccessPermissions = ace->Mask;
    entry.grfAccessMode = GRANT_ACCESS;
    entry.grfInheritance = SUB_CONTAINERS_AND_OBJECTS_INHERIT;
    entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
    entry.Trustee.ptstrName = reinterpret_cast<wchar_t*>(&ace->SidStart);
    entries.push_back(entry);
  }
  return entries;
}

std::wstring source_key(const std::string& name) {
  return L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" + wide(name);
}

struct CloseKey {
  using pointer = HKEY;
  void operator()(HKEY key) const { RegCloseKey(key); }
};
using RegistryKey = std::unique_ptr<HKEY, CloseKey>;

// A right of an account in the policy of this machine.
class AccountRight {
 public:
  static Result<AccountRight> open(const std::string& account) {
    AccountRight right;
    LSA_OBJECT_ATTRIBUTES attributes{};
    const NTSTATUS opened =
        LsaOpenPolicy(nullptr, &attributes,
                      POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT | POLICY_VIEW_LOCAL_INFORMATION,
                      &right.policy_);
    if (opened != 0) return failed("the policy of this machine", LsaNtStatusToWinError(opened));
    const std::string full = account.starts_with(".\\") ? account.substr(2) : account;
    DWORD bytes = sizeof(right.sid_);
    wchar_t domain[256];
    DWORD domain_length = 256;
    SID_NAME_USE use{};
    if (LookupAccountNameW(nullptr, wide(full).c_str(), right.sid_, &bytes, domain, &domain_length,
                           &use) == 0) {
      return failed("the account " + account);
    }
    return right;
  }
  AccountRight(AccountRight&& other) noexcept : policy_(std::exchange(other.policy_, nullptr)) {
    std::copy(std::begin(other.sid_), std::end(other.sid_), std::begin(sid_));
  }
  AccountRight& operator=(AccountRight&&) = delete;
  ~AccountRight() {
    if (policy_ != nullptr) LsaClose(policy_);
  }

  bool is_held() {
    LSA_UNICODE_STRING* rights = nullptr;
    ULONG count = 0;
    if (LsaEnumerateAccountRights(policy_, sid_, &rights, &count) != 0) return false;
    bool held = false;
    for (ULONG i = 0; i < count; ++i)
      held |= std::wstring_view(rights[i].Buffer, rights[i].Length / 2) == kName;
    LsaFreeMemory(rights);
    return held;
  }
  Result<void> grant() {
    LSA_UNICODE_STRING right = name();
    const NTSTATUS done = LsaAddAccountRights(policy_, sid_, &right, 1);
    if (done != 0) return failed("the right to log on as a service", LsaNtStatusToWinError(done));
    return {};
  }
  void revoke() {
    LSA_UNICODE_STRING right = name();
    LsaRemoveAccountRights(policy_, sid_, FALSE, &right, 1);
  }

 private:
  static constexpr std::wstring_view kName = L"SeServiceLogonRight";

  AccountRight() = default;
  static LSA_UNICODE_STRING name() {
    static wchar_t text[] = L"SeServiceLogonRight";
    return {static_cast<USHORT>(kName.size() * 2), sizeof(text), text};
  }

  LSA_HANDLE policy_ = nullptr;
  alignas(8) BYTE sid_[SECURITY_MAX_SID_SIZE] = {};
};

}  // namespace

Result<std::optional<Ownership>> WindowsInstallSystem::ownership(const std::string& path) {
  PSID owner = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  std::wstring name = wide(path);
  const DWORD code = GetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
                                           &owner, nullptr, nullptr, nullptr, &descriptor);
  if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
    return std::optional<Ownership>();
  if (code != ERROR_SUCCESS) return failed(path, code);
  const Descriptor owned(descriptor);
  const bool trusted = IsWellKnownSid(owner, WinLocalSystemSid) != 0 ||
                       IsWellKnownSid(owner, WinBuiltinAdministratorsSid) != 0 || is_own(owner);
  return std::optional(Ownership{name_of(owner), trusted});
}

Result<void> WindowsInstallSystem::make_folder(const std::string& path,
                                               const std::string& descriptor) {
  const auto parsed = parse_descriptor(descriptor);
  if (!parsed) return tl::unexpected(parsed.error());
  SECURITY_ATTRIBUTES security{sizeof(security), parsed->get(), FALSE};
  if (CreateDirectoryW(wide(path).c_str(), &security) != 0) return {};
  if (GetLastError() == ERROR_ALREADY_EXISTS) return {};
  return failed("the folder " + path + " cannot be made");
}

Result<void> WindowsInstallSystem::allow(const std::string& path, const std::string& descriptor) {
  const auto parsed = parse_descriptor(descriptor);
  if (!parsed) return tl::unexpected(parsed.error());
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  PACL wanted = nullptr;
  if (GetSecurityDescriptorDacl(parsed->get(), &present, &wanted, &defaulted) == 0)
    return failed("the access list of " + path);
  std::wstring name = wide(path);
  PACL before = nullptr;
  PSECURITY_DESCRIPTOR holder = nullptr;
  DWORD code = GetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                     nullptr, nullptr, &before, nullptr, &holder);
  const Descriptor held(holder);
  if (code != ERROR_SUCCESS) return failed("the access list of " + path, code);
  std::vector<EXPLICIT_ACCESSW> entries = entries_of(wanted);
  PACL merged = nullptr;
  code = SetEntriesInAclW(static_cast<ULONG>(entries.size()), entries.data(), before, &merged);
  const LocalMemory<ACL> owned(merged);
  if (code == ERROR_SUCCESS) {
    code = SetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                                 nullptr, merged, nullptr);
  }
  if (code == ERROR_SUCCESS || code == ERROR_CALL_NOT_IMPLEMENTED) return {};
  return failed("the access list of " + path, code);
}

Result<void> WindowsInstallSystem::remove_folder(const std::string& path) {
  if (RemoveDirectoryW(wide(path).c_str()) == 0) return failed("the folder " + path);
  return {};
}

Result<void> WindowsInstallSystem::purge_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(native(path), error);
  if (!error) return {};
  return fail(ErrorCode::kExhausted, path + " cannot be removed: " + error.message());
}

Result<void> WindowsInstallSystem::write_file(const std::string& path, std::string_view text) {
  const KernelHandle file(CreateFileW(wide(path).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW,
                                      FILE_ATTRIBUTE_NORMAL, nullptr));
  if (file.get() == INVALID_HANDLE_VALUE) return failed(path + " cannot be written");
  DWORD written = 0;
  if (WriteFile(file.get(), text.data(), static_cast<DWORD>(text.size()), &written, nullptr) == 0)
    return failed(path + " cannot be written");
  return {};
}

Result<void> WindowsInstallSystem::remove_file(const std::string& path) {
  if (DeleteFileW(wide(path).c_str()) == 0) return failed(path + " cannot be removed");
  return {};
}

Result<LogonRight> WindowsInstallSystem::grant_logon_right(const std::string& account) {
  auto right = AccountRight::open(account);
  if (!right) return tl::unexpected(right.error());
  if (right->is_held()) return LogonRight::kHeldAlready;
  if (const auto granted = right->grant(); !granted) return tl::unexpected(granted.error());
  return LogonRight::kGranted;
}

Result<void> WindowsInstallSystem::revoke_logon_right(const std::string& account) {
  auto right = AccountRight::open(account);
  if (!right) return tl::unexpected(right.error());
  right->revoke();
  return {};
}

Result<void> WindowsInstallSystem::add_event_source(const std::string& name) {
  HKEY opened = nullptr;
  const LSTATUS code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, source_key(name).c_str(), 0, nullptr, 0,
                                       KEY_SET_VALUE, nullptr, &opened, nullptr);
  if (code != ERROR_SUCCESS) return failed("the event source " + name, static_cast<DWORD>(code));
  const RegistryKey key(opened);
  constexpr std::wstring_view kMessages = L"%SystemRoot%\\System32\\EventCreate.exe";
  constexpr DWORD kCustomSource = 1;
  constexpr DWORD kAllTypes = 7;
  RegSetValueExW(key.get(), L"EventMessageFile", 0, REG_EXPAND_SZ,
                 reinterpret_cast<const BYTE*>(kMessages.data()),
                 static_cast<DWORD>((kMessages.size() + 1) * sizeof(wchar_t)));
  RegSetValueExW(key.get(), L"CustomSource", 0, REG_DWORD,
                 reinterpret_cast<const BYTE*>(&kCustomSource), sizeof(kCustomSource));
  RegSetValueExW(key.get(), L"TypesSupported", 0, REG_DWORD,
                 reinterpret_cast<const BYTE*>(&kAllTypes), sizeof(kAllTypes));
  return {};
}

Result<void> WindowsInstallSystem::remove_event_source(const std::string& name) {
  const LSTATUS code = RegDeleteKeyW(HKEY_LOCAL_MACHINE, source_key(name).c_str());
  if (code == ERROR_SUCCESS || code == ERROR_FILE_NOT_FOUND) return {};
  return failed("the event source " + name, static_cast<DWORD>(code));
}

}  // namespace throttle::service
