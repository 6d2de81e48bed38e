"""Programs in the sandbox: output, input, terminals, ends."""
import asyncio
import re
import time

from modal import exception
from modal.stream_type import StreamType

from .suite import Part, raises, same, text_of

check = Part()


@check("exec: output, errors, status")
async def output(s):
    p = await s.sh("echo out; echo err >&2; exit 3")
    same((await text_of(p), await p.stderr.read.aio(),
          await p.wait.aio(), await p.poll.aio()),
         ("out\n", "err\n", 3, 3))


@check("exec: poll while it runs, and after")
async def poll(s):
    p = await s.sh("read x; exit 5")
    same(await p.poll.aio(), None)
    p.stdin.write(b"\n")
    p.stdin.write_eof()
    await p.stdin.drain.aio()
    same(await p.stdout.read.aio(), "")
    code = None
    while code is None:
        code = await p.poll.aio()
    same(code, 5)


@check("exec: variables and workdir")
async def variables(s):
    p = await s.sh("echo $GIVEN; echo $HERE; pwd",
                   env={"HERE": "by exec"}, workdir="/tmp")
    same(await text_of(p), "by create\nby exec\n/tmp\n")


@check("exec: stdin, all 256 values")
async def stdin(s):
    data = bytes(range(256))
    p = await s.exec("cat", text=False)
    for part in (data[:100], data[100:]):
        p.stdin.write(part)
        await p.stdin.drain.aio()
    p.stdin.write_eof()
    await p.stdin.drain.aio()
    same(await text_of(p), data)


@check("exec: stdin after its end")
async def stdin_after(s):
    p = await s.exec("true")
    await p.wait.aio()
    p.stdin.write(b"late")
    await raises(exception.Error, p.stdin.drain.aio())


@check("exec: output by lines")
async def by_line(s):
    p = await s.sh("printf 'a\\nb'; printf 'c\\nd'", bufsize=1)
    same([line async for line in p.stdout], ["a\n", "bc\n", "d"])


@check("exec: a signal is 128 and more")
async def signal(s):
    p = await s.sh("kill -TERM $$")
    same(await p.wait.aio(), 143)


@check("exec: output that nobody wants")
async def unwanted(s):
    p = await s.sh("seq 1 100000; exit 4", stdout=StreamType.DEVNULL,
                   stderr=StreamType.DEVNULL)
    same(await p.wait.aio(), 4)


@check("exec: no such program")
async def no_program(s):
    try:
        p = await s.exec("/no/such/program")
        same(await p.wait.aio() != 0, True)
    except exception.Error:
        pass


@check("exec: the time is up")
async def time_up(s):
    began = time.monotonic()
    p = await s.exec("sleep", "100", timeout=1)
    same(await p.wait.aio() != 0, True)
    same(time.monotonic() - began < 20, True)


@check("exec: ten at once")
async def ten(s):
    async def one(n):
        p = await s.sh("echo %d; exit %d" % (n, n))
        return await text_of(p), await p.wait.aio()
    same(await asyncio.gather(*map(one, range(10))),
         [("%d\n" % n, n) for n in range(10)])


@check("pty: a terminal that echoes")
async def pty(s):
    p = await s.sh("tty; stty size; echo $TERM; read x; "
                   "echo got:$x; exit 6", pty=True)
    p.stdin.write(b"typed\r")
    await p.stdin.drain.aio()
    out = await text_of(p)
    same((bool(re.search(r"/dev/pts/\d", out)),
          bool(re.search(r"\n\d+ \d+\r\n", out)), "typed\r\n" in out,
          "got:typed\r\n" in out, await p.stderr.read.aio(),
          await p.wait.aio()), (True, True, True, True, "", 6))


@check("pty: ^C and ^D")
async def pty_keys(s):
    p = await s.exec("bash", "--norc", "-i", pty=True)
    out = ""

    it = aiter(p.stdout)

    async def keys(keys, answer):
        nonlocal out
        p.stdin.write(keys)
        await p.stdin.drain.aio()
        while not re.search(answer, out):
            out += await anext(it)
    # exec: dash loses a SIGINT that comes while it starts a program.
    await keys(b"sh -c 'echo g\"\"o; exec sleep 100'; echo no''t\r",
               "go\r\n")
    await keys(b"\x03", "\\^C(.|\n)*[#$] $")
    await keys(b"echo st''ill\r", "still\r\n(.|\n)*[#$] $")
    p.stdin.write(b"\x04")
    await p.stdin.drain.aio()
    async for part in it:
        out += part
    same((await p.wait.aio(), "not\r\n" in out), (0, False))
