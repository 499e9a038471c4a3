"""The current generation's client keeps one peer a thread: none outlives its test."""

import pytest
import throttle_client


@pytest.fixture(autouse=True)
def fresh_thread():
    throttle_client.clear_peers()
    yield
    for peer in getattr(throttle_client.threadlocal, "peers", {}).values():
        peer.stop_heartbeat()
    throttle_client.clear_peers()
