"""The comparison of the lease server with its peers; `bench/compare --help` says how to run it."""
