"""The proxy under test as a process: where clients connect, what it shows and what it logs."""

import json
import signal
from dataclasses import dataclass, field

from harness.server import Server, wait_until
from harness.tcp import Client, free_port


@dataclass
class Proxy(Server):
    """throttle-proxy with its status on `port`, in front of the service on `upstream`. With a
    `config` it runs that; without one, what `arguments` say."""

    upstream: int = 0
    listen: int = field(default_factory=free_port)
    kept: list[Client] = field(default_factory=list)  # open, though a test forgets them

    def command(self) -> list:
        what = ["-c", self.config_file]
        if not self.config:
            what = ["-l", f"127.0.0.1:{self.listen}", "-p", self.upstream, "-h", "127.0.0.1"]
            if "--upstream-check" not in self.arguments:  # or tests would see its connection
                what += ["--upstream-check", "none"]
        command = [self.binary, *what, "--status", f"127.0.0.1:{self.port}", "--log-format", "json",
                   *self.arguments]
        return [str(word) for word in command]

    def client(self, source: str = "127.0.0.1", **options) -> Client:
        """A client that is connected, from that address."""
        self.kept.append(Client(self.listen, source, **options))
        return self.kept[-1]

    def clients(self, number: int, source: str = "127.0.0.1") -> list[Client]:
        """Clients in the order of their arrival."""
        return [self.client(source) for _ in range(number)]

    def stop_at_once(self) -> int:
        """Its exit status: 0 if nobody was connected, and 1 if somebody was cut off. The second
        signal may come when it has all but ended, and does not listen to signals any more."""
        self.signal(signal.SIGTERM)
        self.wait_for_log("stopping")
        if self.is_running():
            self.signal(signal.SIGINT)
        status = self.wait()
        return 0 if status == -signal.SIGINT and self.log("stopped") else status

    # What it shows.

    def connections(self, proxy: str | None = None) -> list[dict]:
        proxies = self.request("GET", "/connections").json["proxies"]
        return [each for one in proxies if proxy in (None, one["name"])
                for each in one["connections"]]

    def in_state(self, state: str) -> int:
        return sum(each["state"] == state for each in self.connections())

    def wait_for(self, **states: int) -> None:
        """Waits until each of these states has this number of connections."""
        wait_until(lambda: all(self.in_state(state) == n for state, n in states.items()),
                   lambda: f"not {states}: {self.connections()}\n{self.stderr}")

    def is_empty(self) -> bool:
        return not self.connections()

    def metric(self, name: str) -> float:
        return self.metrics()[name]

    # What it logs. A thread of the proxy writes the log, so a line may come after what it is about
    # shows elsewhere: wait for a line that has to come.

    def log(self, message: str) -> list[dict]:
        lines = (json.loads(line) for line in self.log_lines if line.startswith("{"))
        return [line for line in lines if line["message"] == message]

    def endings(self) -> list[dict]:
        """The lines of the connections that are over."""
        return self.log("connection")

    def ending_of(self, client: Client) -> dict:
        """The line of this client's connection; waits for it."""
        found = []
        wait_until(lambda: found.extend(line for line in self.endings()
                                        if line["client"] == client.address) or found,
                   lambda: f"{client.address} did not end:\n{self.stderr}")
        return found[0]

    def wait_for_log(self, message: str, count: int = 1) -> list[dict]:
        wait_until(lambda: len(self.log(message)) >= count,
                   lambda: f"not {count} of {message!r}:\n{self.stderr}")
        return self.log(message)

    def reload(self, config: str) -> None:
        """Puts another configuration in force, and waits until it is."""
        before = len(self.log("reloaded"))
        self.write_config(config)
        self.signal(signal.SIGHUP)
        self.wait_for_log("reloaded", before + 1)
