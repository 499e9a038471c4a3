"""README.md: its sessions work as printed."""

import re
import subprocess

from harness.pages import programs_of, text_of
from harness.server import wait_until
from harness.sessions import looks_like, output_of, session_of
from harness.tcp import free_port

GRACE = 'startup_grace = "10s"\n'
SAMPLE = text_of("examples/throttle.toml").replace(GRACE, "")


def test_the_sample_has_a_grace():
    """Which the sessions here do not wait for."""
    assert GRACE in text_of("examples/throttle.toml")
    assert "In its first 10\nseconds it grants nothing" in text_of("README.md")


def test_the_session_with_curl(serve, tmp_path):
    server = serve(SAMPLE)
    shown_id = None
    for command in session_of("README.md", "A first session with curl"):
        line = command.line.replace("localhost:8000", f"localhost:{server.port}")
        line = line.replace("curl ", "curl -s ", 1)
        if shown_id:
            line = line.replace(shown_id, real_id)
        output = output_of(line, tmp_path)
        assert looks_like(command.prints, output), (command, output)
        if shown_id is None:
            shown_id, real_id = command.prints[0], output.strip()
    assert server.peers() == set()


def test_the_session_with_python(desk):
    (program,) = programs_of("README.md")
    assert desk.run(program.code) == "nobody else is in the office\n"


def test_the_session_with_the_proxy(serve, binary):
    server = serve(SAMPLE)
    (line,) = re.findall(r"^    (throttle-proxy -l.*)$", text_of("README.md"), re.MULTILINE)
    listen, status = free_port(), free_port()
    ports = {"9000": listen, "8000": server.port, "9001": status}
    line = re.sub(r"\b[89]00\d\b", lambda match: str(ports[match.group()]), line)
    words = [binary.with_name("throttle-proxy"), *line.split()[1:]]
    proxy = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def answers(port: int, path: str) -> bytes:
        return subprocess.run(["curl", "-sf", f"localhost:{port}{path}"],
                              capture_output=True).stdout

    try:
        wait_until(lambda: answers(status, "/health"))
        assert answers(listen, "/health") == b"Ok\n"
        assert b'"name": "proxy"' in answers(status, "/connections")
    finally:
        proxy.terminate()
        proxy.communicate()
    assert proxy.returncode == 0
