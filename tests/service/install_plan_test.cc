// A fake Windows that lets each call fail in turn: whatever fails, nothing may remain.
#include "service/install_plan.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/service_identity.h"

namespace throttle::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class FakeWindows final : public InstallSystem {
 public:
  // All that an installation can leave behind.
  struct State {
    std::map<std::string, ServiceRecord> services;
    std::map<std::string, std::string> passwords;
    std::set<std::string> folders;
    std::map<std::string, std::string> files;
    std::set<std::string> sources;
    std::set<std::string> rights;
    bool operator==(const State&) const = default;
  };
  State state;
  std::map<std::string, Ownership> foreign;
  std::vector<std::string> unreadable;  // services of other programs, or not
  std::set<std::string> hardened;
  std::vector<std::string> calls;
  int fail_at = -1;  // which call fails

  Result<std::optional<ServiceRecord>> find_service(const std::string& name) override {
    if (auto called = call("find"); !called) return tl::unexpected(called.error());
    const auto found = state.services.find(name);
    return found == state.services.end() ? std::nullopt : std::optional(found->second);
  }
  Result<Siblings> siblings(const std::string& name) override {
    if (auto called = call("siblings"); !called) return tl::unexpected(called.error());
    Siblings others{.known = {}, .unreadable = unreadable};
    for (const auto& [each, record] : state.services)
      if (each != name) others.known.push_back(record);
    return others;
  }
  Result<void> wait_until_settled(const std::string&) override { return call("wait"); }
  Result<void> create_service(const ServiceRecord& record, const std::string& password) override {
    return call("create").map([&] {
      state.services[record.name] = record;
      state.passwords[record.name] = password;
    });
  }
  Result<void> change_service(const ServiceRecord& record,
                              const std::optional<std::string>& password) override {
    return call("change").map([&] {
      state.services[record.name] = record;
      if (password) state.passwords[record.name] = *password;
    });
  }
  Result<void> delete_service(const std::string& name) override {
    return call("delete").map([&] {
      state.services.erase(name);
      state.passwords.erase(name);
    });
  }
  Result<void> harden_service(const std::string& name) override {
    return call("harden").map([&] { hardened.insert(name); });
  }
  Result<std::optional<Ownership>> ownership(const std::string& path) override {
    if (auto called = call("ownership"); !called) return tl::unexpected(called.error());
    if (foreign.contains(path)) return foreign.at(path);
    const bool exists = state.folders.contains(path) || state.files.contains(path);
    return exists ? std::optional(Ownership{"BUILTIN\\Administrators", true}) : std::nullopt;
  }
  Result<void> make_folder(const std::string& path, const std::string&) override {
    return call("make").map([&] { state.folders.insert(path); });
  }
  Result<void> allow(const std::string&, const std::string&) override { return call("allow"); }
  Result<void> remove_folder(const std::string& path) override {
    return call("remove folder").map([&] { state.folders.erase(path); });
  }
  Result<void> purge_folder(const std::string& path) override {
    return call("purge").map([&] {
      std::erase_if(state.folders, [&](const auto& each) { return each.starts_with(path); });
      std::erase_if(state.files, [&](const auto& each) { return each.first.starts_with(path); });
    });
  }
  Result<void> write_file(const std::string& path, std::string_view text) override {
    return call("write").map([&] { state.files[path] = text; });
  }
  Result<void> remove_file(const std::string& path) override {
    return call("remove file").map([&] { state.files.erase(path); });
  }
  Result<LogonRight> grant_logon_right(const std::string& account) override {
    if (auto called = call("grant"); !called) return tl::unexpected(called.error());
    return state.rights.insert(account).second ? LogonRight::kGranted : LogonRight::kHeldAlready;
  }
  Result<void> revoke_logon_right(const std::string& account) override {
    return call("revoke").map([&] { state.rights.erase(account); });
  }
  Result<void> add_event_source(const std::string& name) override {
    return call("add source").map([&] { state.sources.insert(name); });
  }
  Result<void> remove_event_source(const std::string& name) override {
    return call("remove source").map([&] { state.sources.erase(name); });
  }

