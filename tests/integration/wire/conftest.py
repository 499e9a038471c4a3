"""The fixture of tests that must leave the ledger as it is."""

import pytest

from harness.ledger import CONFIG, Ledger


@pytest.fixture
def untouched(serve):
    """A server whose ledger the test must leave as it is."""
    ledger = Ledger(serve(CONFIG))
    before = ledger.state()
    yield ledger.server
    assert ledger.state() == before
