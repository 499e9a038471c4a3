#!/usr/bin/env python3
"""Style is a unit test: reads every file of the tree, says where it breaks the rules of rules.py.

    tidy.py [TOP]        exit code 1 if anything was found
    tidy.py --assertions THROTTLE_CHECKs of each room, and how many at least

Files are those that git tracks or would track; without git, all but hidden and build folders.
"""

import subprocess
import sys
from pathlib import Path

import rules
from source import Source

NOT_TEXT = "tests/fuzz/corpus/"
UNTRACKED = {"build", "__pycache__"}


def paths(top: Path) -> list[str]:
    command = ["git", "-C", top, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return sorted(set(listed.stdout.split("\0")) - {""})
    found = (path.relative_to(top) for path in top.rglob("*"))
    return sorted(path.as_posix() for path in found
                  if not any(part.startswith(".") or part in UNTRACKED for part in path.parts))


def read_tree(top: Path) -> rules.Tree:
    tree = {}
    for path in paths(top):
        if path.startswith(NOT_TEXT) or not (top / path).is_file():
            continue
        try:
            tree[path] = Source(path, (top / path).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            pass  # an image
    return tree


def list_assertions(tree: rules.Tree) -> None:
    for room, count in rules.assertions_of(tree).items():
        print(f"{count:5} {room} (at least {rules.ASSERTIONS_AT_LEAST.get(room, 0)})")


def main() -> int:
    option = sys.argv[1] if len(sys.argv) > 1 else ""
    here = Path(__file__).resolve().parents[2]
    if option == "--assertions":
        list_assertions(read_tree(here))
        return 0
    tree = read_tree(Path(option) if option else here)
    findings = rules.check(tree)
    for name, finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.message} [{name}]")
    print(f"tidy: {len(tree)} files, {len(rules.RULES)} rules, {len(findings)} findings")
    return 1 if findings or not tree else 0


if __name__ == "__main__":
    sys.exit(main())
