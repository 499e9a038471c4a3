"""Who may include whom: the one place where the layers of the tree are written down.

    core <- uv <- {http, telemetry, journal, proxy, lease} <- server <- {service, tools}

`config` and `lease` are as pure as `core`: a test drives them without a socket and under Wine.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """What the files of one folder may include, besides themselves and the standard library."""

    rooms: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()  # single headers of rooms that are closed otherwise


LIBRARY = "libthrottle/"
EVERY_ROOM = ("core", "uv", "http", "telemetry", "journal", "proxy", "lease", "config", "server")

ROOMS = {
    "core": Room(),
    "config": Room(rooms=("core",), headers=("libthrottle/proxy/settings.h",)),
    "uv": Room(rooms=("core",)),
    "http": Room(rooms=("core", "uv")),
    "telemetry": Room(rooms=("core", "uv")),
    "journal": Room(rooms=("core", "uv")),
    "proxy": Room(rooms=("core", "uv")),
    "lease": Room(
        rooms=("core",),
        headers=(
            "libthrottle/http/message.h",
            "libthrottle/http/router.h",
            "libthrottle/http/url.h",
        ),
    ),
    "server": Room(rooms=EVERY_ROOM),
}

# Rooms that are pure: no operating system, no clock, no thread, no log. What they may not include:
PURE = ("core", "lease")
IMPURE_HEADERS = (
    r"uv\.h|uv/|sys/|netinet/|arpa/|unistd\.h|pthread\.h|windows\.h|winsock|sqlite3\.h|spdlog/"
    r"|boost/(asio|beast)/|(thread|iostream|fstream|future|condition_variable)$"
)

# Libraries that cost every includer seconds: in .cc files only, never in a header.
HEAVY_HEADERS = (
    r"nlohmann/json\.hpp|boost/(asio|beast|program_options)|toml\+\+/|spdlog/"
    r"|windows\.h|winsock2\.h"
)


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
