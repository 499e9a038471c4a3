"""The rules of style that a machine can check. Each is a function from the tree to its findings.

A rule may be broken where the code is better for it: say so on the line with
`tidy-allow: RULE, the reason`.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Callable, Iterable, Iterator

import language
from layers import (ASSERTIONS_AT_LEAST, HEAVY_HEADERS, IMPURE_HEADERS, LIBRARY, PURE, ROOMS,
                    may_include, may_link, room_of)
from source import Source, line_of

MAX_LINE = 100
MAX_FILE = 600
# Of these folders no file is longer than this: one idea a file.
MAX_SHORT_FILE = 300
SHORT_FILES = ("libthrottle/core/",)
MAX_FUNCTION = 70

VAGUE = {"manager", "helper", "helpers", "util", "utils", "impl", "data", "info"}
TYPE_NAME = re.compile(
    r"^[^\"'\n]*\b(class|struct|union|enum|concept|using)\s+(alignas\([^)]*\)\s*)?"
    r"(?P<name>[A-Z]\w*)",
    re.MULTILINE,
)
PLATFORM_MACRO = r"_WIN32|_WIN64|WIN32|__MINGW\w+|_MSC_VER|__linux__|__unix__|__APPLE__"
PLATFORM_FILE = re.compile(r"_(posix|win32)(_\w+)?$")
LOGIC_FOLDERS = ("libthrottle/core/", "libthrottle/lease/", "libthrottle/config/", "tests/core/",
                 "tests/lease/", "tests/config/", "tests/sim/", "tests/testing/")
URL = r"\bhttps?://(?:[^/\s\"'@]*@)?(?P<host>[A-Za-z0-9][\w.-]*)"
# Hosts that mean nobody: this machine, names without a dot, documentation, XML namespaces.
NOBODYS_HOST = re.compile(
    r"[^.]*$|127\.[\d.]+$|0\.0\.0\.0$|10\.|192\.168\.|(.*\.)?example(\.(com|org|net))?$"
    r"|.*\.(test|invalid|local|internal)$|www\.w3\.org$"
)


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str


Tree = dict[str, Source]
Rule = Callable[[Tree], Iterable[Finding]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Enters a rule under its name, underscores as hyphens."""
    RULES[function.__name__.replace("_", "-")] = function
    return function


def check(tree: Tree, entered: dict[str, Rule] = RULES) -> list[tuple[str, Finding]]:
    """Every finding with the name of its rule, less those that the line itself allows."""
    found = ((name, finding) for name, each in entered.items() for finding in each(tree))
    return sorted((pair for pair in found if not is_allowed(tree, *pair)),
                  key=lambda pair: (pair[1].path, pair[1].line))


def is_allowed(tree: Tree, name: str, finding: Finding) -> bool:
    lines = tree[finding.path].lines
    line = lines[finding.line - 1] if finding.line <= len(lines) else ""
    return re.search(rf"tidy-allow: {name}, \S", line) is not None


def cpp(tree: Tree) -> Iterator[Source]:
    return (source for source in tree.values() if source.is_cpp)


def search(source: Source, text: str, pattern: str, message: str) -> Iterator[Finding]:
    """A finding for every match in `text`; "{}" in the message is the match."""
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield Finding(source.path, line_of(text, match), message.format(match.group().strip()))


# --- layers ---


