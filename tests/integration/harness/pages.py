"""The pages of the documentation: their text, and the programs in them."""

import re
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
PROGRAM = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?",
                     re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\w+\.py)\n")


@dataclass
class Program:
    """A block of Python. `prints` is the block of text that follows it."""

    name: str
    code: str
    prints: str | None


def text_of(page: str) -> str:
    return (TOP / page).read_text(encoding="utf-8")


def programs_of(page: str) -> list[Program]:
    """Those that begin with a comment that names a file have that name."""
    found = []
    for number, (code, prints) in enumerate(PROGRAM.findall(text_of(page))):
        name = NAME.match(code)
        found.append(Program(name[1] if name else f"program_{number}.py", code, prints or None))
    return found
