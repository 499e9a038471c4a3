// passwd(5) is NAME:PASSWORD:UID:GID:…, group(5) is NAME:PASSWORD:GID:MEMBER,MEMBER…
#include "service/user_lookup.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "libthrottle/core/text.h"

namespace throttle::service {

namespace {

using Fields = std::vector<std::string_view>;

Fields split(std::string_view text, char separator) {
  Fields parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number ? std::optional(value) : std::nullopt;
}

// The lines with at least as many fields as asked for, and a number as the third.
std::vector<Fields> entries(std::string_view database, std::size_t fields) {
  std::vector<Fields> found;
  for (const std::string_view line : split(database, '\n')) {
    Fields entry = split(line, ':');
    if (entry.size() >= fields && number(entry[2])) found.push_back(std::move(entry));
  }
  return found;
}

// By name first: a name may consist of digits.
const Fields* find(const std::vector<Fields>& entries, std::string_view wanted) {
  auto found = std::ranges::find(entries, wanted, [](const Fields& each) { return each[0]; });
  if (found == entries.end() && number(wanted)) {
    found = std::ranges::find(entries, number(wanted),
                              [](const Fields& each) { return number(each[2]); });
  }
  return found == entries.end() ? nullptr : &*found;
}

tl::unexpected<Error> unknown(std::string_view what, std::string_view name) {
  return fail(ErrorCode::kNotFound, "--user: there is no " + std::string(what) + " " + quote(name));
}

Result<std::uint32_t> group_of(std::string_view wanted, const std::vector<Fields>& groups) {
  if (const Fields* const entry = find(groups, wanted)) return *number((*entry)[2]);
  if (const auto id = number(wanted)) return *id;
  return unknown("group", wanted);
}

}  // namespace

Result<UserIds> find_user(const UserAndGroup& wanted, const UserDatabases& databases) {
  const std::vector<Fields> users = entries(databases.passwd, 4);
  const std::vector<Fields> groups = entries(databases.group, 4);
  const Fields* const entry = find(users, wanted.user);
  UserIds ids;
  if (entry == nullptr) {
    const auto id = number(wanted.user);
    if (!id) return unknown("user", wanted.user);
    if (wanted.group.empty()) {
      return fail(ErrorCode::kInvalidArgument, "--user: " + wanted.user +
                                                   " has no entry; give a group too, as in " +
                                                   wanted.user + ":" + wanted.user);
    }
    ids.user = *id;
  } else {
    ids.name = (*entry)[0];
    ids.user = *number((*entry)[2]);
    ids.group = number((*entry)[3]).value_or(0);
  }
  if (!wanted.group.empty()) {
    const auto group = group_of(wanted.group, groups);
    if (!group) return tl::unexpected(group.error());
    ids.group = *group;
  }
  ids.groups.push_back(ids.group);
  for (const Fields& group : groups) {
    const Fields members = split(group[3], ',');
    const std::uint32_t id = *number(group[2]);
    const bool is_member = !ids.name.empty() && std::ranges::count(members, ids.name) > 0;
    if (is_member && std::ranges::count(ids.groups, id) == 0) ids.groups.push_back(id);
  }
  return ids;
}

}  // namespace throttle::service
