"""Real shells that are asked what they would complete: bash and zsh in a terminal, fish alone."""

import os
import pty
import re
import select
import subprocess
import tempfile
import time
from pathlib import Path

LIMIT_S = 60
SURROUNDINGS = {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8", "COLUMNS": "10000"}


class Terminal:
    """A shell with a terminal of its own. An answer is what it prints between « and »."""

    def __init__(self, command: list[str]):
        self.home = tempfile.TemporaryDirectory(prefix="throttle-shell-")
        self.end, inner = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            env=SURROUNDINGS | {"HOME": self.home.name}, cwd=self.home.name)
        os.close(inner)
        self.shown = b""

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def answer(self) -> str:
        deadline = time.monotonic() + LIMIT_S
        while not (found := re.search("«(.*?)»".encode(), self.shown, re.DOTALL)):
            ready, _, _ = select.select([self.end], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"no answer within {LIMIT_S} s: {self.shown.decode(errors='replace')}"
            self.shown += os.read(self.end, 65536)
        self.shown = self.shown[found.end():]
        return found.group(1).decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.end)
        self.home.cleanup()


class Bash(Terminal):
    """Completes by the key that inserts all that is possible, and another one shows the line."""

    def __init__(self, scripts: Path):
        super().__init__(["bash", "--norc", "--noprofile", "-i"])
        self.type("bind 'set completion-query-items 0'; bind '\"\\C-x1\": insert-completions'\n"
                  "bind -x '\"\\C-x2\": printf \"«%s»\" \"$READLINE_LINE\"'\n")
        for script in sorted(scripts.glob("throttle-*[!hf1]")):
            if not script.suffix:
                self.type(f"source '{script}'\n")
        self.type("PS1=; printf '«%s»' begun\n")
        while self.answer() != "begun":
            pass

    def complete(self, line: str) -> set[str]:
        self.type(f"{line}\x181\x182")
        shown = self.answer()
        self.type("\x15")
        typed = line.rpartition(" ")[0]
        assert shown.startswith(typed), (line, shown)
        words = set(shown.removeprefix(typed).split())
        return set() if words == set(line.rpartition(" ")[2:]) - {""} else words


class Zsh(Terminal):
    """Notes what is added to the matches, and shows that when the completion has ended."""

    SETUP = """
PS1=; LISTMAX=100000; unsetopt auto_menu beep; setopt no_always_last_prompt
fpath=('{scripts}' $fpath); autoload -Uz compinit; compinit -u -D
compadd() {{
  local -a added
  if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  builtin compadd -A added "$@"; noted+=($added)
  builtin compadd "$@"
}}
show() {{ print -rn -- "«$noted»"; noted=() }}
begin() {{ noted=(); compprefuncs=(begin); comppostfuncs=(show) }}
compprefuncs=(begin)
bindkey '^U' kill-whole-line
print -rn -- '«'begun'»'
"""

    def __init__(self, scripts: Path):
        super().__init__(["zsh", "-f", "-i"])
        setup = Path(self.home.name) / "setup"
        setup.write_text(self.SETUP.format(scripts=scripts))
        self.type("source ./setup\n")
        while self.answer() != "begun":
            pass

    def complete(self, line: str) -> set[str]:
        self.type(f"{line}\t")
        words = self.answer().split()
        self.type("\x15")
        return {word.removesuffix("=") for word in words}


class Fish:
    def __init__(self, scripts: Path):
        self.scripts = sorted(scripts.glob("*.fish"))
        self.home = tempfile.TemporaryDirectory(prefix="throttle-shell-")

    def complete(self, line: str) -> set[str]:
        sources = "; ".join(f"source '{script}'" for script in self.scripts)
        quoted = line.replace("'", "\\'")
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"{sources}; complete -C '{quoted}'"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=LIMIT_S,
            env=SURROUNDINGS | {"HOME": self.home.name}, cwd=self.home.name)
        assert not done.stderr, done.stderr
        return {row.partition("\t")[0] for row in done.stdout.splitlines()}

    def close(self) -> None:
        self.home.cleanup()
