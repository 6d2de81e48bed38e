"""The task command router: what a sandbox's worker answers."""
import asyncio
import time

from .base import RpcFail
from .exec import COUNTER, Counted, Exec
from .stdio import Stdio

ARGV_MAX = 65536


class Router(Stdio):
    SERVICE = "modal.task_command_router.TaskCommandRouter"

    def __init__(self, fake):
        self.fake, self.boxes, self.knobs = fake, fake.boxes, fake.knobs
        self.pb, self.more = fake.pb_router, fake.more

    def authorize(self, _rpc, meta):
        kind, _, token = meta.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise RpcFail("UNAUTHENTICATED", "no jwt")
        for name in meta:
            if name.startswith("x-modal-token"):
                raise RpcFail("INVALID_ARGUMENT",
                              "credentials are not for workers: " + name)
        return self.fake.tokens.check("router", token)

    def box(self, call, task_id):
        if call.claims["task"] != task_id:
            raise RpcFail("PERMISSION_DENIED", "a jwt of another task")
        box = self.boxes.task(task_id)
        if box.result is not None:
            raise RpcFail("NOT_FOUND", "the task has ended")
        box.active = time.monotonic()
        return box

    def exec(self, call, request):
        box = self.box(call, request.task_id)
        x = box.execs.get(request.exec_id)
        if x is None or not request.exec_id:
            raise RpcFail("NOT_FOUND", "no such exec: " + request.exec_id)
        return x

    # -- starting

    def secrets(self, request):
        env = {}
        for secret_id in request.secret_ids:
            env.update(self.fake.secret(secret_id))
        env.update(request.env)
        for source in request.secret_sources:
            env.update(self.fake.source_env(source))
        return env

    @staticmethod
    def check(request):
        if not request.exec_id:
            raise RpcFail("INVALID_ARGUMENT", "no exec_id")
        if not request.command_args:
            raise RpcFail("INVALID_ARGUMENT", "no command")
        if sum(len(a.encode()) for a in request.command_args) > ARGV_MAX:
            raise RpcFail("INVALID_ARGUMENT", "the command is too long")
        if request.workdir and not request.workdir.startswith("/"):
            raise RpcFail("INVALID_ARGUMENT", "workdir is not absolute")

    async def TaskExecStart(self, call, request):
        self.check(request)
        box = self.box(call, request.task_id)
        await box.wait_ready()
        old = box.execs.get(request.exec_id)
        if old:
            if old.argv != list(request.command_args):
                raise RpcFail("ALREADY_EXISTS", "the exec_id is taken")
            return self.pb.Empty()
        env, pty = self.secrets(request), None
        info = request.pty_info
        if info.enabled:
            pty = {"rows": info.winsz_rows or 24,
                   "cols": info.winsz_cols or 80}
            for name, value in (("TERM", info.env_term),
                                ("COLORTERM", info.env_colorterm),
                                ("TERM_PROGRAM", info.env_term_program)):
                if value:
                    env[name] = value
        x = Exec(box, request.exec_id, request)
        box.execs[x.id] = x
        if COUNTER in x.argv[:-1]:  # a client may wrap it
            size = x.argv[x.argv.index(COUNTER) + 1]
            x.out[0] = Counted(self.knobs, int(size))
            x.out[1].close()
            x.exited(0, None)
            return self.pb.Empty()
        box.launch(x, request.workdir, env, pty,
                   (request.stdout_config, request.stderr_config))
        loop = asyncio.get_running_loop()
        if request.timeout_secs:
            x.timers.append(loop.call_later(request.timeout_secs, box.kill,
                                            x))
        if pty and not info.no_terminate_on_idle_stdin:
            self.check_fed(x)
        while not x.pid and not x.over and box.result is None:
            await box.changed.wait()
        return self.pb.Empty()

    def check_fed(self, x):
        left = x.input.fed + self.knobs.idle_stdin_secs - time.monotonic()
        if left <= 0:
            x.box.kill(x)
        else:
            x.timers.append(asyncio.get_running_loop().call_later(
                max(left, 0.02), self.check_fed, x))

    # -- output

    async def TaskExecStdioRead(self, call, request):
        x = self.exec(call, request)
        if request.file_descriptor not in (0, 1):
            raise RpcFail("INVALID_ARGUMENT", "no such descriptor")
        out, at = x.out[request.file_descriptor], request.offset
        while True:
            if at < out.base:
                raise RpcFail("OUT_OF_RANGE", "output before %d is gone"
                              % out.base)
            if at > out.end:
                raise RpcFail("OUT_OF_RANGE", "there are only %d bytes"
                              % out.end)
            if at < out.end:
                message, size = out.message(at)
                at += size
                yield message, size
            elif x.box.result is not None:
                raise RpcFail("UNAVAILABLE", "the worker goes away")
            elif out.eof:
                return
            else:
                await out.signal.wait()

    # -- input

    @staticmethod
    async def feed(x, offset, data, eof):
        """Nobody reads any more: clients then ask at once how it ended."""
        try:
            x.input.take(offset, data, eof)
        except RpcFail:
            if x.input.broken and not x.over:
                await x.done.wait(1)
            raise

    async def TaskExecStdinWrite(self, call, request):
        x = self.exec(call, request)
        await self.feed(x, request.offset, request.data, request.eof)
        await x.input.drain()
        return self.pb.Empty()

    async def TaskExecStdinWriteStream(self, call, requests):
        x, at, me = None, 0, asyncio.current_task()
        try:
            async for request in requests:
                kind = request.WhichOneof("message")
                if (kind == "start") != (x is None):
                    raise RpcFail("INVALID_ARGUMENT", "start comes first")
                if kind == "start":
                    x = self.exec(call, request.start)
                    at = request.start.offset
                    self.evict(x)
                    x.input.stream = me
                    x.input.take(at, b"", False)
                elif kind == "data":
                    self.still(x, me)
                    await self.feed(x, at, request.data, False)
                    at += len(request.data)
                    await x.input.drain()
                elif kind == "end":
                    self.still(x, me)
                    x.input.take(at, b"", True)
                    break
            if x is None:
                raise RpcFail("INVALID_ARGUMENT", "an empty stream")
            return self.pb.Empty()
        finally:
            if x is not None and x.input.stream is me:
                x.input.stream = None

    @staticmethod
    def still(x, me):
        if x.input.stream is not me:
            raise RpcFail("ABORTED", "another stream took over")

    @staticmethod
    def evict(x):
        x.input.stream = None

    async def TaskExecStdinStatus(self, call, request):
        x = self.exec(call, request)
        self.evict(x)
        return self.pb.TaskExecStdinStatusResponse(
            num_bytes_written=x.input.received, closed=x.input.closed)

    # -- the end

    def status(self, x):
        answer = self.pb.TaskExecWaitResponse()
        if x.signal_no is not None:
            answer.signal = x.signal_no
        elif x.code is not None:
            answer.code = x.code
        return answer

    async def TaskExecWait(self, call, request):
        x = self.exec(call, request)
        while not x.over:
            if x.box.result is not None:
                raise RpcFail("NOT_FOUND", "the task has ended")
            await x.done.wait()
        return self.status(x)

    async def TaskExecPoll(self, call, request):
        return self.status(self.exec(call, request))

    async def TaskReloadVolumes(self, call, request):
        box = self.box(call, request.task_id)
        await box.wait_ready()
        held = await box.busy()
        if held:
            raise RpcFail("FAILED_PRECONDITION", "volume busy: there are "
                          "open files preventing the operation: %s"
                          % held[0]["path"])
        for mount in box.mounts:
            await mount.reload(self.knobs.volume_full)
        return self.pb.Empty()