 private:
  Result<void> call(const char* name) {
    const bool fails = static_cast<int>(calls.size()) == fail_at;
    calls.emplace_back(name);
    if (fails) return fail(ErrorCode::kUnavailable, "access denied");
    return {};
  }
};

constexpr const char* kData = R"(C:\ProgramData\Throttle)";
constexpr const char* kFile = R"(C:\ProgramData\Throttle\throttle.toml)";

InstallRequest request(const char* executable = R"(C:\Program Files\Throttle\t.exe)") {
  InstallRequest request;
  request.name = "Throttle";
  request.executable = executable;
  request.data_folder = kData;
  request.default_configuration = kFile;
  request.sample = "# empty\n";
  return request;
}

TEST(Install, MakesTheServiceItsFoldersItsSampleAndItsEventSource) {
  FakeWindows windows;
  const auto installed = install(windows, request());
  ASSERT_TRUE(installed);
  EXPECT_EQ(installed->outcome, InstallOutcome::kInstalled);
  EXPECT_EQ(installed->configuration, kFile);
  const ServiceRecord& record = windows.state.services.at("Throttle");
  EXPECT_EQ(record.account, "NT SERVICE\\Throttle");
  EXPECT_EQ(record.start, StartType::kAuto);
  EXPECT_EQ(record.display_name, "Throttle");
  EXPECT_THAT(record.image_path, HasSubstr("t.exe\" run --scm --name Throttle"));
  EXPECT_EQ(windows.state.folders.size(), 3U);
  EXPECT_EQ(windows.state.files.at(kFile), "# empty\n");
  EXPECT_TRUE(windows.state.sources.contains("Throttle"));
  EXPECT_TRUE(windows.hardened.contains("Throttle"));
  EXPECT_TRUE(windows.state.rights.empty());
}

TEST(Install, LeavesNothingBehindWhicheverCallFails) {
  InstallRequest with_account = request();
  with_account.account = "DOMAIN\\user";
  with_account.password = "secret";
  FakeWindows whole;
  ASSERT_TRUE(install(whole, with_account));
  EXPECT_TRUE(whole.state.rights.contains("DOMAIN\\user"));
  for (int call = 0; call < static_cast<int>(whole.calls.size()); ++call) {
    FakeWindows windows;
    windows.fail_at = call;
    EXPECT_FALSE(install(windows, with_account)) << call;
    EXPECT_EQ(windows.state, FakeWindows::State()) << "after the failure of call " << call << ", "
                                                   << whole.calls[static_cast<std::size_t>(call)];
  }
}

TEST(Install, AFailedUpgradeChangesNothing) {
  InstallRequest newer = request(R"(D:\new\t.exe)");
  newer.start = StartType::kDemand;
  newer.reset = true;
  FakeWindows whole;
  ASSERT_TRUE(install(whole, request()));
  whole.calls.clear();
  const FakeWindows::State before = whole.state;
  ASSERT_TRUE(install(whole, newer));
  const auto count = static_cast<int>(whole.calls.size());
  for (int call = 0; call < count; ++call) {
    FakeWindows windows;
    windows.state = before;
    windows.fail_at = call;
    EXPECT_FALSE(install(windows, newer)) << call;
    EXPECT_EQ(windows.state, before) << "after the failure of call " << call;
  }
}

TEST(Install, DoesNotRevokeARightThatTheAccountHadBefore) {
  InstallRequest with_account = request();
  with_account.account = "DOMAIN\\user";
  FakeWindows whole;
  ASSERT_TRUE(install(whole, with_account));
  FakeWindows windows;
  windows.state.rights.insert("DOMAIN\\user");
  windows.fail_at = static_cast<int>(whole.calls.size()) - 1;
  EXPECT_FALSE(install(windows, with_account));
  EXPECT_TRUE(windows.state.rights.contains("DOMAIN\\user"));
}

