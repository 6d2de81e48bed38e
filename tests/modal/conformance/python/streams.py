"""Breaks of the way to the sandbox and to Modal."""
import time

import modal
from modal.stream_type import StreamType

from .suite import APP, Part, order, same, text_of

check = Part()
SEQ = "".join("%d\n" % n for n in range(1, 300001))


@check("streams: broken and resumed, nothing lost")
async def resumed(s):
    order("/knobs", {"read_chunk": 65536})
    order("/faults", [{"rpc": "TaskExecStdioRead", "code": "UNAVAILABLE",
                       "after_bytes": 100000 + 4321 * n}
                      for n in range(3)])
    p = await s.exec("seq", "1", "300000", stderr=StreamType.DEVNULL)
    same(await text_of(p) == SEQ, True)
    same((await p.wait.aio(), order("/faults")), (0, []))


@check("streams: reset amid a message")
async def reset(s):
    p = await s.exec("seq", "1", "300000", stderr=StreamType.DEVNULL)
    order("/log", {})
    order("/net", {"which": "router", "action": "reset",
                   "after_bytes": 123456})
    same(await text_of(p) == SEQ, True)
    order("/knobs", {"read_chunk": 262144})
    same((await p.wait.aio(), order("/log")["net"]["router"]["cut"]),
         (0, 1))


@check("streams: random breaks for a while")
async def chaos(s):
    order("/net", {"which": "router", "action": "chaos", "seed": 7,
                   "mean_bytes": 20000,
                   "kinds": ["cut", "reset", "goaway", "rst-stream",
                             "stall"]})
    try:
        p = await s.sh("for i in $(seq 1 40); do seq $i 2000; "
                       "sleep 0.05; done", stderr=StreamType.DEVNULL)
        want = "".join("%d\n" % n for i in range(1, 41)
                       for n in range(i, 2001))
        same(await text_of(p) == want, True)
        same(await p.wait.aio(), 0)
        same(order("/log")["net"]["router"]["breaks"] > 3, True)
    finally:
        order("/net", {"which": "router", "action": "calm"})


@check("streams: after a GOAWAY")
async def goaway(s):
    order("/net", {"action": "goaway"})
    p = await s.exec("echo", "on")
    same(await text_of(p), "on\n")


@check("stdin: an answer that was lost, no byte twice")
async def stdin_lost(s):
    p = await s.exec("cat")
    order("/faults", {"rpc": "TaskExecStdinWrite", "after": True,
                      "code": "UNAVAILABLE", "times": 2})
    for part in (b"once\n", b"twice\n"):
        p.stdin.write(part)
        await p.stdin.drain.aio()
    p.stdin.write_eof()
    await p.stdin.drain.aio()
    same((await text_of(p), order("/faults")), ("once\ntwice\n", []))


@check("control: retries, and the server's hint")
async def retries(s):
    order("/faults", [
        {"rpc": "AppGetOrCreate", "code": "UNAVAILABLE"},
        {"rpc": "AppGetOrCreate", "code": "RESOURCE_EXHAUSTED",
         "retry_after": 0.3}])
    began = time.monotonic()
    await modal.App.lookup.aio(APP)
    same((order("/faults"), time.monotonic() - began >= 0.3),
         ([], True))


@check("router: the server's hint")
async def router_hint(s):
    order("/faults", {"rpc": "TaskExecStart", "retry_after": 0.3,
                      "code": "RESOURCE_EXHAUSTED"})
    began = time.monotonic()
    p = await s.exec("echo", "then")
    same((await text_of(p), order("/faults"),
          time.monotonic() - began >= 0.3), ("then\n", [], True))
