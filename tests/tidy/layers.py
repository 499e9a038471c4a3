"""Which room may include and link which: the one place where the tree's layers are written down.

    core <- http <- lease                     pure: no socket, no clock, no thread, no libuv
    core <- uv <- {telemetry, gate <- proxy, journal}
    {http, uv} <- {httpd, client}
    config gathers the settings that each room owns
    all of these <- pages <- app <- {service, tools}
    {journal, client, config} <- inspect <- tools
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """What the files of one folder may include, besides themselves and the standard library."""

    rooms: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()  # single headers of rooms that are closed otherwise
    libraries: tuple[str, ...] = ()  # of others, that the room links: CMake targets


LIBRARY = "libthrottle/"
SETTINGS = tuple(f"libthrottle/{room}/settings.h" for room in
                 ("gate", "http", "journal", "pages", "proxy", "telemetry"))
BELOW_PAGES = ("core", "http", "lease", "uv", "telemetry", "gate", "proxy", "journal", "httpd",
               "client", "config")

ROOMS = {
    "core": Room(libraries=("throttle_dep::expected",)),
    "http": Room(rooms=("core",), libraries=("Boost::headers",)),
    "lease": Room(rooms=("core", "http"), libraries=("throttle_dep::json",)),
    "uv": Room(rooms=("core",),
               libraries=("throttle_dep::uv", "throttle_dep::cares", "Threads::Threads")),
    "telemetry": Room(rooms=("core", "uv"),
                      libraries=("throttle_dep::spdlog", "throttle_dep::json", "ZLIB::ZLIB")),
    "journal": Room(rooms=("core", "uv"),
                    libraries=("throttle_dep::sqlite", "throttle_dep::json")),
    "gate": Room(rooms=("core", "uv")),
    "proxy": Room(rooms=("core", "uv", "gate")),
    "httpd": Room(rooms=("core", "http", "uv")),
    "client": Room(rooms=("core", "http", "uv")),
    "config": Room(rooms=("core",), headers=SETTINGS,
                   libraries=("throttle_dep::toml", "Boost::program_options")),
    "inspect": Room(rooms=("core", "http", "uv", "journal", "client", "config"),
                    libraries=("throttle_dep::json", "Boost::program_options")),
    "pages": Room(rooms=BELOW_PAGES, libraries=("throttle_dep::fmt", "throttle_dep::json")),
    "app": Room(rooms=(*BELOW_PAGES, "pages"),
                libraries=("throttle_dep::fmt", "throttle_dep::json")),
}

# Rooms that are pure: no operating system, no clock, no thread, no log. What they may not include:
PURE = ("core", "http", "lease")
IMPURE_HEADERS = (
    r"uv\.h|uv/|sys/|netinet/|arpa/|unistd\.h|pthread\.h|windows\.h|winsock|sqlite3\.h|spdlog/"
    r"|boost/asio/|(thread|iostream|fstream|future|condition_variable)$"
)

# Libraries that cost every includer seconds: in .cc files only, never in a header.
HEAVY_HEADERS = (
    r"nlohmann/json\.hpp|boost/(asio|beast|program_options)|toml\+\+/|spdlog/"
    r"|windows\.h|winsock2\.h"
)


# How many assertions (THROTTLE_CHECK) a room has at least.
ASSERTIONS_AT_LEAST = {"core": 55, "http": 40, "lease": 6, "uv": 39, "telemetry": 9, "journal": 45,
                       "gate": 42, "proxy": 44, "httpd": 15, "client": 16, "config": 9, "pages": 16,
                       "app": 22, "inspect": 6}


def room_of(path: str) -> str | None:
    """The room whose folder a file stands in; none for what stands above all rooms."""
    parts = path.split("/")
    return parts[1] if parts[0] == "libthrottle" and len(parts) > 2 else None


def may_include(path: str, header: str) -> bool:
    """Whether the file `path` may include "`header`", both from the top of the tree."""
    room = room_of(path)
    if room is None:
        return True
    if room not in ROOMS or not header.startswith(LIBRARY):
        return False
    target = room_of(header)
    return target == room or target in ROOMS[room].rooms or header in ROOMS[room].headers


def may_link(room: str, target: str) -> bool:
    """Whether the CMake library of a room may name this target as what it depends on."""
    if target.startswith("throttle::"):
        return target.removeprefix("throttle::") in ROOMS[room].rooms
    return target in ROOMS[room].libraries
