"""What the suites share: a server process, and HTTP spoken by hand."""
