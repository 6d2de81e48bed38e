"""Sandboxes: a directory tree, an agent in it, programs, volumes."""
import array
import asyncio
import json
import marshal
import os
import py_compile
import shutil
import signal
import socket
import subprocess
import sys
import time

from . import store
from .base import RpcFail, Signal, new_id, new_ulid
from .stdio import Command

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = {"fstools.py": "modal-sandbox-fs-tools", "synctool.py": "sync"}
RESULT_OK, RESULT_FAILURE, RESULT_TERMINATED, RESULT_TIMEOUT = 1, 2, 3, 4
RESULT_INIT_FAILURE, RESULT_INTERNAL, RESULT_IDLE = 5, 6, 7
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Programs are root, as at Modal.  Where we are, they can be others too.
USER = ("--unshare-user", "--uid", "0", "--gid", "0")
ROOT = ["--cap-drop", "ALL"]
for cap in ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID",
            "SETUID", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT"):
    ROOT += ["--cap-add", "CAP_" + cap]


def bwrap_common():
    args = []
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = "/" + name
        if os.path.islink(path):
            args += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            args += ["--ro-bind", path, path]
    for path in ("/usr", "/etc", "/opt"):
        args += ["--ro-bind-try", path, path]
    return args + ["--proc", "/proc", "--dev", "/dev"]