TEST(Install, OfAnInstalledServiceChangesOnlyThePathAndWhatIsNamed) {
  FakeWindows windows;
  InstallRequest first = request();
  first.configuration = R"(D:\own.toml)";
  first.role = Role::kProxy;
  first.account = "LocalSystem";
  ASSERT_TRUE(install(windows, first));
  windows.state.services.at("Throttle").start = StartType::kDemand;
  windows.state.services.at("Throttle").display_name = "Ours";

  InstallRequest newer = request(R"(D:\new\t.exe)");
  newer.display_name = "Renamed";
  const auto updated = install(windows, newer);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->outcome, InstallOutcome::kUpdated);
  EXPECT_EQ(updated->configuration, R"(D:\own.toml)");
  const ServiceRecord& record = windows.state.services.at("Throttle");
  EXPECT_EQ(record.image_path, R"("D:\new\t.exe" run --scm --name Throttle --role proxy )"
                               R"(--configuration "D:\own.toml")");
  EXPECT_EQ(record.account, "LocalSystem");
  EXPECT_EQ(record.start, StartType::kDemand);
  EXPECT_EQ(record.display_name, "Renamed");
  EXPECT_THAT(windows.calls, Contains("wait"));
}

TEST(Install, WithResetPutsAllBack) {
  FakeWindows windows;
  InstallRequest first = request();
  first.account = "LocalSystem";
  first.start = StartType::kDisabled;
  ASSERT_TRUE(install(windows, first));
  InstallRequest again = request();
  again.reset = true;
  ASSERT_TRUE(install(windows, again));
  EXPECT_EQ(windows.state.services.at("Throttle").account, "NT SERVICE\\Throttle");
  EXPECT_EQ(windows.state.services.at("Throttle").start, StartType::kAuto);
}

TEST(Install, RefusesAFolderOrFileThatAnyUserMayHaveMade) {
  for (const char* path : {kData, R"(C:\ProgramData\Throttle\logs)", kFile}) {
    FakeWindows windows;
    windows.foreign[path] = {"PC\\mallory", false};
    const auto installed = install(windows, request());
    ASSERT_FALSE(installed);
    EXPECT_THAT(installed.error().message, HasSubstr(path));
    EXPECT_THAT(installed.error().message, HasSubstr("belongs to PC\\mallory"));
    EXPECT_EQ(windows.state, FakeWindows::State());
  }
}

TEST(Install, KeepsAConfigurationThatIsThere) {
  FakeWindows windows;
  windows.state.folders.insert(kData);
  windows.state.files[kFile] = "edited";
  ASSERT_TRUE(install(windows, request()));
  EXPECT_EQ(windows.state.files.at(kFile), "edited");
}

TEST(Install, OnlyAccountsWithAPasswordNeedTheRightToLogOnAsAService) {
  for (const char* account : {"LocalSystem", "NT AUTHORITY\\LocalService", "nt service\\Throttle",
                              "DOMAIN\\group-managed$"})
    EXPECT_FALSE(needs_logon_right(account)) << account;
  EXPECT_TRUE(needs_logon_right("DOMAIN\\user"));
  EXPECT_TRUE(needs_logon_right(".\\user"));
}

TEST(Uninstall, RemovesTheServiceAndItsSourceAndKeepsTheFiles) {
  FakeWindows windows;
  ASSERT_TRUE(install(windows, request()));
  ASSERT_TRUE(uninstall(windows, "Throttle", Purge::kKeepFiles, kData));
  EXPECT_TRUE(windows.state.services.empty());
  EXPECT_TRUE(windows.state.sources.empty());
  EXPECT_TRUE(windows.state.files.contains(kFile));
}

TEST(Uninstall, WithPurgeRemovesTheFilesToo) {
  FakeWindows windows;
  ASSERT_TRUE(install(windows, request()));
  ASSERT_TRUE(uninstall(windows, "Throttle", Purge::kRemoveFiles, kData));
  EXPECT_EQ(windows.state, FakeWindows::State());
}