@rule
def layers(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if (room := room_of(source.path)) and room not in ROOMS:
            yield Finding(source.path, 1, f"{room} is no room of tests/tidy/layers.py")
            continue
        for line, header in source.includes:
            if not re.match(r"(libthrottle|service|tools|tests|bench)/", header):
                continue
            if not may_include(source.path, header):
                room = room_of(source.path)
                yield Finding(source.path, line, f"{room} may not include {header}")
            elif header not in tree and f"{header}.in" not in tree:
                yield Finding(source.path, line, f"{header} does not exist")


LINKED = re.compile(r"^throttle_library\((?P<room>\w+)(?P<arguments>[^()]*)\)", re.MULTILINE)


def links_of(source: Source) -> Iterator[tuple[int, str, str]]:
    """The line, the room and the target of every dependency that a room's library declares."""
    text = re.sub(r"#[^\n]*", lambda match: " " * len(match.group()), source.text)
    for library in LINKED.finditer(text):
        listed = re.search(r"\b(PRIVATE_)?DEPENDS\b.*", library.group("arguments"), re.DOTALL)
        begin = library.start("arguments") + (listed.start() if listed else 0)
        for match in re.finditer(r"\w+::\w+", text[begin : library.end()]) if listed else ():
            line = text.count("\n", 0, begin + match.start()) + 1
            yield line, library.group("room"), match.group()


@rule
def links(tree: Tree) -> Iterator[Finding]:
    """What a room's CMakeLists.txt links is what it may include, and all that it includes."""
    for source in tree.values():
        if source.is_cmake and (room := room_of(source.path)) in ROOMS:
            linked = list(links_of(source))
            for line, name, target in linked:
                if name == room and not may_link(room, target):
                    yield Finding(source.path, line, f"{room} may not link {target}")
            known = {target.removeprefix("throttle::") for _, _, target in linked} | {room}
            included = {room_of(header): header for other in cpp(tree) for _, header in
                        other.includes if room_of(other.path) == room
                        and header not in ROOMS[room].headers and room_of(header)}
            for other, header in sorted(included.items()):
                if other not in known:
                    yield Finding(source.path, 1, f"{room} includes {header}, so it has to link "
                                                  f"throttle::{other}")


def public_headers(tree: Tree) -> set[str]:
    """The headers that are installed: those that a room's library lists as HEADERS."""
    found = set()
    for source in tree.values():
        for library in LINKED.finditer(source.text) if room_of(source.path) in ROOMS else ():
            if listed := re.search(r"\bHEADERS\s+((?:[\w/]+\.h\s*)+)", library.group("arguments")):
                folder = PurePosixPath(source.path).parent
                found |= {str(folder / name) for name in listed.group(1).split()}
    return found


@rule
def installed_headers(tree: Tree) -> Iterator[Finding]:
    """A header that is installed includes only headers that are."""
    public = public_headers(tree)
    for source in cpp(tree):
        for line, header in source.includes if source.path in public else ():
            if header.startswith(LIBRARY) and header not in public:
                yield Finding(source.path, line, f"{source.path} is installed, {header} is not: "
                                                 "list it under HEADERS in the CMakeLists.txt")


@rule
def purity(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        for line, header in source.includes:
            if room_of(source.path) in PURE and re.match(IMPURE_HEADERS, header):
                yield Finding(source.path, line, f"{header} in a room without I/O, clock, thread")


@rule
def time_comes_in(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if source.path.startswith(LOGIC_FOLDERS):
            yield from search(source, source.code, r"\b(sleep_for|sleep_until|usleep|Sleep)\b"
                              r"|\b(system|steady|high_resolution)_clock\b",
                              "{}: logic is told the time, and so are its tests")


@rule
def platform_files(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if not PLATFORM_FILE.search(source.stem):
            yield from search(source, source.code,
                              rf"^[ \t]*#[ \t]*(el)?if.*\b({PLATFORM_MACRO})\b",
                              "{}: put it into a *_posix.cc and a *_win32.cc that CMake chooses")


@rule
def light_headers(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        for line, header in source.includes:
            if source.suffix == ".h" and re.match(HEAVY_HEADERS, header):
                yield Finding(source.path, line, f"{header} costs every includer seconds")


# --- sizes ---


@rule
def line_length(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        for number, line in enumerate(source.lines, 1):
            if source.is_code and len(line) > MAX_LINE:
                yield Finding(source.path, number, f"{len(line)} columns; at most {MAX_LINE}")


@rule
def file_length(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        most = MAX_SHORT_FILE if source.path.startswith(SHORT_FILES) else MAX_FILE
        if source.is_code and len(source.lines) > most:
            yield Finding(source.path, 1, f"{len(source.lines)} lines; at most {most}")


@rule
def function_length(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        for function in source.functions():
            if function.length > MAX_FUNCTION:
                yield Finding(source.path, function.line,
                              f"a function of {function.length} lines; at most {MAX_FUNCTION}")


# --- words ---


@rule
def names(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        for match in TYPE_NAME.finditer(source.code) if source.is_cpp or source.is_python else ():
            words = {word.lower() for word in re.findall(r"[A-Z][a-z]*", match.group("name"))}
            for word in sorted(words & VAGUE):
                yield Finding(source.path, line_of(source.text, match),
                              f"{match.group('name')}: `{word}` says nothing; name what it is")
        if source.is_code and (words := VAGUE & set(source.stem.lower().split("_"))):
            yield Finding(source.path, 1, f"file name: `{min(words)}` says nothing")


@rule
def opening_words(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if source.suffix == ".h" and not source.text.startswith("//"):
            yield Finding(source.path, 1, "a header opens with what it is for")


@rule
def pragma_once(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if source.suffix == ".h" and not re.match(r"\s*#pragma once\n", source.code):
            yield Finding(source.path, 1, "#pragma once comes first after the opening words")


def assertions_of(tree: Tree) -> dict[str, int]:
    """How many assertions each room has."""
    count = dict.fromkeys(ROOMS, 0)
    for source in cpp(tree):
        if (room := room_of(source.path)) in count:
            count[room] += len(re.findall(r"(?<!define )\bTHROTTLE_CHECK\(", source.code))
    return count


@rule
def assertions(tree: Tree) -> Iterator[Finding]:
    """A room does not lose the assertions that it has; layers.py says how many there are."""
    for room, count in assertions_of(tree).items():
        lists = f"{LIBRARY}{room}/CMakeLists.txt"
        if lists in tree and count < (most := ASSERTIONS_AT_LEAST.get(room, 0)):
            yield Finding(lists, 1, f"{count} THROTTLE_CHECKs in {room}; at least {most}")


@rule
def openings(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        if source.suffix == ".cc" and not re.match(r"//|/\*", source.text):
            yield Finding(source.path, 1, "a .cc opens with what it is for")


@rule
def plain_english(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        if not source.path.startswith("tests/tidy/"):
            for line, words, replacement in language.phrases(source):
                yield Finding(source.path, line, f'"{words}": {replacement}')


# --- what we do without ---


@rule
def no_throw(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        yield from search(source, source.code, r"\bthrow\b", "a failure is a Result, a bug a CHECK")


@rule
def replacing_dumps(tree: Tree) -> Iterator[Finding]:
    """nlohmann's dump() throws on bytes that are not UTF-8, which clients send."""
    for source in cpp(tree):
        if source.path.startswith(LIBRARY):
            yield from search(source, source.code, r"\.dump\((?![^;]*[rR]eplace)",
                              "{}: give it error_handler_t::replace, or it throws on bad UTF-8")


@rule
def named_captures(tree: Tree) -> Iterator[Finding]:
    for source in cpp(tree):
        yield from search(source, source.code, r"\[=[\],]", "{}: name what a lambda captures")


SKIPS_CPP = r"\b(GTEST_SKIP|DISABLED_\w+)\b"
# Also where a mark is made to be used later; not within a string.
SKIPS_PYTHON = r"^[^\"'#\n]*\bpytest\.(mark\.(skip|skipif|xfail)|skip|importorskip|xfail)\b"


@rule
def no_skipped_tests(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        if source.is_cpp or source.is_python:
            pattern = SKIPS_CPP if source.is_cpp else SKIPS_PYTHON
            yield from search(source, source.code, pattern, "{}: a test runs, or it is not there")


@rule
def files_by_name(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        if source.is_cmake:
            yield from search(source, source.text, r"^[^#\n]*\bfile\s*\(\s*GLOB\w*",
                              "files are listed by name")


@rule
def dead_files(tree: Tree) -> Iterator[Finding]:
    """Every .cc is named by the nearest CMakeLists.txt, every .h is included somewhere."""
    included = {header for source in cpp(tree) for _, header in source.includes}
    for source in cpp(tree):
        if source.suffix == ".h" and source.path not in included:
            yield Finding(source.path, 1, "nothing includes it")
        if source.suffix == ".cc" and not is_built(tree, source):
            yield Finding(source.path, 1, "no CMakeLists.txt names it")


def is_built(tree: Tree, source: Source) -> bool:
    if any(source.path in other.text for other in tree.values() if other.is_cmake):
        return True
    path = PurePosixPath(source.path)
    for folder in path.parents:
        if lists := tree.get(str(folder / "CMakeLists.txt")):
            beside = str(path.relative_to(folder))
            fuzzed = beside.removesuffix("_fuzz.cc")  # throttle_fuzz_room(NAME) builds NAME_fuzz.cc
            return re.search(rf"[\s(]({re.escape(beside)}|{re.escape(fuzzed)})[\s)]",
                             lists.text) is not None
    return False


# --- what belongs to one machine or one network ---


@rule
def nobodys_hosts(tree: Tree) -> Iterator[Finding]:
    """What runs here depends on no host by name. Documents may cite their sources."""
    for source in tree.values():
        if source.suffix == ".md":
            continue
        for match in re.finditer(URL, source.text):
            if not NOBODYS_HOST.match(match.group("host").lower()):
                yield Finding(source.path, line_of(source.text, match),
                              f"{match.group('host')}: no host of the world by name")


@rule
def no_machine_paths(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        yield from search(source, source.text, r"(?<![\w.}/~-])/(work|root|home|tmp)/\S*",
                          "{}: a path of one machine; derive it, or make a temporary one")


@rule
def whitespace(tree: Tree) -> Iterator[Finding]:
    for source in tree.values():
        if source.is_code or source.suffix in (".md", ".json", ".toml", ".yml"):
            yield from search(source, source.text, r"[ \t]+$", "white space at the end of the line")
            if source.text and not source.text.endswith("\n"):
                yield Finding(source.path, len(source.lines), "no newline at the end")