def find_bwrap():
    """The way to call bwrap here, or None."""
    if not shutil.which("bwrap"):
        return None
    for user in [ROOT] * (os.geteuid() == 0) + [USER]:
        args = ["bwrap", *user, "--unshare-pid", "--as-pid-1",
                "--die-with-parent"]
        run = subprocess.run([*args, *bwrap_common(), "true"], check=False,
                             stdin=subprocess.DEVNULL, timeout=20,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        if run.returncode == 0:
            return args
    return None


class Box:
    def __init__(self, boxes, v2, definition, app_id, tags, env):
        self.boxes, self.knobs = boxes, boxes.knobs
        self.v2, self.definition, self.app_id = v2, definition, app_id
        self.tags = {t.tag_name: t.tag_value for t in tags}
        self.name = definition.name
        self.id = "sb-" + new_ulid() if v2 else new_id("sb-")
        self.task_id = new_id("ta-", 21 if v2 else 22) + ("V" if v2 else "")
        self.created = time.time()
        self.ready_at = self.ended_at = 0
        self.env = env
        self.result = None
        self.main = Command(self)
        self.execs = {}
        self.by_agent = {}
        self.busy_waiters = {}
        self.mounts = []
        self.changed = Signal()
        self.agent = self.sock = self.ctl = None
        self.gone = asyncio.get_running_loop().create_future()
        self.base = os.path.join(boxes.dir, "s%d" % boxes.count)
        self.timers = []
        self.active = time.monotonic()
        self.number = 0

    # -- beginning

    async def start(self):
        try:
            if self.knobs.start_secs:
                await asyncio.sleep(self.knobs.start_secs)
            if self.result is None:
                await self.prepare()
        except (OSError, subprocess.SubprocessError, RpcFail) as e:
            await self.finish(RESULT_INIT_FAILURE, exception=str(e))

    def mkdirs(self):
        for name in ("root/tmp", "root/root", "root/var/tmp", "root/home",
                     "modal/run", "modal/.bin"):
            os.makedirs(os.path.join(self.base, name))
        for name in ("root/tmp", "root/var/tmp"):
            os.chmod(os.path.join(self.base, name), 0o1777)
        for source, name in TOOLS.items():
            target = os.path.join(self.base, "modal/.bin", name)
            shutil.copyfile(os.path.join(HERE, source), target)
            os.chmod(target, 0o755)

    async def prepare(self):
        self.mkdirs()
        binds, where = [], {}
        for n, vm in enumerate(self.definition.volume_mounts):
            folder = os.path.join(self.base, "m%d" % n)
            mount = store.Mount(self.boxes.store.get(vm.volume_id),
                                vm.mount_path.rstrip("/"), folder,
                                vm.read_only, vm.sub_path)
            await asyncio.to_thread(mount.load)
            self.mounts.append(mount)
            binds += ["--ro-bind" if vm.read_only else "--bind", folder,
                      mount.path]
            where[mount.path] = folder
        self.ctl = await asyncio.start_unix_server(
            self.control, sock=self.control_socket())
        work = self.definition.workdir
        if work and not any(work == m.path or work.startswith(m.path + "/")
                            for m in self.mounts):
            os.makedirs(self.base + "/root" + work, exist_ok=True)
        await self.spawn(binds, where)

    def control_socket(self):
        """The path may be longer than a socket's name can be."""
        ctl = socket.socket(socket.AF_UNIX)
        folder = os.open(os.path.join(self.base, "modal/run"), os.O_PATH)
        ctl.bind("/proc/self/fd/%d/ctl.sock" % folder)
        os.close(folder)
        return ctl

    async def spawn(self, binds, where):
        ours, theirs = socket.socketpair(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
        base, fd = self.base, str(theirs.fileno())
        if self.boxes.bwrap:
            net = self.definition.network_access.network_access_type == 2
            argv = [*self.boxes.bwrap, *(["--unshare-net"] if net else []),
                    "--bind", base + "/root", "/", *bwrap_common(),
                    "--bind", base + "/modal", "/__modal",
                    "--ro-bind", self.boxes.code, "/__modal/fake",
                    "--ro-bind", base + "/modal/.bin/sync", "/usr/bin/sync",
                    *binds, "--chdir", "/", "--setenv", "PATH", PATH,
                    "/usr/bin/python3", "-IS", "/__modal/fake/agent.pyc", fd]
        else:
            where["/__modal"] = base + "/modal"
            argv = ["/usr/bin/python3", "-IS",
                    os.path.join(self.boxes.code, "agent.pyc"), fd,
                    *(s for mount in where.items() for s in mount)]
        try:
            self.agent = await asyncio.create_subprocess_exec(
                *argv, pass_fds=[theirs.fileno()], start_new_session=True,
                stdin=subprocess.DEVNULL)
        finally:
            theirs.close()
        ours.setblocking(False)
        self.sock = ours
        asyncio.get_running_loop().add_reader(ours, self.from_agent)

    def default_env(self):
        env = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8",
               "MODAL_SANDBOX_ID": self.id, "MODAL_TASK_ID": self.task_id}
        if not self.boxes.bwrap:
            env["PATH"] = self.base + "/modal/.bin:" + PATH
            env["MODAL_FAKE_BASE"] = self.base + "/modal"
            env["TMPDIR"] = self.base + "/root/tmp"
        return env

    def ready(self):
        self.ready_at = time.time()
        loop = asyncio.get_running_loop()
        secs = self.definition.timeout_secs or 300
        if self.knobs.sandbox_secs:
            secs = min(secs, self.knobs.sandbox_secs)
        self.timers.append(loop.call_later(
            secs, lambda: self.finish_soon(RESULT_TIMEOUT)))
        if self.definition.idle_timeout_secs:
            self.check_idle()
        if self.definition.entrypoint_args:
            self.main.argv = list(self.definition.entrypoint_args)
            self.launch(self.main, self.definition.workdir, {}, None, (1, 1))
        self.changed.fire()

    def check_idle(self):
        limit = self.definition.idle_timeout_secs
        if any(not x.over for x in self.execs.values()):
            self.active = time.monotonic()
        left = self.active + limit - time.monotonic()
        if left <= 0:
            self.finish_soon(RESULT_IDLE)
        else:
            self.timers.append(asyncio.get_running_loop().call_later(
                max(left, 0.05), self.check_idle))

    # -- the agent

    def tell(self, message, fds=()):
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", fds))] if fds else []
        text = marshal.dumps(message)
        try:
            self.sock.sendmsg([text], anc)
        except BlockingIOError:  # it always reads, if not at once
            self.sock.setblocking(True)
            self.sock.sendmsg([text], anc)
            self.sock.setblocking(False)

    def from_agent(self):
        try:
            data, anc, _, _ = self.sock.recvmsg(
                1 << 20, socket.CMSG_SPACE(4 * 8))
        except BlockingIOError:
            return
        except OSError:
            data, anc = b"", []
        if not data:
            asyncio.get_running_loop().remove_reader(self.sock)
            self.sock.close()
            if not self.gone.done():
                self.gone.set_result(None)
            if self.result is None:
                self.finish_soon(RESULT_INTERNAL if self.ready_at
                                 else RESULT_INIT_FAILURE)
            return
        fds = array.array("i")
        for level, kind, raw in anc:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
        for fd in fds:
            os.set_inheritable(fd, False)
        self.event(marshal.loads(data), list(fds))

    def event(self, event, fds):
        kind = event["ev"]
        if kind == "ready":
            self.ready()
        elif kind == "started":
            x = self.by_agent[event["id"]]
            x.pid = event["pid"]
            if fds:
                x.take_master(fds[0])
            self.changed.fire()
        elif kind == "exit":
            x = self.by_agent.pop(event["id"])
            x.exited(event.get("code"), event.get("signal"))
            if x.id == "":
                code = event.get("code", 128 + event.get("signal", 0))
                self.finish_soon(RESULT_FAILURE if code else RESULT_OK,
                                 exitcode=code)
        elif kind == "busy":
            self.busy_waiters.pop(event["id"]).set_result(event["held"])

    async def busy(self):
        self.number += 1
        waiter = asyncio.get_running_loop().create_future()
        self.busy_waiters[self.number] = waiter
        self.tell({"op": "busy", "id": self.number,
                   "mounts": [m.path for m in self.mounts]})
        return await asyncio.wait_for(waiter, 10)

    async def control(self, reader, writer):
        """What `sync` inside asks for."""
        try:
            order = json.loads(await reader.readline() or b"{}")
            answer = {"ok": True}
            try:
                await self.commit(order.get("paths"))
            except RpcFail as e:
                answer = {"error": e.message}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    async def commit(self, paths=None):
        for mount in self.mounts:
            if not paths or any(p == mount.path or p.startswith(
                    mount.path + "/") or mount.path.startswith(
                        p.rstrip("/") + "/") or p == mount.dir
                    or p.startswith(mount.dir + "/") for p in paths):
                await mount.commit(self.knobs.volume_full)
                self.boxes.commits += 1

    # -- programs

    async def wait_ready(self):
        while not self.ready_at:
            if self.result is not None:
                raise RpcFail("NOT_FOUND", "the task has ended")
            await self.changed.wait()

    def launch(self, x, cwd, env, pty, keep):
        self.number += 1
        self.by_agent[self.number] = x
        full = {**self.default_env(), **self.env, **env}
        message = {"op": "exec", "id": self.number, "argv": x.argv,
                   "env": full, "cwd": cwd or self.definition.workdir
                   or (self.base + "/root" if not self.boxes.bwrap else "/"),
                   "pty": pty}
        fds = [] if pty else x.open_pipes(keep)
        try:
            self.tell(message, fds)
        finally:
            for fd in fds:
                os.close(fd)
        x.agent_id = self.number

    def kill(self, x, number=signal.SIGKILL):
        if not x.over and self.result is None:
            self.tell({"op": "kill", "id": x.agent_id, "signal": int(number)})

    # -- the end

    def finish_soon(self, status, **more):
        asyncio.ensure_future(self.finish(status, **more))

    async def finish(self, status, exitcode=0, exception="", commit=True):
        if self.result is not None:
            return
        self.result = {"status": status, "exitcode": exitcode,
                       "exception": exception}
        self.ended_at = time.time()
        for timer in self.timers:
            timer.cancel()
        await self.kill_all()
        for x in (self.main, *self.execs.values()):
            x.drop()
        if commit and status != RESULT_INTERNAL:
            try:
                await self.commit()
            except (OSError, RpcFail) as e:
                print("fake: last commit: %s" % e, file=sys.stderr)
        await asyncio.to_thread(shutil.rmtree, self.base, True)
        self.changed.fire()

    async def kill_all(self):
        if self.ctl:
            self.ctl.close()
        if self.agent is None:
            return
        # Without bwrap the agent kills its children when the socket ends.
        if not self.boxes.bwrap:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        try:
            if not self.boxes.bwrap:
                await asyncio.wait_for(self.agent.wait(), 5)
        except asyncio.TimeoutError:
            pass
        if self.agent.returncode is None:
            os.killpg(self.agent.pid, signal.SIGKILL)
            await self.agent.wait()
        try:
            await asyncio.wait_for(asyncio.shield(self.gone), 5)
        except asyncio.TimeoutError:
            print("fake: a sandbox does not end", file=sys.stderr)


class Boxes:
    def __init__(self, folder, knobs, storage, use_bwrap):
        self.dir = os.path.join(folder, "boxes")
        os.makedirs(self.dir)
        # Compiled once, not for every sandbox.
        self.code = os.path.join(folder, "code")
        for name in ("agent", "fstools", "synctool"):
            py_compile.compile(os.path.join(HERE, name + ".py"),
                               os.path.join(self.code, name + ".pyc"),
                               name + ".py", doraise=True)
        self.knobs, self.store = knobs, storage
        self.bwrap = find_bwrap() if use_bwrap else None
        self.all = {}
        self.by_task = {}
        self.count = self.commits = 0

    def create(self, v2, definition, app_id, tags, env):
        for vm in definition.volume_mounts:
            self.store.get(vm.volume_id)
        ids = [vm.volume_id for vm in definition.volume_mounts]
        if len(set(ids)) < len(ids):
            raise RpcFail("INVALID_ARGUMENT", "a volume is mounted twice")
        if definition.name and self.find(definition.name, app_id):
            raise RpcFail("ALREADY_EXISTS", "a sandbox called %s is running"
                          % definition.name)
        box = Box(self, v2, definition, app_id, tags, env)
        self.count += 1
        self.all[box.id] = self.by_task[box.task_id] = box
        asyncio.ensure_future(box.start())
        return box

    def find(self, name, app_id, ended=False):
        for box in reversed(self.all.values()):
            if box.name == name and box.app_id == app_id \
                    and (ended or box.result is None):
                return box
        return None

    def get(self, sandbox_id, v2=None):
        box = self.all.get(sandbox_id)
        if box is None or v2 is not None and box.v2 != v2:
            raise RpcFail("NOT_FOUND", "no such sandbox: " + sandbox_id)
        return box

    def task(self, task_id):
        box = self.by_task.get(task_id)
        if box is None:
            raise RpcFail("NOT_FOUND", "no such task: " + task_id)
        return box

    async def end(self):
        await asyncio.gather(*(b.finish(RESULT_TERMINATED, commit=False)
                               for b in self.all.values()))
