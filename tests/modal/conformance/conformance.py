"""Drives the fake with Python's official client.  A line per check; status 1
when one failed.  Started by `run-python`, inside `fake-modal --plain -- ...`.
COVERAGE: a file that gets the first check of each RPC.
"""
import asyncio
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import time
import traceback
import urllib.request

import modal
from modal import exception
from modal.stream_type import StreamType
from modal.types import FileType

V2 = os.environ.get("MODAL_SANDBOX_V2") != "0"
BLOCK = 8 << 20
APP = "viva-conformance"


class Differs(Exception):
    pass


def same(got, want):
    if got != want:
        raise Differs("got %.300r, not %.300r" % (got, want))


def order(path, value=None):
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(
            os.environ["FAKE_MODAL_KNOBS"] + path, data)) as answer:
        return json.load(answer)


def counts():
    return order("/log")["counts"]


async def raises(kind, what):
    try:
        await what
    except kind as e:
        return e
    raise Differs("no " + kind.__name__)


def check(text):
    """The methods of Checks that this stands at run in their order."""
    def mark(method):
        method.text = text
        return method
    return mark


async def text_of(process):
    return await process.stdout.read.aio()


async def bytes_of(volume, path):
    return b"".join([part async for part in volume.read_file.aio(path)])


async def put(volume, path, data, **how):
    async with volume.batch_upload.aio(**how) as batch:
        batch.put_file(io.BytesIO(data), path)


