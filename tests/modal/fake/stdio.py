"""What a sandbox's own command writes and reads.  The first generation asks
the control plane, the second the worker."""
import asyncio
import time

from .base import RpcFail
from .exec import Exec, Output

KEEP = 4 << 20


class Tail(Output):
    """The last of an output that perhaps nobody reads: it never waits."""

    def room(self):
        while len(self.parts) > 1 and self.end - self.starts[1] >= KEEP:
            del self.parts[0], self.starts[0]
        self.base = self.starts[0] if self.starts else 0
        return True


class Command(Exec):
    """A sandbox's own command; without one there is only silence."""

    def __init__(self, box):
        super().__init__(box, "", None)
        self.out = [Tail(box.knobs), Tail(box.knobs)]
        self.index = 0  # of the first generation's last input

    def drop(self):
        # What is still in the pipes came before the end.
        for out in self.out:
            before = -1
            while out.fd >= 0 and out.end != before:
                before = out.end
                out.ready()
        super().drop()


def whole_text(data, last):
    """As much as is whole characters, and how many bytes they take."""
    try:
        return data.decode(), len(data)
    except UnicodeDecodeError as e:
        if not last and e.reason == "unexpected end of data":
            return data[:e.start].decode(), e.start
        return data.decode(errors="replace"), len(data)


class Logs:
    """A part of the control plane."""

    async def SandboxGetLogs(self, _call, request):
        box = self.boxes.get(request.sandbox_id, False)
        if request.file_descriptor not in (1, 2):
            raise RpcFail("INVALID_ARGUMENT", "no such descriptor")
        out = box.main.out[request.file_descriptor - 1]
        loop = asyncio.get_running_loop()
        until = loop.time() + (request.timeout or 55)
        at = int((request.last_entry_id or "0-0").split("-")[0])
        while True:
            batch = self.more.TaskLogsBatch()
            at = max(at, out.base)
            if at < out.end:
                pieces, _ = out.take(at)
                text, size = whole_text(b"".join(pieces), out.eof)
                at += size
                batch.items.add(data=text, timestamp=time.time(),
                                file_descriptor=request.file_descriptor)
                if size:
                    batch.entry_id = "%d-0" % at
                    yield batch, size
                    continue
            if out.eof:
                yield self.more.TaskLogsBatch(
                    entry_id="%d-0" % at, eof=True), 0
                return
            left = until - loop.time()
            if left <= 0:
                return
            await out.signal.wait(left)

    async def SandboxStdinWrite(self, _call, request):
        box = self.boxes.get(request.sandbox_id, False)
        main = box.main
        if box.result is not None:
            raise RpcFail("FAILED_PRECONDITION", "the sandbox has ended")
        if request.index > main.index + 1 or not request.index:
            raise RpcFail("INVALID_ARGUMENT", "an index is left out")
        if request.index == main.index + 1:
            main.input.take(main.input.received, request.input, request.eof)
            main.index += 1
            await main.input.drain()
        return self.pb.Empty()


class Stdio:
    """A part of the router.  Reading goes on after the sandbox's end."""

    def command(self, call, task_id):
        if call.claims["task"] != task_id:
            raise RpcFail("PERMISSION_DENIED", "a jwt of another task")
        return self.boxes.task(task_id).main

    async def SandboxStdioReadV2(self, call, request):
        main = self.command(call, request.task_id)
        if request.file_descriptor not in (0, 1):
            raise RpcFail("INVALID_ARGUMENT", "no such descriptor")
        out, at = main.out[request.file_descriptor], request.offset
        while True:
            at = max(at, out.base)
            if at > out.end:
                raise RpcFail("OUT_OF_RANGE", "there are only %d bytes"
                              % out.end)
            if at < out.end:
                pieces, size = out.take(at)
                yield self.more.SandboxStdioReadV2Response(
                    data=b"".join(pieces), starting_offset=at), size
                at += size
            elif out.eof:
                return
            else:
                await out.signal.wait()

    async def SandboxStdinWriteV2(self, call, request):
        main = self.command(call, request.task_id)
        if main.box.result is not None:
            raise RpcFail("FAILED_PRECONDITION", "the sandbox has ended")
        main.input.take(request.offset, request.data, request.eof)
        await main.input.drain()
        return self.pb.Empty()
