"""Plain English: words and idioms that make a reader stop, each with the replacement.

Read are comments and strings of C++ and Python, and all of CMake, shell, TOML and Markdown, where
the text is most of the file. A phrase is found across the end of a line, too.
"""

import re
from typing import Iterator

from source import MASKED, Source

# Between two words of a phrase: a blank, or one line break with what continues the comment, the
# string or the paragraph.
GAP = r"""(?:[ \t]+|[ \t]*["'`]?[ \t]*\n[ \t]*(?://|\#|\*|>|f?["'])?[ \t]*)"""

PYTHON_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"""' r"|'''(?:\\.|[^\\])*?'''"
    r'|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])*'" r"|\#[^\n]*", re.DOTALL)

# `who` is a relative pronoun after these, and asks a question after the others.
PERSON = (r"(?:somebody|someone|anybody|anyone|everybody|everyone|nobody|people|persons?|users?"
          r"|clients?|callers?|operators?|readers?|authors?|engineers?|administrators?|customers?"
          r"|developers?|peers?|holders?|waiters?|owners?|strangers?|humans?|maintainers?|witness"
          r"|ones?)")
ASKS = (r"(?:shows?|shown|says?|sees?|seen|knows?|known|lists?|names?|reports?|asks?|decides?"
        r"|records?|finds?|learns?|matters?|answers?|logs?|prints?|checks?|and|or|is)")

PHRASES = [
    (r"tell|tells|telling|told", "notify, report, receive, show, distinguish"),
    (r"who(?:m|mso|so)?ever", "a noun: any client that, callers that"),
    (r"whom", "a noun: the clients that"),
    (r"those who", "a noun: the connections that, clients that"),
    (r"who", "a noun: a client that, callers that"),
    (r"(?:stands?|stood|standing) in(?! front| for)", "is in, is documented in"),
    (r"so many", "that many, a number of, N"),
    (r"so long", "as long, for N"),
    (r"but for", "except for, except"),
    (r"be (?:it|they)", "whether"),
    (r"say(?=\s*[.,;:!?)])", "for example"),
    (r"anew", "again"),
    (r"hinder(?:s|ed|ing)?", "prevent, block"),
    (r"by (?:HAProxy|nginx|go-connlimit|TCPLock)(?!['’\w-])", "relative to"),
]
PHRASE = re.compile(
    "|".join(rf"(?P<p{number}>\b(?:{words.replace(' ', GAP)})\b)"
             if not words.startswith("say") else rf"(?P<p{number}>(?<=,)[ \t]+{words})"
             for number, (words, _) in enumerate(PHRASES)), re.IGNORECASE)


def prose(source: Source) -> str:
    """What people read of a file, every character in its place; the rest is masked."""
    if source.is_cpp:
        return kept(source.text, MASKED)
    if source.is_python:
        return re.sub(r"\{[^{}\n]*\}", lambda match: masked(match.group()),
                      kept(source.text, PYTHON_TEXT))
    if source.is_code or source.suffix in (".md", ".toml"):
        return source.text
    return ""


def kept(text: str, pattern: re.Pattern) -> str:
    pieces, end = [], 0
    for match in pattern.finditer(text):
        if re.search(r"\s", match.group()):  # a string of one word is a name
            pieces += [masked(text[end:match.start()]), match.group()]
            end = match.end()
    return "".join([*pieces, masked(text[end:])])


def masked(code: str) -> str:
    return re.sub(r"\S", "\0", code)  # not by a blank, which a phrase may go on after


def phrases(source: Source) -> Iterator[tuple[int, str, str]]:
    """The line, the phrase and the replacement of everything that is not plain."""
    text = prose(source)
    for match in PHRASE.finditer(text):
        words = " ".join(re.findall(r"[\w'-]+", match.group()))
        if not is_plain(words.lower(), text, match):
            replacement = PHRASES[int(match.lastgroup[1:])][1]
            yield text.count("\n", 0, match.start()) + 1, words, replacement


def is_plain(words: str, text: str, match: re.Match) -> bool:
    """Whether the words before or after a phrase make it good English."""
    before = text[max(0, match.start() - 80) : match.start()]
    if words == "who":
        after = re.search(rf"\b(?:{PERSON},?|{ASKS}){GAP}$", before, re.IGNORECASE)
        question = re.match(rf"[^.;:\n]*\?|who{GAP}(?:the|it|they|outlives)\b",
                            text[match.start():], re.IGNORECASE)
        return after is not None or question is not None
    if words == "whom":
        return re.search(r"who outlives $", before) is not None
    if words == "but for":
        return re.search(r"\bnot\b[^.;:]*$", before) is not None
    return False
