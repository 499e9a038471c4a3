"""The table of what must be reached, and what was measured, as Markdown."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from comparison.rounds import Subject


@dataclass
class Row:
    what: str
    target: str
    figure: str
    reached: bool | None = None  # None: not measured

    @classmethod
    def at_most(cls, what: str, limit: float, figure: float, unit: str) -> "Row":
        return cls(what, f"at most {_with(unit, f'{limit:g}')}",
                   _with(unit, _short(figure)), figure <= limit)

    @classmethod
    def at_least(cls, what: str, limit: float, figure: float) -> "Row":
        return cls(what, f"at least {limit:.1f}×", f"{_short(figure)}×", figure >= limit)

    @classmethod
    def figure_at_least(cls, what: str, limit: float, figure: float, unit: str) -> "Row":
        return cls(what, f"at least {limit:,.0f} {unit}", _with(unit, _short(figure)),
                   figure >= limit)

    def __str__(self) -> str:
        verdict = {True: "yes", False: "**no**", None: "–"}[self.reached]
        return f"| {self.what} | {self.target} | {self.figure} | {verdict} |"


def targets_table(rows: list[Row]) -> str:
    return "\n".join(["| what | must reach | measured | reached |", "| --- | --- | ---: | --- |",
                      *map(str, rows)])


def shortfall(rows: list[Row], why: dict[str | tuple[str, ...], str]) -> str:
    """Why that is missed which is missed; empty if nothing is. `why` is by how rows begin."""
    reasons = [text for start, text in why.items()
               if any(row.reached is False and row.what.startswith(start) for row in rows)]
    return "\n## What is not reached, and why\n\n" + "\n\n".join(reasons) + "\n" if reasons else ""


def load_table(subjects: list[Subject], workloads: list[str]) -> str:
    """Medians and spread of the rounds. A side that is not busy was waiting for the other."""
    lines = ["| requests | server | requests/s | least … most | p99 | server busy | wrk busy "
             "| server's time each |", "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for workload in workloads:
        for subject in subjects:
            rates = sorted(measured.rate for measured in subject.rounds[workload])
            rate, busy = subject.median(workload), subject.median(workload, "server_busy")
            lines.append(
                f"| {workload} | {subject.label} | {rate:,.0f} "
                f"| {rates[0]:,.0f} … {rates[-1]:,.0f} "
                f"| {subject.median(workload, 'p99_ms'):.2f} ms | {busy:.0%} "
                f"| {subject.median(workload, 'client_busy'):.0%} | {busy / rate * 1e6:.1f} µs |")
    return "\n".join(lines)


def surroundings(*others: list[str]) -> str:
    """What it runs on, in one line, and how busy that is with other things. `others` are
    commands that print a program's version."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = (_first_line(command) for command in (["nginx", "-v"], ["wrk", "-v"], *others)
                if shutil.which(command[0]))
    return (f"{date.today()}, {model[1] if model else platform.processor()}, "
            f"{os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f} before, "
            f"Linux {platform.release().split('-')[0]}; {'; '.join(versions)}")


def _first_line(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True)
    line = (result.stdout or result.stderr).splitlines()[0]
    return re.sub(r"^nginx version: |\s*Copyright.*|\s*[\[(].*| \S+ - http.*", "", line)


def _with(unit: str, figure: str) -> str:
    return f"{figure}×" if unit == "×" else f"{figure} {unit}"


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
