#!/usr/bin/python3 -IS
"""Stands for sync(1) inside a sandbox: commits the volumes.

The fake's server listens on a socket in the sandbox's own directory.
"""
import json
import os
import socket
import sys

SOCKET = "run/ctl.sock"


def main(argv):
    paths = [os.path.abspath(p) for p in argv[1:] if not p.startswith("-")]
    base = os.environ.get("MODAL_FAKE_BASE", "/__modal")
    with socket.socket(socket.AF_UNIX) as s:
        # The path may be longer than a socket's name can be.
        os.chdir(os.path.join(base, os.path.dirname(SOCKET)))
        s.connect(os.path.basename(SOCKET))
        s.sendall(json.dumps({"op": "sync", "paths": paths}).encode()
                  + b"\n")
        answer = json.loads(s.makefile().readline() or "{}")
    if answer.get("ok"):
        return 0
    print("sync: %s" % answer.get("error", "no answer"), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