TEST(Uninstall, WithPurgeKeepsWhatAnotherServiceUses) {
  FakeWindows windows;
  InstallRequest second = request();
  second.name = "Second";
  second.configuration = R"(C:\programdata\Throttle\second.toml)";
  ASSERT_TRUE(install(windows, request()));
  ASSERT_TRUE(install(windows, second));
  const std::string log = usual_log(kData, "Second");
  EXPECT_EQ(log, R"(C:\ProgramData\Throttle\logs\Second.log)");
  for (const std::string& file : {log, log + ".1", log + ".2", usual_log(kData, "Throttle")})
    windows.state.files[file] = "lines";

  const auto done = uninstall(windows, "Second", Purge::kRemoveFiles, kData);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->kept_for, std::vector<std::string>{"Throttle"});
  EXPECT_EQ(
      kept_text(*done, kData),
      R"(C:\ProgramData\Throttle stays, except the log of this service and its configuration )"
      R"(C:\programdata\Throttle\second.toml: Throttle is installed and may use it)");
  EXPECT_EQ(windows.state.folders.size(), 3U);
  EXPECT_EQ(windows.state.files.size(), 2U);
  EXPECT_TRUE(windows.state.files.contains(kFile));
  EXPECT_TRUE(windows.state.files.contains(usual_log(kData, "Throttle")));

  const auto last = uninstall(windows, "Throttle", Purge::kRemoveFiles, kData);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->kept_for.empty());
  EXPECT_EQ(kept_text(*last, kData), "");
  EXPECT_EQ(windows.state, FakeWindows::State());
}

TEST(Uninstall, WithPurgeKeepsAConfigurationThatAnotherServiceReadsOrThatIsElsewhere) {
  for (const char* configuration : {R"(c:\programdata\throttle\THROTTLE.TOML)", R"(D:\own.toml)"}) {
    FakeWindows windows;
    InstallRequest second = request();
    second.name = "Second";
    second.configuration = configuration;
    ASSERT_TRUE(install(windows, request()));
    ASSERT_TRUE(install(windows, second));
    const auto before = windows.state.files;
    const auto done = uninstall(windows, "Second", Purge::kRemoveFiles, kData);
    ASSERT_TRUE(done);
    EXPECT_EQ(windows.state.files, before);
    EXPECT_EQ(kept_text(*done, kData), R"(C:\ProgramData\Throttle stays, except the log of this )"
                                       "service: Throttle is installed and may use it");
  }
}

TEST(Uninstall, WithPurgeKeepsTheFolderForAServiceThatMayNotBeRead) {
  FakeWindows windows;
  ASSERT_TRUE(install(windows, request()));
  windows.state.files[usual_log(kData, "Throttle")] = "lines";
  windows.unreadable = {"Secret"};
  const auto done = uninstall(windows, "Throttle", Purge::kRemoveFiles, kData);
  ASSERT_TRUE(done);
  EXPECT_TRUE(windows.state.services.empty());
  EXPECT_EQ(windows.state.folders.size(), 3U);
  EXPECT_TRUE(windows.state.files.contains(kFile));
  EXPECT_FALSE(windows.state.files.contains(usual_log(kData, "Throttle")));
  EXPECT_EQ(kept_text(*done, kData),
            R"(C:\ProgramData\Throttle stays, except the log of this service: the folder may be )"
            "used by Secret, to which access is denied; if it is not used, remove it by hand");
}

TEST(Uninstall, WithPurgeChangesNothingWhereTheOtherServicesAreUnknown) {
  FakeWindows windows;
  ASSERT_TRUE(install(windows, request()));
  const auto before = windows.state;
  windows.calls.clear();
  windows.fail_at = 1;
  const auto done = uninstall(windows, "Throttle", Purge::kRemoveFiles, kData);
  ASSERT_FALSE(done);
  EXPECT_EQ(windows.state, before);
  EXPECT_THAT(windows.calls, Contains("siblings"));
  EXPECT_EQ(done.error().message,
            R"(It is unknown which other services use C:\ProgramData\Throttle: access denied. )"
            "Without --purge the folder stays.");
}

TEST(Uninstall, OfWhatIsNotInstalledSaysSo) {
  FakeWindows windows;
  const auto removed = uninstall(windows, "Other", Purge::kKeepFiles, kData);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(removed.error().message, "service Other is not installed");
  EXPECT_THAT(windows.calls, Not(Contains("delete")));
}

}  // namespace
}  // namespace throttle::service