class Checks:
    def __init__(self):
        self.failed, self.covered = 0, set()
        self.app = self.image = self.volume = self.sb = None

    async def run(self):
        for method in list(type(self).__dict__.values()):
            if hasattr(method, "text"):
                await self.one(method)
        print("%d checks failed" % self.failed)
        return 1 if self.failed else 0

    async def one(self, method):
        try:
            await asyncio.wait_for(method(self), 60)
            self.cover(method.text)
            print("ok     " + method.text, flush=True)
        except Exception:
            self.failed += 1
            print("FAILED %s: %s" % (method.text, traceback.format_exc()),
                  flush=True)

    def cover(self, text):
        path = os.environ.get("COVERAGE")
        if not path:
            return
        with open(path, "a", encoding="utf-8") as fp:
            for rpc in counts():
                if rpc not in self.covered:
                    fp.write("%s check %s\n" % (rpc, text))
                self.covered.add(rpc)

    async def exec(self, *args, **how):
        return await self.sb.exec.aio(*args, **how)

    async def sh(self, script, **how):
        return await self.exec("sh", "-c", script, **how)

    async def create(self, *args, **how):
        return await modal.Sandbox.create.aio(
            *args, app=self.app, image=self.image, **how)

    # -- account, app, image

    @check("account: hello")
    async def hello(self):
        client = await modal.Client.from_env.aio()
        await client.hello.aio()

    @check("app: absent one is not found")
    async def app_absent(self):
        await raises(exception.NotFoundError,
                     modal.App.lookup.aio("no-such-app"))

    @check("app: made, then the same")
    async def app_made(self):
        self.app = await modal.App.lookup.aio(APP, create_if_missing=True)
        again = await modal.App.lookup.aio(APP)
        same(again.app_id, self.app.app_id)

    def lines(self, *lines):
        image = modal.Image.from_registry("debian:bookworm-slim")
        return image.dockerfile_commands(*lines) if lines else image

    @check("image: two layers are built")
    async def image_built(self):
        self.image = self.lines("RUN apt-get update")
        await self.image.build.aio(self.app)
        same(bool(re.fullmatch("im-[A-Za-z0-9]{22}", self.image.object_id)),
             True)

    @check("image: the second time it is there")
    async def image_again(self):
        before = counts()["ImageJoinStreaming"]
        again = self.lines("RUN apt-get update")
        await again.build.aio(self.app)
        same((again.object_id, counts()["ImageJoinStreaming"]),
             (self.image.object_id, before))

    @check("image: a build that fails, and its log")
    async def image_fails(self):
        order("/knobs", {"build_fails": "break-here"})
        bad = self.lines("RUN break-here")
        e = await raises(exception.Error, bad.build.aio(self.app))
        same("break-here" in str(e), True)

    @check("image: the stream of its log breaks")
    async def image_stream(self):
        order("/faults", {"rpc": "ImageJoinStreaming", "after_bytes": 0,
                          "code": "UNAVAILABLE"})
        image = self.lines("RUN other")
        await image.build.aio(self.app)
        same(order("/faults"), [])

    @check("image: a ready one, by its id")
    async def image_id(self):
        image = modal.Image.from_id(self.image.object_id)
        await image.build.aio(self.app)
        same(image.object_id, self.image.object_id)

    # -- volume

    @check("volume: absent one is not found")
    async def volume_absent(self):
        await raises(exception.NotFoundError, modal.Volume.from_name(
            "no-such-volume").hydrate.aio())

    @check("volume: made")
    async def volume_made(self):
        self.volume = modal.Volume.from_name(
            "viva-conf", create_if_missing=True, version=2)
        await self.volume.hydrate.aio()
        same(self.volume.object_id[:3], "vo-")

    @check("volume: it has another version")
    async def volume_version(self):
        await raises(exception.InvalidError, modal.Volume.from_name(
            "viva-conf", version=1).hydrate.aio())

    BIG = os.urandom(BLOCK + 5) + bytes(100) + b"end" + bytes(7)

    @check("volume: put in blocks")
    async def volume_put(self):
        order("/log", {})
        await put(self.volume, "/dir/big.bin", self.BIG)
        log = order("/log")
        same((log["blocks"]["put"], log["counts"]["VolumePutFiles2"]),
             (2, 2))

    @check("volume: put what is there already, without a byte")
    async def volume_put_again(self):
        order("/log", {})
        await put(self.volume, "/dir/same.bin", self.BIG)
        await put(self.volume, "/empty", b"")
        log = order("/log")
        same((log["blocks"]["put"], log["counts"]["VolumePutFiles2"]),
             (0, 2))

    @check("volume: a block is refused, then taken")
    async def volume_put_refused(self):
        order("/blocks", {"refuse": [503]})
        await put(self.volume, "/third", b"third time")
        same(await bytes_of(self.volume, "third"), b"third time")

    @check("volume: no file is overwritten unasked")
    async def volume_overwrite(self):
        await raises(FileExistsError, put(self.volume, "/third", b"other"))
        await put(self.volume, "/third", b"other", force=True)
        same(await bytes_of(self.volume, "third"), b"other")

    @check("volume: read back")
    async def volume_read(self):
        same(await bytes_of(self.volume, "dir/big.bin") == self.BIG, True)
        out = io.BytesIO()
        n = await self.volume.read_file_into_fileobj.aio("dir/same.bin", out)
        same((n, out.getvalue() == self.BIG), (len(self.BIG), True))
        same(await bytes_of(self.volume, "empty"), b"")

    @check("volume: a block's GET is refused, then answered")
    async def volume_read_refused(self):
        order("/blocks", {"refuse": [503]})
        same(await bytes_of(self.volume, "third"), b"other")

    @check("volume: blocks of zeros come without them")
    async def volume_zeros(self):
        data = b"x" + bytes(BLOCK) + b"y" + bytes(BLOCK)
        await put(self.volume, "/zeros", data)
        order("/log", {})
        same(await bytes_of(self.volume, "zeros") == data, True)
        same(order("/log")["blocks"]["get_bytes"] < BLOCK, True)

    @check("volume: directory of this machine")
    async def volume_directory(self):
        with tempfile.TemporaryDirectory(prefix="conf.") as folder:
            os.mkdir(folder + "/sub")
            for name, mode in (("a", 0o644), ("sub/b", 0o755)):
                with open(folder + "/" + name, "wb") as fp:
                    fp.write(name.encode())
                os.chmod(folder + "/" + name, mode)
            async with self.volume.batch_upload.aio() as batch:
                batch.put_directory(folder, "/tree")
        same(await bytes_of(self.volume, "tree/sub/b"), b"sub/b")

    @check("volume: list, copy, remove")
    async def volume_list(self):
        volume = self.volume
        await volume.copy_files.aio(["third"], "tree/copy")
        await volume.remove_file.aio("third")
        await volume.remove_file.aio("zeros")
        await volume.remove_file.aio("dir/same.bin")
        await volume.remove_file.aio("empty")
        same(sorted([(e.path, e.type.name, e.size) for e in
                     await volume.listdir.aio("/", recursive=True)]),
             [("dir", "DIRECTORY", 0), ("dir/big.bin", "FILE",
                                        len(self.BIG)),
              ("tree", "DIRECTORY", 0), ("tree/a", "FILE", 1),
              ("tree/copy", "FILE", 5), ("tree/sub", "DIRECTORY", 0),
              ("tree/sub/b", "FILE", 5)])
        same([e.path for e in await volume.listdir.aio("tree/sub")],
             ["tree/sub/b"])
        await volume.remove_file.aio("tree", recursive=True)

    @check("volume: what is not there")
    async def volume_missing(self):
        await raises(FileNotFoundError, bytes_of(self.volume, "no"))
        await raises(FileNotFoundError, self.volume.remove_file.aio("no"))
        await raises(exception.NotFoundError, self.volume.listdir.aio("no"))

    @check("volume of the first version: small files and a large one")
    async def volume1(self):
        volume = modal.Volume.from_name("viva-old", create_if_missing=True,
                                        version=1)
        large = self.BIG[:5 << 20]
        async with volume.batch_upload.aio() as batch:
            batch.put_file(io.BytesIO(b"small"), "/sub/small", mode=0o755)
            batch.put_file(io.BytesIO(large), "/large")
        same((await bytes_of(volume, "sub/small"),
              await bytes_of(volume, "large") == large), (b"small", True))
        await raises(FileExistsError, put(volume, "/large", b"other"))
        await volume.copy_files.aio(["sub/small"], "copy")
        await volume.remove_file.aio("large")
        same(sorted([e.path for e in await volume.listdir.aio(
            "/", recursive=True)]), ["copy", "sub", "sub/small"])
        await modal.Volume.objects.delete.aio("viva-old")

    @check("volume: among those of the account, and by its id")
    async def volume_account(self):
        found = await modal.Volume.objects.list.aio()
        same([v.name for v in found], ["viva-conf"])
        again = modal.Volume.from_id(self.volume.object_id)
        await again.hydrate.aio()
        same((await again.info.aio()).name, "viva-conf")

    # -- sandbox

    @check("sandbox: create")
    async def create_one(self):
        self.sb = await self.create(
            cpu=0.5, memory=512, timeout=600, idle_timeout=500,
            name="conf-1", workdir="/workspace", block_network=True,
            env={"GIVEN": "by create"}, tags={"made": "by-conformance"},
            volumes={"/workspace": self.volume})
        same(bool(re.fullmatch("sb-[A-Za-z0-9]{22}", self.sb.object_id)),
             not V2)

    @check("sandbox: the name is taken")
    async def name_taken(self):
        await raises(exception.AlreadyExistsError,
                     self.create(name="conf-1"))

    @check("sandbox: runs")
    async def runs(self):
        same(await self.sb.poll.aio(), None)

    @check("sandbox: tags")
    async def tags(self):
        first = await self.sb.get_tags.aio()
        await self.sb.set_tags.aio({"other": "tag"})
        same((first, await self.sb.get_tags.aio()),
             ({"made": "by-conformance"}, {"other": "tag"}))

    @check("sandbox: list by app and tags")
    async def listed(self):
        found, none = [[s.object_id async for s in modal.Sandbox.list.aio(
            app_id=self.app.app_id, tags={"other": value})]
            for value in ("tag", "one")]
        same((found, none), ([self.sb.object_id], []))

    @check("sandbox: from_name, from_id")
    async def attached(self):
        a = await modal.Sandbox.from_name.aio(APP, "conf-1")
        b = await modal.Sandbox.from_id.aio(self.sb.object_id)
        p = await b.exec.aio("echo", "attached")
        same((a.object_id, await text_of(p)),
             (self.sb.object_id, "attached\n"))
        await b.detach.aio()

    @check("sandbox: from_name of none")
    async def name_none(self):
        await raises(exception.NotFoundError,
                     modal.Sandbox.from_name.aio(APP, "conf-none"))

    @check("sandbox: from_id of none")
    async def id_none(self):
        last = "a" if self.sb.object_id[-1] != "a" else "b"
        await raises(exception.NotFoundError, modal.Sandbox.from_id.aio(
            self.sb.object_id[:-1] + last))

    # -- exec

    @check("exec: output, errors, status")
    async def output(self):
        p = await self.sh("echo out; echo err >&2; exit 3")
        same((await text_of(p), await p.stderr.read.aio(),
              await p.wait.aio(), await p.poll.aio()),
             ("out\n", "err\n", 3, 3))

    @check("exec: poll while it runs, and after")
    async def poll(self):
        p = await self.sh("read x; exit 5")
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
    async def variables(self):
        p = await self.sh("echo $GIVEN; echo $HERE; pwd",
                          env={"HERE": "by exec"}, workdir="/tmp")
        same(await text_of(p), "by create\nby exec\n/tmp\n")

    @check("exec: stdin, all 256 values")
    async def stdin(self):
        data = bytes(range(256))
        p = await self.exec("cat", text=False)
        for part in (data[:100], data[100:]):
            p.stdin.write(part)
            await p.stdin.drain.aio()
        p.stdin.write_eof()
        await p.stdin.drain.aio()
        same(await text_of(p), data)

    @check("exec: stdin after its end")
    async def stdin_after(self):
        p = await self.exec("true")
        await p.wait.aio()
        p.stdin.write(b"late")
        await raises(exception.Error, p.stdin.drain.aio())

    @check("exec: output by lines")
    async def by_line(self):
        p = await self.sh("printf 'a\\nb'; printf 'c\\nd'", bufsize=1)
        same([line async for line in p.stdout], ["a\n", "bc\n", "d"])

    @check("exec: a signal is 128 and more")
    async def signal(self):
        p = await self.sh("kill -TERM $$")
        same(await p.wait.aio(), 143)

    @check("exec: output that nobody wants")
    async def unwanted(self):
        p = await self.sh("seq 1 100000; exit 4", stdout=StreamType.DEVNULL,
                          stderr=StreamType.DEVNULL)
        same(await p.wait.aio(), 4)

    @check("exec: no such program")
    async def no_program(self):
        try:
            p = await self.exec("/no/such/program")
            same(await p.wait.aio() != 0, True)
        except exception.Error:
            pass

    @check("exec: the time is up")
    async def time_up(self):
        began = time.monotonic()
        p = await self.exec("sleep", "100", timeout=1)
        same(await p.wait.aio() != 0, True)
        same(time.monotonic() - began < 20, True)

    @check("exec: ten at once")
    async def ten(self):
        async def one(n):
            p = await self.sh("echo %d; exit %d" % (n, n))
            return await text_of(p), await p.wait.aio()
        same(await asyncio.gather(*map(one, range(10))),
             [("%d\n" % n, n) for n in range(10)])

    @check("pty: a terminal that echoes")
    async def pty(self):
        p = await self.sh("tty; stty size; echo $TERM; read x; "
                          "echo got:$x; exit 6", pty=True)
        p.stdin.write(b"typed\r")
        await p.stdin.drain.aio()
        out = await text_of(p)
        same((bool(re.search(r"/dev/pts/\d", out)),
              bool(re.search(r"\n\d+ \d+\r\n", out)), "typed\r\n" in out,
              "got:typed\r\n" in out, await p.stderr.read.aio(),
              await p.wait.aio()), (True, True, True, True, "", 6))

    @check("pty: ^C and ^D")
    async def pty_keys(self):
        p = await self.exec("bash", "--norc", "-i", pty=True)
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

    # -- breaks

    SEQ = "".join("%d\n" % n for n in range(1, 300001))

    @check("streams: broken and resumed, nothing lost")
    async def resumed(self):
        order("/knobs", {"read_chunk": 65536})
        order("/faults", [{"rpc": "TaskExecStdioRead", "code": "UNAVAILABLE",
                           "after_bytes": 100000 + 4321 * n}
                          for n in range(3)])
        p = await self.exec("seq", "1", "300000", stderr=StreamType.DEVNULL)
        same(await text_of(p) == self.SEQ, True)
        same((await p.wait.aio(), order("/faults")), (0, []))

    @check("streams: reset amid a message")
    async def reset(self):
        p = await self.exec("seq", "1", "300000", stderr=StreamType.DEVNULL)
        order("/log", {})
        order("/net", {"which": "router", "action": "reset",
                       "after_bytes": 123456})
        same(await text_of(p) == self.SEQ, True)
        order("/knobs", {"read_chunk": 262144})
        same((await p.wait.aio(), order("/log")["net"]["router"]["cut"]),
             (0, 1))

    @check("streams: random breaks for a while")
    async def chaos(self):
        order("/net", {"which": "router", "action": "chaos", "seed": 7,
                       "mean_ms": 150, "kinds": ["cut", "reset", "goaway",
                                                 "rst-stream", "stall"]})
        try:
            p = await self.sh("for i in $(seq 1 40); do seq $i 2000; "
                              "sleep 0.05; done", stderr=StreamType.DEVNULL)
            want = "".join("%d\n" % n for i in range(1, 41)
                           for n in range(i, 2001))
            same(await text_of(p) == want, True)
            same(await p.wait.aio(), 0)
            same(order("/log")["net"]["router"]["breaks"] > 3, True)
        finally:
            order("/net", {"which": "router", "action": "calm"})

    @check("streams: after a GOAWAY")
    async def goaway(self):
        order("/net", {"action": "goaway"})
        p = await self.exec("echo", "on")
        same(await text_of(p), "on\n")

    @check("stdin: an answer that was lost, no byte twice")
    async def stdin_lost(self):
        p = await self.exec("cat")
        order("/faults", {"rpc": "TaskExecStdinWrite", "after": True,
                          "code": "UNAVAILABLE", "times": 2})
        for part in (b"once\n", b"twice\n"):
            p.stdin.write(part)
            await p.stdin.drain.aio()
        p.stdin.write_eof()
        await p.stdin.drain.aio()
        same((await text_of(p), order("/faults")), ("once\ntwice\n", []))

    @check("control: retries, and the server's hint")
    async def retries(self):
        order("/faults", [
            {"rpc": "AppGetOrCreate", "code": "UNAVAILABLE"},
            {"rpc": "AppGetOrCreate", "code": "RESOURCE_EXHAUSTED",
             "retry_after": 0.3}])
        began = time.monotonic()
        await modal.App.lookup.aio(APP)
        same((order("/faults"), time.monotonic() - began >= 0.3),
             ([], True))

    @check("router: the server's hint")
    async def router_hint(self):
        order("/faults", {"rpc": "TaskExecStart", "retry_after": 0.3,
                          "code": "RESOURCE_EXHAUSTED"})
        began = time.monotonic()
        p = await self.exec("echo", "then")
        same((await text_of(p), order("/faults"),
              time.monotonic() - began >= 0.3), ("then\n", [], True))

    # -- files

    @property
    def fs(self):
        return self.sb.filesystem

    @check("files: text")
    async def file_text(self):
        await self.fs.write_text.aio("some text\n", "/workspace/sub/a.txt")
        same(await self.fs.read_text.aio("/workspace/sub/a.txt"),
             "some text\n")

    @check("files: bytes")
    async def file_bytes(self):
        data = os.urandom(3 << 20)
        await self.fs.write_bytes.aio(data, "/workspace/b.bin")
        same(await self.fs.read_bytes.aio("/workspace/b.bin") == data, True)

    @check("files: a write that breaks goes on where it stood")
    async def file_resumed(self):
        data = os.urandom(6 << 20)
        order("/faults", {"rpc": "TaskExecStdinWriteStream",
                          "after_bytes": 3 << 20, "code": "UNAVAILABLE"})
        await self.fs.write_bytes.aio(data, "/workspace/r.bin")
        same(order("/faults"), [])
        same(await self.fs.read_bytes.aio("/workspace/r.bin") == data, True)

    @check("files: the answer to a write is lost")
    async def file_answer(self):
        order("/faults", {"rpc": "TaskExecStdinWriteStream", "after": True,
                          "code": "UNAVAILABLE"})
        await self.fs.write_text.aio("whole", "/workspace/w.txt")
        same((await self.fs.read_text.aio("/workspace/w.txt"),
              order("/faults")), ("whole", []))

    @check("files: to and from this machine")
    async def file_copy(self):
        with tempfile.TemporaryDirectory(prefix="conf.") as folder:
            data = os.urandom(100000)
            with open(folder + "/in", "wb") as fp:
                fp.write(data)
            await self.fs.copy_from_local.aio(folder + "/in", "/workspace/c")
            await self.fs.copy_to_local.aio("/workspace/c", folder + "/out")
            with open(folder + "/out", "rb") as fp:
                same(fp.read() == data, True)

    @check("files: what was on the volume")
    async def file_volume(self):
        same(await self.fs.read_bytes.aio("/workspace/dir/big.bin")
             == self.BIG, True)

    @check("files: list")
    async def file_list(self):
        f, = await self.fs.list_files.aio("/workspace/sub")
        same((f.name, f.path, f.type, f.size, type(f.modified_time),
              f.symlink_target), ("a.txt", "/workspace/sub/a.txt",
                                  FileType.FILE, 10, float, None))

    @check("files: stat of a link")
    async def file_stat(self):
        await (await self.exec("ln", "-s", "a.txt", "/workspace/sub/l")
               ).wait.aio()
        f = await self.fs.stat.aio("/workspace/sub/l")
        same((f.type, f.symlink_target), (FileType.SYMLINK, "a.txt"))

    @check("files: make directories, remove")
    async def file_dirs(self):
        await self.fs.make_directory.aio("/workspace/x/y")
        await self.fs.remove.aio("/workspace/x", recursive=True)
        await raises(exception.SandboxFilesystemNotFoundError,
                     self.fs.stat.aio("/workspace/x"))

    @check("files: errors")
    async def file_errors(self):
        for kind, call in (
                ("NotFound", self.fs.read_text.aio("/workspace/no")),
                ("IsADirectory", self.fs.read_text.aio("/workspace")),
                ("IsADirectory", self.fs.write_text.aio("", "/workspace")),
                ("NotADirectory", self.fs.write_text.aio(
                    "", "/workspace/sub/a.txt/x")),
                ("NotADirectory", self.fs.write_bytes.aio(
                    bytes(2 << 20), "/workspace/sub/a.txt/x")),
                ("NotADirectory", self.fs.list_files.aio(
                    "/workspace/sub/a.txt")),
                ("DirectoryNotEmpty", self.fs.remove.aio("/workspace/sub")),
                ("PathAlreadyExists", self.fs.make_directory.aio(
                    "/workspace/sub", create_parents=False))):
            await raises(getattr(exception, "SandboxFilesystem%sError"
                                 % kind), call)

    @check("files: watch")
    async def file_watch(self):
        p = await self.sh("while [ ! -e /workspace/.seen ]; do echo x > "
                          "/workspace/sub/watched; sleep 0.05; done")
        async with contextlib.aclosing(self.fs.watch.aio(
                "/workspace", recursive=True)) as events:
            async for event in events:
                if "/workspace/sub/watched" in event.paths:
                    break
        await self.fs.write_text.aio("", "/workspace/.seen")
        same(await p.wait.aio(), 0)

    # -- volume and sandbox

    @check("sync: what a program writes is on the volume")
    async def sync(self):
        await self.fs.write_text.aio("from inside", "/workspace/in.txt")
        p = await self.exec("sync", "/workspace", workdir="/")
        same((await p.wait.aio(), await bytes_of(self.volume, "in.txt")),
             (0, b"from inside"))

    @check("reload: busy while a program is there")
    async def reload_busy(self):
        p = await self.sh("echo in; read x", workdir="/workspace")
        it = aiter(p.stdout)
        same(await anext(it), "in\n")
        await raises(exception.ConflictError,
                     self.sb.reload_volumes.aio())
        p.stdin.write_eof()
        await p.stdin.drain.aio()
        same([part async for part in it], [])
        await p.wait.aio()

    @check("reload: what was put is in the sandbox")
    async def reload(self):
        await put(self.volume, "/from-outside", b"outside")
        await self.sb.reload_volumes.aio()
        same(await self.fs.read_text.aio("/workspace/from-outside"),
             "outside")

    @check("sandbox: one more, and its own command")
    async def own_command(self):
        other = await self.create("sh", "-c", "exit 9", timeout=60)
        await other.wait.aio()
        same((other.returncode, await other.poll.aio()), (9, 9))

    @check("sandbox: what its own command writes and reads")
    async def own_stdio(self):
        other = await self.create(
            "sh", "-c", "echo begin; echo err >&2; cat; printf 'end \\303'; "
            "printf '\\251'", timeout=60)
        it = aiter(other.stdout)
        same(await anext(it), "begin\n")
        for part in ("one\n", "two\n"):
            other.stdin.write(part)
            await other.stdin.drain.aio()
            same(await anext(it), part)
        other.stdin.write_eof()
        await other.stdin.drain.aio()
        same([line async for line in it], ["end \u00e9"])
        same(await other.stderr.read.aio(), "err\n")
        await other.wait.aio()
        same(other.returncode, 0)

    @check("sandbox: its time is up")
    async def box_time(self):
        other = await self.create("sleep", "100", timeout=1)
        await raises(exception.SandboxTimeoutError, other.wait.aio())
        same(other.returncode, 124)

    @check("jwt: a new one when the old ends")
    async def jwt(self):
        order("/knobs", {"router_jwt_secs": 2})
        other = await self.create("sleep", "100", timeout=60)
        await (await other.exec.aio("true")).wait.aio()
        await asyncio.sleep(2.1)  # its exp counts whole seconds
        p = await other.exec.aio("echo", "let in")
        order("/knobs", {"router_jwt_secs": 1200})
        text = await text_of(p)
        await other.terminate.aio()
        same(text, "let in\n")

    @check("sandbox: terminate")
    async def terminate(self):
        await self.sb.terminate.aio(wait=True)
        again = await modal.Sandbox.from_id.aio(self.sb.object_id)
        same(await again.poll.aio(), 137)
        await raises(exception.SandboxTerminatedError, again.wait.aio())

    @check("exec: in a sandbox that has ended")
    async def ended(self):
        again = await modal.Sandbox.from_id.aio(self.sb.object_id)
        await raises(exception.Error, again.exec.aio("true"))

    @check("sandbox: its last commit")
    async def last_commit(self):
        same(await bytes_of(self.volume, "sub/a.txt"), b"some text\n")

    @check("sandbox: then there is none of the name")
    async def name_gone(self):
        await raises(exception.NotFoundError,
                     modal.Sandbox.from_name.aio(APP, "conf-1"))

    @check("ephemeral volume: beats, and is mounted")
    async def ephemeral(self):
        async with modal.Volume.ephemeral.aio() as own:
            other = await self.create("sleep", "100",
                                      volumes={"/mnt/e": own})
            p = await other.exec.aio("sh", "-c",
                                     "echo x > /mnt/e/f; cat /mnt/e/f")
            text = await text_of(p)
            await other.terminate.aio(wait=True)
            same((text, counts()["VolumeHeartbeat"] >= 1), ("x\n", True))

    @check("volume: delete")
    async def volume_delete(self):
        await modal.Volume.objects.delete.aio("viva-conf")
        await raises(exception.NotFoundError, modal.Volume.from_name(
            "viva-conf").hydrate.aio())

    @check("account: a refused token")
    async def refused(self):
        order("/knobs", {"refuse_token": True})
        try:
            await raises(exception.AuthError, modal.App.lookup.aio("x"))
        finally:
            order("/knobs", {"refuse_token": False})

    @check("protocol: no RPC that the fake lacks")
    async def unknown(self):
        same(order("/log")["unknown"], [])


if __name__ == "__main__":
    sys.exit(asyncio.run(Checks().run()))
