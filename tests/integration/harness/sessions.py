"""Sessions in a terminal that a page shows: commands after "$ ", each with what it prints."""

import re
import subprocess
from dataclasses import dataclass

from harness.pages import text_of
from harness.tcp import LIMIT_S

BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)


@dataclass
class Command:
    line: str
    prints: list[str]


def session_of(page: str, section: str) -> list[Command]:
    """The commands of the section with that heading, in their order."""
    text = text_of(page).split(f"\n## {section}\n")[1].split("\n## ")[0]
    commands = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("    $ "):
                commands.append(Command(line[6:], []))
            elif commands:
                commands[-1].prints.append(line[4:])
    return commands


def output_of(line: str, folder) -> str:
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=folder,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\r\n", "\n")


def looks_like(shown: list[str], output: str) -> bool:
    """Numbers may differ, and a line with only an ellipsis is any number of lines."""
    pattern = "".join(r"(?:.*\n)*" if line.strip() == "…" else re.escape(line) + "\n"
                      for line in shown)
    return re.fullmatch(re.sub(r"\d+", "0", pattern), re.sub(r"\d+", "0", output.rstrip()) + "\n"
                        ) is not None
