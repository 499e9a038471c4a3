"""The office and the clients of examples/libreoffice, and documents for them. The clients run under
the office's own Python, so that this module needs nothing of the office."""

import os
import re
import signal
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from harness.tcp import free_port

TOP = Path(__file__).resolve().parents[3]
EXAMPLE = TOP / "examples/libreoffice"
OBEDIENT_CLIENT = TOP / "tests/integration/libreoffice/obedient_client.py"
PYTHON = "/usr/bin/python3"  # whose module `uno` belongs to Debian's office
LIMIT_S = 90  # for an office to start or end, for a client to end


@dataclass
class Office:
    """The office of one folder, which has its profile; it outlives this object."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        return {"OFFICE_FOLDER": str(self.folder), "OFFICE_PORT": str(self.port)}

    def run(self, command: str) -> None:
        """start, stop, restart or ensure."""
        done = subprocess.run([EXAMPLE / "office", command], env=os.environ | self.environment,
                              capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, done.stderr

    @property
    def group(self) -> int:
        """The number of its process group: every start makes a new one."""
        return int((self.folder / "office.pid").read_text())

    def worker(self) -> int:
        """The number of the process that does the work."""
        return processes_of(self.group)["soffice.bin"]

    def memory_mib(self) -> int:
        status = Path(f"/proc/{self.worker()}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) // 1024


def processes_of(group: int) -> dict[str, int]:
    """The processes of a group by their programs' names, without those that have ended."""
    listed = subprocess.run(["ps", "-e", "-o", "pgid=,pid=,stat=,comm="], check=True,
                            capture_output=True, text=True, timeout=10).stdout
    rows = (line.split(None, 3) for line in listed.splitlines())
    return {name: int(pid) for pgid, pid, state, name in rows
            if int(pgid) == group and not state.startswith("Z")}


@dataclass
class Conversion:
    """How one run of convert.py ended."""

    returncode: int
    complaint: str
    pdf: bytes

    @property
    def pages(self) -> int:
        """Of the PDF; 0 unless it is a whole one."""
        whole = self.pdf.startswith(b"%PDF-") and self.pdf.rstrip().endswith(b"%%EOF")
        return len(re.findall(rb"/Type\s*/Page\b", self.pdf)) if whole else 0


def convert(port: int, document: Path, limit_s: float = LIMIT_S) -> Conversion:
    """Runs convert.py; one that outlives the limit is ended, and its code is that of timeout(1)."""
    pdf = document.with_name(f"{document.stem}-by-{port}.pdf")
    pdf.unlink(missing_ok=True)
    command = ["timeout", str(limit_s), PYTHON, EXAMPLE / "convert.py", "--port", str(port)]
    done = subprocess.run([*command, document, pdf], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=limit_s + 10)
    return Conversion(done.returncode, done.stderr.strip(),
                      pdf.read_bytes() if pdf.exists() else b"")


class ObedientClient:
    """A client that is connected and follows its commands, nothing else; see its file."""

    def __init__(self, port: int):
        self._process = subprocess.Popen(
            ["timeout", "-s", "KILL", str(LIMIT_S), PYTHON, "-B", OBEDIENT_CLIENT, str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PYTHONPATH": str(EXAMPLE)}, start_new_session=True)

    def ask(self, *command) -> str:
        print(*command, file=self._process.stdin)
        return self._process.stdout.readline().strip()

    def open(self, document: Path) -> None:
        assert self.ask("open", document) == "open"

    def count(self) -> int:
        """How many documents are open in the office, of all clients."""
        return int(self.ask("count"))

    def leave(self) -> None:
        """As a good client does, which closes its bridge."""
        self._process.communicate(timeout=LIMIT_S)

    def die(self) -> None:
        """Without another word. timeout(1) and the client are a process group of their own."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=LIMIT_S)


# --- documents ---

NAMES = {"office": "office", "text": "text", "table": "table", "style": "style",
         "fo": "xsl-fo-compatible"}
NAMESPACES = " ".join(f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
                      for prefix, name in NAMES.items())
MANIFEST = """<?xml version="1.0"?>
<manifest:manifest manifest:version="1.2"
    xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
  <manifest:file-entry manifest:full-path="/"
      manifest:media-type="application/vnd.oasis.opendocument.text"/>
  <manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
PAGE_BREAK = """<office:automatic-styles>
  <style:style style:name="new-page" style:family="paragraph">
    <style:paragraph-properties fo:break-before="page"/>
  </style:style>
</office:automatic-styles>"""


def write_document(path: Path, pages: int) -> Path:
    """A text document of `pages` pages, each with a table."""
    body = "".join(page(number) for number in range(1, pages + 1))
    content = (f'<?xml version="1.0"?><office:document-content {NAMESPACES} office:version="1.2">'
               f"{PAGE_BREAK}<office:body><office:text>{body}</office:text></office:body>"
               "</office:document-content>")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", content)
    return path


def page(number: int) -> str:
    style = ' text:style-name="new-page"' if number > 1 else ""
    cells = "".join(f"<table:table-cell><text:p>{number}.{column}</text:p></table:table-cell>"
                    for column in range(5))
    rows = f"<table:table-row>{cells}</table:table-row>" * 20
    return (f'<text:p{style}>Page {number}</text:p><table:table table:name="Table{number}">'
            f'<table:table-column table:number-columns-repeated="5"/>{rows}</table:table>')
