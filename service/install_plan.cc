// A plan is a list of steps, each with what undoes it. It is made first, from what the system says
// is there, and then run; so all refusals come before the first change.
#include "service/install_plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "service/service_command_line.h"
#include "service/service_identity.h"

namespace throttle::service {

namespace {

struct Step {
  std::function<Result<void>()> apply;
  std::function<void()> undo;  // none: nothing remains of it when the steps before are undone
};

// Applies each step; at the first failure undoes those before, the last one first.
Result<void> run(const std::vector<Step>& plan) {
  for (std::size_t done = 0; done < plan.size(); ++done) {
    auto applied = plan[done].apply();
    if (applied) continue;
    while (done-- > 0)
      if (plan[done].undo) plan[done].undo();
    return applied;
  }
  return {};
}

constexpr std::array<std::pair<StartType, std::string_view>, 4> kStartTypes = {
    {{StartType::kAuto, "auto"},
     {StartType::kDelayed, "delayed"},
     {StartType::kDemand, "demand"},
     {StartType::kDisabled, "disabled"}}};

tl::unexpected<Error> untrusted(const std::string& path, const Ownership& found) {
  return fail(ErrorCode::kUnavailable,
              path + " belongs to " + found.owner +
                  ", which could change what the service runs; remove it, or give it to the "
                  "administrators (icacls \"" +
                  path + "\" /setowner Administrators)");
}

// What is there already and is trusted; the error of something that is not.
Result<bool> exists(InstallSystem& system, const std::string& path) {
  const auto found = system.ownership(path);
  if (!found) return tl::unexpected(found.error());
  if (*found && !(*found)->is_trusted) return untrusted(path, **found);
  return found->has_value();
}

struct Folder {
  std::string path;
  FolderAccess access;
};

Result<void> add_folders(InstallSystem& system, const InstallRequest& request,
                         std::vector<Step>& plan) {
  const std::string sid = service_sid(request.name);
  const Folder folders[] = {{request.data_folder, FolderAccess::kRead},
                            {request.data_folder + "\\logs", FolderAccess::kChange},
                            {request.data_folder + "\\journal", FolderAccess::kChange}};
  for (const Folder& folder : folders) {
    const auto is_there = exists(system, folder.path);
    if (!is_there) return tl::unexpected(is_there.error());
    const std::string& path = folder.path;
    const std::string descriptor = folder_descriptor(sid, folder.access);
    if (*is_there) {
      plan.push_back({[&system, path, descriptor] { return system.allow(path, descriptor); }, {}});
    } else {
      plan.push_back({[&system, path, descriptor] { return system.make_folder(path, descriptor); },
                      [&system, path] { static_cast<void>(system.remove_folder(path)); }});
    }
  }
  return {};
}

Result<void> add_configuration(InstallSystem& system, const InstallRequest& request,
                               const std::string& path, std::vector<Step>& plan) {
  const auto is_there = exists(system, path);
  if (!is_there) return tl::unexpected(is_there.error());
  if (*is_there) return {};
  plan.push_back({[&system, path, &request] { return system.write_file(path, request.sample); },
                  [&system, path] { static_cast<void>(system.remove_file(path)); }});
  return {};
}

// The account's right; whether it was granted here is known only when the step has run.
Step logon_step(InstallSystem& system, const std::string& account) {
  const auto granted = std::make_shared<bool>(false);
  return {[&system, account, granted]() -> Result<void> {
            const auto right = system.grant_logon_right(account);
            if (!right) return tl::unexpected(right.error());
            *granted = *right == LogonRight::kGranted;
            return {};
          },
          [&system, account, granted] {
            if (*granted) static_cast<void>(system.revoke_logon_right(account));
          }};
}

Step source_step(InstallSystem& system, const std::string& name, InstallOutcome outcome) {
  Step step{[&system, name] { return system.add_event_source(name); }, {}};
  if (outcome == InstallOutcome::kInstalled)
    step.undo = [&system, name] { static_cast<void>(system.remove_event_source(name)); };
  return step;
}

ServiceRecord new_record(const InstallRequest& request) {
  const ServiceLaunch launch{
      .executable = request.executable,
      .name = request.name,
      .configuration = request.configuration.value_or(request.default_configuration),
      .role = request.role.value_or(Role::kServer)};
  return {.name = request.name,
          .display_name = request.display_name.value_or(request.name),
          .image_path = image_path(launch),
          .account = request.account.value_or(virtual_account(request.name)),
          .start = request.start.value_or(StartType::kAuto),
          .depends = request.depends.value_or(std::vector<std::string>())};
}

// The record of an installed service with the program's path and what the request names.
ServiceRecord updated_record(const InstallRequest& request, const ServiceRecord& present) {
  ServiceRecord record = new_record(request);
  if (request.reset) return record;
  if (auto launch = parse_image_path(present.image_path)) {
    launch->executable = request.executable;
    launch->name = request.name;
    launch->configuration = request.configuration.value_or(launch->configuration);
    launch->role = request.role.value_or(launch->role);
    record.image_path = image_path(*launch);
  }
  if (!request.display_name) record.display_name = present.display_name;
  if (!request.account) record.account = present.account;
  if (!request.start) record.start = present.start;
  if (!request.depends) record.depends = present.depends;
  return record;
}

Step create_step(InstallSystem& system, const InstallRequest& request,
                 const ServiceRecord& record) {
  return {[&system, &request, record] {
            return system.create_service(record, request.password.value_or(""));
          },
          [&system, record] { static_cast<void>(system.delete_service(record.name)); }};
}

Step change_step(InstallSystem& system, const InstallRequest& request, const ServiceRecord& record,
                 const ServiceRecord& present) {
  return {[&system, &request, record] { return system.change_service(record, request.password); },
          [&system, present] { static_cast<void>(system.change_service(present, std::nullopt)); }};
}

std::string configuration_of(const ServiceRecord& record) {
  const auto launch = parse_image_path(record.image_path);
  THROTTLE_CHECK(launch);  // made here
  return launch->configuration;
}

// Removes the file if it is there.
Result<bool> remove_if_there(InstallSystem& system, const std::string& path) {
  const auto found = system.ownership(path);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return false;
  if (const auto removed = system.remove_file(path); !removed)
    return tl::unexpected(removed.error());
  return true;
}

Result<void> purge_logs(InstallSystem& system, const std::string& log) {
  auto removed = remove_if_there(system, log);
  for (int number = 1; removed && (*removed || number == 1); ++number)
    removed = remove_if_there(system, log + '.' + std::to_string(number));
  if (!removed) return tl::unexpected(removed.error());
  return {};
}

// A sibling whose line cannot be understood may read it.
bool reads(const ServiceRecord& service, std::string_view configuration) {
  const auto launch = parse_image_path(service.image_path);
  return !launch || upper_case(launch->configuration) == upper_case(configuration);
}

// What belongs to one service alone while others use the data folder. The configuration that was
// removed, or empty.
Result<std::string> purge_own_files(InstallSystem& system, const ServiceRecord& record,
                                    const Siblings& siblings, const std::string& data_folder) {
  if (auto purged = purge_logs(system, usual_log(data_folder, record.name)); !purged)
    return tl::unexpected(purged.error());
  const auto launch = parse_image_path(record.image_path);
  if (!launch || !siblings.unreadable.empty()) return {};
  const std::string& file = launch->configuration;
  const bool is_ours = upper_case(file).starts_with(upper_case(data_folder + '\\'));
  const bool is_shared = std::ranges::any_of(
      siblings.known, [&file](const ServiceRecord& sibling) { return reads(sibling, file); });
  if (!is_ours || is_shared) return {};
  return remove_if_there(system, file).map([&file](bool was_there) {
    return was_there ? file : std::string();
  });
}

Result<Uninstalled> purge_files(InstallSystem& system, const ServiceRecord& record,
                                const Siblings& siblings, const std::string& data_folder) {
  Uninstalled done{.kept_for = {}, .unreadable = siblings.unreadable, .removed_configuration = {}};
  for (const ServiceRecord& sibling : siblings.known)
    done.kept_for.push_back(sibling.name);
  if (done.kept_for.empty() && done.unreadable.empty())
    return system.purge_folder(data_folder).map([&done] { return done; });
  auto removed = purge_own_files(system, record, siblings, data_folder);
  if (!removed) return tl::unexpected(removed.error());
  done.removed_configuration = *std::move(removed);
  return done;
}

tl::unexpected<Error> unknown_siblings(const std::string& data_folder, const Error& error) {
  return fail(error.code, "It is unknown which other services use " + data_folder + ": " +
                              error.message + ". Without --purge the folder stays.");
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string_view to_string(StartType type) {
  for (const auto& [known, name] : kStartTypes)
    if (known == type) return name;
  THROTTLE_CHECK(false);
}

Result<StartType> parse_start_type(std::string_view text) {
  for (const auto& [type, name] : kStartTypes)
    if (name == text) return type;
  return fail(ErrorCode::kInvalidArgument,
              R"(expected "auto", "delayed", "demand" or "disabled", got )" + quote(text));
}

std::string virtual_account(std::string_view name) {
  return "NT SERVICE\\" + std::string(name);
}

bool needs_logon_right(std::string_view account) {
  const std::string upper = upper_case(account);
  return !upper.starts_with("NT SERVICE\\") && !upper.starts_with("NT AUTHORITY\\") &&
         upper != "LOCALSYSTEM" && upper != ".\\LOCALSYSTEM" && !upper.ends_with('$');
}

Result<Installed> install(InstallSystem& system, const InstallRequest& request) {
  const auto present = system.find_service(request.name);
  if (!present) return tl::unexpected(present.error());
  const bool is_new = !present->has_value();
  Installed installed{is_new ? InstallOutcome::kInstalled : InstallOutcome::kUpdated, {}, {}};
  ServiceRecord& record = installed.record;
  record = is_new ? new_record(request) : updated_record(request, **present);
  installed.configuration = configuration_of(record);

  std::vector<Step> plan;
  if (const auto added = add_folders(system, request, plan); !added)
    return tl::unexpected(added.error());
  if (const auto added = add_configuration(system, request, installed.configuration, plan); !added)
    return tl::unexpected(added.error());
  if (!is_new)
    plan.push_back({[&system, &request] { return system.wait_until_settled(request.name); }, {}});
  if (request.account && needs_logon_right(record.account))
    plan.push_back(logon_step(system, record.account));
  plan.push_back(source_step(system, request.name, installed.outcome));
  plan.push_back(is_new ? create_step(system, request, record)
                        : change_step(system, request, record, **present));
  if (is_new || request.reset)
    plan.push_back({[&system, &request] { return system.harden_service(request.name); }, {}});
  if (const auto done = run(plan); !done) return tl::unexpected(done.error());
  return installed;
}

Result<Uninstalled> uninstall(InstallSystem& system, const std::string& name, Purge purge,
                              const std::string& data_folder) {
  const auto present = system.find_service(name);
  if (!present) return tl::unexpected(present.error());
  if (!present->has_value())
    return fail(ErrorCode::kNotFound, "service " + name + " is not installed");
  Siblings siblings;
  if (purge == Purge::kRemoveFiles) {
    auto found = system.siblings(name);
    if (!found) return unknown_siblings(data_folder, found.error());
    siblings = *std::move(found);
  }
  if (const auto deleted = system.delete_service(name); !deleted)
    return tl::unexpected(deleted.error());
  if (const auto removed = system.remove_event_source(name); !removed)
    return tl::unexpected(removed.error());
  if (purge == Purge::kKeepFiles) return Uninstalled();
  return purge_files(system, **present, siblings, data_folder);
}

std::string kept_text(const Uninstalled& done, const std::string& data_folder) {
  if (done.kept_for.empty() && done.unreadable.empty()) return {};
  std::string text = data_folder + " stays, except the log of this service";
  if (!done.removed_configuration.empty())
    text += " and its configuration " + done.removed_configuration;
  if (!done.kept_for.empty()) {
    text += ": " + listed(done.kept_for);
    text += done.kept_for.size() == 1 ? " is installed and may use it"
                                      : " are installed and may use it";
  }
  if (!done.unreadable.empty()) {
    text += done.kept_for.empty() ? ": " : "; ";
    text += "the folder may be used by " + listed(done.unreadable) +
            ", to which access is denied; if it is not used, remove it by hand";
  }
  return text;
}

std::string usual_log(const std::string& data_folder, std::string_view name) {
  const std::string_view stem = name == kDefaultServiceName ? "throttle" : name;
  return data_folder + "\\logs\\" + std::string(stem) + ".log";
}

}  // namespace throttle::service
