"""Drives the fake with Python's official client.  A line per check; status 1
when one failed.  Started by `run-python`, inside `fake-modal --plain -- ...`.
COVERAGE: a file that gets the first check of each RPC.
"""
import asyncio
import sys

from python import (
    accounts, ends, files, programs, sandboxes, streams, volumes)
from python.suite import Suite

# In this order: each uses what those before it have made.
PARTS = (accounts, volumes, sandboxes, programs, streams, files, ends)

if __name__ == "__main__":
    sys.exit(asyncio.run(Suite().run(part.check for part in PARTS)))
