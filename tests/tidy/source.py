"""A file as the rules see it: its text, and of C++ the code without comments and literals."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Iterator

MASKED = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"(?P<tag>[^(\s"]{0,16})\(.*?\)(?P=tag)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.VERBOSE | re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
NO_FUNCTION = re.compile(
    r"\s*(template\s*<.*>\s*)?(inline\s+)*(namespace|class|struct|union|enum|extern)\b",
    re.DOTALL,
)


@dataclass(frozen=True)
class Function:
    line: int
    length: int  # lines from the one with the opening brace to the one with the closing brace


@dataclass(frozen=True)
class Source:
    """`path` is from the top of the tree, with slashes."""

    path: str
    text: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix

    @property
    def is_cpp(self) -> bool:
        return self.suffix in (".cc", ".h")

    @property
    def is_cmake(self) -> bool:
        return self.name == "CMakeLists.txt" or self.suffix == ".cmake"

    @property
    def is_python(self) -> bool:
        return self.suffix == ".py" or re.match(r"#!.*python", self.text) is not None

    @property
    def is_shell(self) -> bool:
        return self.suffix == ".sh" or re.match(r"#!.*sh\b", self.text) is not None

    @property
    def is_code(self) -> bool:
        return self.is_cpp or self.is_cmake or self.is_python or self.is_shell

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def code(self) -> str:
        """C++ with comments and literals blanked, every character in its place; else the text."""
        if not self.is_cpp:
            return self.text
        return MASKED.sub(lambda match: blank(match.group()), self.text)

    @cached_property
    def includes(self) -> list[tuple[int, str]]:
        """The line and the header of every #include."""
        found = INCLUDE.finditer(self.text)
        return [(line_of(self.text, match), match.group(1)) for match in found]

    def functions(self) -> Iterator[Function]:
        """The outermost function bodies: braces whose head has a parameter list."""
        code = DIRECTIVE.sub(lambda match: blank(match.group()), self.code)
        head_begin, depth, begin = 0, 0, None  # begin: (depth, line) of the function we are in
        for match in re.finditer(r"[{};]", code):
            brace, line = match.group(), code.count("\n", 0, match.start()) + 1
            if brace == "{":
                if begin is None and is_function_head(code[head_begin : match.start()]):
                    begin = (depth, line)
                depth += 1
            elif brace == "}":
                depth -= 1
                if begin is not None and begin[0] == depth:
                    yield Function(begin[1], line - begin[1] + 1)
                    begin = None
            head_begin = match.end()


def is_function_head(head: str) -> bool:
    return "(" in head and not NO_FUNCTION.match(head) and not head.rstrip().endswith("=")


def blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def line_of(text: str, match: re.Match) -> int:
    return text.count("\n", 0, match.start()) + 1
