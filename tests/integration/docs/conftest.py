"""A desk: the programs of docs/python.md, beside a server with the semaphores that they name."""

import pytest

from harness.desk import Desk

SEMAPHORES = "[semaphores]\noffice = 1\ndatabase = { max = 5, level = 1 }\n"


@pytest.fixture
def desk(serve, tmp_path):
    desk = Desk(tmp_path, serve(SEMAPHORES))
    yield desk
    desk.clear()
