#!/usr/bin/env python3
"""The layers once more, in what the compiler has made: reads the symbols of each room's archive.

    archives.py NM ARCHIVE...        exit code 1 if anything was found

An archive libthrottle_ROOM.a may need symbols of the rooms that its own stands on, and none of
libuv, a socket or a thread where the room is pure.
"""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Iterator

from layers import PURE, ROOMS

IMPURE = re.compile(r"(uv_\w+|pthread_create|socket|bind|listen|accept4?|connect|recv|send|poll"
                    r"|epoll_\w+|fork|execve|open|fopen|clock_gettime|nanosleep"
                    r"|_ZNSt6chrono\w*3nowEv|_ZNSt6thread\w*)$")
NEEDED = "Uwv"  # undefined, also weakly

Symbols = dict[str, tuple[set[str], set[str]]]  # room: (what it defines, what it needs)


def symbols_of(listing: str) -> tuple[set[str], set[str]]:
    """What an archive defines and what it needs of others, from the output of nm -P."""
    defined, needed = set(), set()
    for line in listing.splitlines():
        if match := re.match(r"(\S+) (\w)( |$)", line):
            name, kind = match.group(1, 2)
            if kind in NEEDED:
                needed.add(name)
            elif kind.isupper() or kind == "u":
                defined.add(name)
    return defined, needed - defined


def findings(symbols: Symbols) -> Iterator[str]:
    homes = defaultdict(set)
    for room, (defined, _) in symbols.items():
        for name in defined:
            homes[name].add(room)
    for room, (_, needed) in sorted(symbols.items()):
        for name in sorted(needed):
            if room in PURE and IMPURE.match(name):
                yield f"{room} is pure, but needs {name}"
            if name in homes and not homes[name] & set(ROOMS[room].rooms):
                yield f"{room} needs {name} of {', '.join(sorted(homes[name]))}"


def main() -> int:
    nm, *archives = sys.argv[1:]
    symbols = {}
    for archive in archives:
        listed = subprocess.run([nm, "-P", archive], capture_output=True, text=True, check=True)
        symbols[Path(archive).stem.removeprefix("libthrottle_")] = symbols_of(listed.stdout)
    found = list(findings(symbols))
    print("\n".join([*found, f"{len(symbols)} archives, {len(found)} findings"]))
    return 1 if found or not symbols else 0


if __name__ == "__main__":
    sys.exit(main())
