"""A ledger with something in it, which a test can find unchanged."""

from dataclasses import dataclass

from harness.server import Server

HOLDER, WAITER, OTHER = 1, 2, 3
CONFIG = "[semaphores]\nA = 1\nB = { max = 3, level = 1 }\n"


@dataclass
class Ledger:
    """HOLDER has A, WAITER waits for it, OTHER has two of the three of B."""

    server: Server

    def __post_init__(self):
        for peer, held in ((HOLDER, {"A": 1}), (WAITER, {}), (OTHER, {"B": 2})):
            body = {"expires_in": "1h", "peer_id": peer, "acquired": held}
            assert self.server.request("POST", "/restore", body).status == 200
        assert self.server.acquire(WAITER, "A").status == 202

    def state(self) -> dict:
        server = self.server
        return {
            "remainders": [server.remainder("A"), server.remainder("B")],
            "peers": server.peers(),
            "acquired": [server.request("GET", f"/peers/{peer}/is_acquired").json
                         for peer in (HOLDER, WAITER, OTHER)],
            "pending": server.metrics()['throttle_pending{semaphore="A"}'],
        }
