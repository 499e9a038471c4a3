"""Fixtures of the suite in a real browser: Chromium without a window, steered over WebDriver."""

import json
import shutil
import subprocess
import urllib.request

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--no-first-run", "--proxy-server=direct://"]


class Browser:
    """One browser with one page."""

    def __init__(self, folder):
        self.port = free_port()
        self._log = open(folder / "chromedriver", "wb")
        self._driver = subprocess.Popen(["chromedriver", f"--port={self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=self._log)
        wait_until(self._is_ready)
        options = {"args": [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
        self._session = self._send("POST", "/session", {"capabilities": capabilities})["sessionId"]

    def open(self, url: str) -> None:
        self._send("POST", f"/session/{self._session}/url", {"url": url})

    def run(self, script: str):
        """What the script of the page returns."""
        return self._send("POST", f"/session/{self._session}/execute/sync",
                          {"script": script, "args": []})

    def close(self) -> None:
        self._send("DELETE", f"/session/{self._session}")
        self._driver.terminate()
        self._driver.wait(LIMIT_S)
        self._log.close()

    def _is_ready(self) -> bool:
        assert self._driver.poll() is None, "chromedriver ended"
        try:
            return self._send("GET", "/status")["ready"]
        except OSError:
            return False

    def _send(self, method: str, path: str, body: dict | None = None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return json.load(answer)["value"]


@pytest.fixture
def browser(tmp_path):
    for command in ("chromium", "chromedriver"):
        assert shutil.which(command), f"{command} is missing (./dev test browser installs it)"
    browser = Browser(tmp_path)
    yield browser
    browser.close()
