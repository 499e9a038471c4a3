"""The first generation's client shares one mutable default among all peers of a process: each test
begins without what others left there."""

import pytest
from throttle_client import Peer


@pytest.fixture(autouse=True)
def fresh_defaults():
    for default in Peer.__init__.__defaults__:
        default.clear()
