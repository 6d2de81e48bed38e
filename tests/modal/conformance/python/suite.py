"""What the checks share: orders to the fake, comparisons, and the suite that
runs them."""
import asyncio
import io
import json
import os
import traceback
import urllib.request

import modal

V2 = os.environ.get("MODAL_SANDBOX_V2") != "0"
BLOCK = 8 << 20
BIG = os.urandom(BLOCK + 5) + bytes(100) + b"end" + bytes(7)
APP = "viva-conformance"


class Differs(Exception):
    pass


class Part(list):
    """The checks of a file, in their order: check = Part(), then
    @check(TEXT) at each, which gets the suite."""

    def __call__(self, text):
        def mark(run):
            self.append((text, run))
            return run
        return mark


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


async def text_of(process):
    return await process.stdout.read.aio()


async def bytes_of(volume, path):
    return b"".join([part async for part in volume.read_file.aio(path)])


async def put(volume, path, data, **how):
    async with volume.batch_upload.aio(**how) as batch:
        batch.put_file(io.BytesIO(data), path)


class Suite:
    """What one check makes others use: app, image, volume, sandbox."""

    def __init__(self):
        self.failed, self.covered = 0, set()
        self.app = self.image = self.volume = self.sb = None

    async def run(self, parts):
        for part in parts:
            for text, run in part:
                await self.one(text, run)
        print("%d checks failed" % self.failed)
        return 1 if self.failed else 0

    async def one(self, text, run):
        try:
            await asyncio.wait_for(run(self), 60)
            self.cover(text)
            print("ok     " + text, flush=True)
        except Exception:
            self.failed += 1
            print("FAILED %s: %s" % (text, traceback.format_exc()),
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

    @property
    def files(self):
        return self.sb.filesystem
