#!/usr/bin/python3 -IS
"""The first process of a fake sandbox: starts commands, reports their end.

Talks over one SOCK_SEQPACKET socket, one object of marshal per packet, file
descriptors as ancillary data.  Runs as pid 1 of the sandbox's own pid
namespace when bwrap works, so that its end is the end of all.

A sandbox is there when this runs, so nothing is imported before it is needed,
and not what wraps socket and signal in enums: that was half of 22 ms.

usage: agent.py FD [MOUNT DIR]...    (without bwrap: where the mounts are)
"""
import array
import errno
import fcntl
import marshal
import os
import select
import struct
import sys
import termios
import _signal as signal
import _socket as socket

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

FS_TOOLS = "/__modal/.bin/modal-sandbox-fs-tools"
SYNC = ("sync", "/bin/sync", "/usr/bin/sync")
PR_SET_CHILD_SUBREAPER = 36


def recv(sock):
    data, anc, _, _ = sock.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 8))
    fds = array.array("i")
    for level, kind, raw in anc:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
    for fd in fds:
        os.set_inheritable(fd, False)
    return data, list(fds)


class Agent:
    def __init__(self, sock, mounts):
        self.sock, self.map = sock, mounts
        self.ids = {}

    def send(self, message, fds=()):
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", fds))] if fds else []
        self.sock.sendmsg([marshal.dumps(message)], anc)

    def local(self, path):
        """Without bwrap a mount is only a directory somewhere else."""
        for mount, folder in self.map.items():
            if path == mount or path.startswith(mount + "/"):
                return folder + path[len(mount):]
        return path

    def substitute(self, text):
        """The same for every mention in a command or a variable."""
        import re
        for mount, folder in self.map.items():
            text = re.sub(r"(?<![\w./-])%s(?![\w-])" % re.escape(mount),
                          lambda _, folder=folder: folder, text)
        return text

    def shown(self, path):
        for mount, folder in self.map.items():
            if path == folder or path.startswith(folder + "/"):
                return mount + path[len(folder):]
        return path

    def local_json(self, text):
        import json
        try:
            (op, arg), = json.loads(text).items()
            arg["path"] = self.local(arg["path"])
            return json.dumps({op: arg})
        except (ValueError, KeyError, AttributeError, TypeError):
            return text

    def start(self, req, fds):
        master = None
        if req.get("pty"):
            master, slave = os.openpty()
            rows, cols = req["pty"]["rows"], req["pty"]["cols"]
            fcntl.ioctl(slave, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, cols, 0, 0))
            stdio = [slave, slave, slave]
        else:
            stdio = fds
        pid = os.fork()
        if pid == 0:
            self.child(req, stdio, master is not None)
        self.ids[pid] = req["id"]
        for fd in set(stdio):
            os.close(fd)
        self.send({"ev": "started", "id": req["id"], "pid": pid},
                  [master] if master is not None else [])
        if master is not None:
            os.close(master)

    def child(self, req, stdio, tty):
        code = 126
        try:
            signal.set_wakeup_fd(-1)
            for sig in range(1, signal.NSIG):
                if sig not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                    signal.signal(sig, signal.SIG_DFL)
            os.setsid()
            for n, fd in enumerate(stdio):
                os.dup2(fd, n)
            if tty:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.closerange(3, 1024)
            code = self.become(req)
        except OSError as e:
            missing = e.errno in (errno.ENOENT, errno.ENOTDIR)
            code = 127 if missing else 126
            os.write(2, ("%s: %s\n" % (req["argv"][0],
                                       os.strerror(e.errno))).encode())
        finally:
            os._exit(code)

    def become(self, req):
        argv, env = req["argv"], req["env"]
        os.chdir(self.local(req["cwd"]))
        env.setdefault("PWD", req["cwd"])
        if self.map:
            if argv[0] != FS_TOOLS:
                argv = [self.substitute(a) for a in argv]
            env = {k: self.substitute(v) for k, v in env.items()}
        os.environ.clear()
        os.environ.update(env)
        if argv[0] == FS_TOOLS:
            import fstools
            if self.map:
                fstools.shown = self.shown
                argv[1:2] = map(self.local_json, argv[1:2])
            return fstools.main(argv)
        if argv[0] in SYNC:
            import synctool
            return synctool.main(argv)
        os.execvpe(argv[0], argv, env)
        return 126

    def busy(self, req):
        """Which processes hold the mounts: open files or a cwd inside."""
        held = []
        mounts = [self.local(m) for m in req["mounts"]]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if self.map and int(pid) not in self.ids:
                continue
            for link in self.links(pid):
                if any(link == m or link.startswith(m + "/")
                       for m in mounts):
                    held.append({"pid": int(pid), "path": link})
                    break
        self.send({"ev": "busy", "id": req["id"], "held": held})

    def links(self, pid):
        names = ["/proc/%s/cwd" % pid]
        try:
            names += ["/proc/%s/fd/%s" % (pid, n)
                      for n in os.listdir("/proc/%s/fd" % pid)]
        except OSError:
            pass
        for name in names:
            try:
                yield os.readlink(name)
            except OSError:
                pass

    def kill(self, req):
        for pid, exec_id in self.ids.items():
            if exec_id == req["id"]:
                try:
                    os.killpg(pid, req.get("signal", signal.SIGKILL))
                except OSError:
                    pass

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.ids:
                event = {"ev": "exit", "id": self.ids.pop(pid)}
                if os.WIFSIGNALED(status):
                    event["signal"] = os.WTERMSIG(status)
                else:
                    event["code"] = os.WEXITSTATUS(status)
                self.send(event)

    def run(self):
        wake_r, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *a: None)
        signal.set_wakeup_fd(wake_w)
        self.send({"ev": "ready"})
        while True:
            ready, _, _ = select.select([wake_r, self.sock], [], [])
            if wake_r in ready:
                os.read(wake_r, 512)
                self.reap()
            if self.sock in ready:
                data, fds = recv(self.sock)
                if not data:
                    return
                req = marshal.loads(data)
                if req["op"] == "exec":
                    self.start(req, fds)
                elif req["op"] == "kill":
                    self.kill(req)
                elif req["op"] == "busy":
                    self.busy(req)

    def end(self):
        """Orphans come to us, generation by generation."""
        while True:
            children = [pid for pid in filter(str.isdigit,
                                              os.listdir("/proc"))
                        if self.parent(pid) == os.getpid()]
            if not children:
                return
            for pid in children:
                os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(children[0]), 0)

    @staticmethod
    def parent(pid):
        try:
            with open("/proc/%s/stat" % pid, encoding="latin-1") as fp:
                return int(fp.read().rpartition(")")[2].split()[1])
        except OSError:
            return 0


def main():
    sock = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(sock.fileno(), False)
    agent = Agent(sock, dict(zip(sys.argv[2::2], sys.argv[3::2])))
    if os.getpid() != 1:  # nothing else ends them
        import ctypes
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        agent.run()
    finally:
        agent.end()


if __name__ == "__main__":
    main()
