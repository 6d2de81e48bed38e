"""One program in a sandbox: its output and input, by byte offsets."""
import asyncio
import bisect
import collections
import fcntl
import os
import time

from .base import RpcFail, Signal

READ = 1 << 20
JOIN = 64 << 10
STDIN_HIGH = 1 << 20
F_SETPIPE_SZ = 1031


# A program that is none; see Counted.
COUNTER = "/__modal/.bin/fake-counter"


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def set_pipe_size(fd):
    try:
        fcntl.fcntl(fd, F_SETPIPE_SZ, READ)
    except OSError:
        pass  # the user's limit; the default size does


class Output:
    """What came out of a descriptor; the oldest goes once it was read."""

    def __init__(self, knobs):
        self.knobs, self.loop = knobs, asyncio.get_running_loop()
        self.parts, self.starts = [], []
        self.base = self.end = self.read_to = 0
        self.eof = False
        self.fd, self.paused, self.tty = -1, False, False
        self.signal = Signal()

    def attach(self, fd, tty=False):
        os.set_blocking(fd, False)
        self.fd, self.tty = fd, tty
        self.loop.add_reader(fd, self.ready)

    def ready(self):
        got, data = [], b"?"
        try:
            # A terminal hands out 4 KiB at a time.
            for _ in range(16 if self.tty else 1):
                data = os.read(self.fd, READ)
                if not data:
                    break
                got.append(data)
        except BlockingIOError:
            pass
        except OSError:  # EIO: the last holder of the terminal has gone
            data = b""
        if got:
            self.append(got[0] if len(got) == 1 else b"".join(got))
        if not data:
            self.close()
        elif not self.room():
            self.loop.remove_reader(self.fd)
            self.paused = True
        self.signal.fire()

    def append(self, data):
        if self.parts and len(self.parts[-1]) + len(data) <= JOIN:
            self.parts[-1] += data
        else:
            self.parts.append(data)
            self.starts.append(self.end)
        self.end += len(data)

    def room(self):
        """Forgets the oldest that was read; is there room for more?"""
        drop, old = 0, self.read_to - self.knobs.retain_bytes
        while drop < len(self.parts) - 1 and self.starts[drop + 1] <= old:
            drop += 1
        if drop:
            del self.parts[:drop], self.starts[:drop]
            self.base = self.starts[0]
        return self.end - self.read_to <= self.knobs.unread_bytes

    def take(self, offset):
        """A piece from offset on, at most read_chunk."""
        at = bisect.bisect_right(self.starts, offset) - 1
        most, pieces, size = self.knobs.read_chunk, [], 0
        while at < len(self.parts) and size < most:
            part = self.parts[at]
            skip = offset + size - self.starts[at]
            if skip or len(part) > most - size:
                part = memoryview(part)[skip:skip + most - size]
            pieces.append(part)
            size += len(part)
            at += 1
        self.read_to = max(self.read_to, offset + size)
        if self.paused and self.fd >= 0 and self.room():
            self.paused = False
            self.loop.add_reader(self.fd, self.ready)
        return pieces, size

    def message(self, offset):
        """A TaskExecStdioReadResponse, and how many bytes are in it.  By
        hand, as a message object would copy it all once more."""
        pieces, size = self.take(offset)
        return b"".join([b"\x0a", varint(size), *pieces]), size

    def close(self):
        if self.fd >= 0:
            self.loop.remove_reader(self.fd)
            if not self.tty:
                os.close(self.fd)
            self.fd = -1
        self.eof = True
        self.signal.fire()


class Counted:
    """Output that costs nothing: lines of 16 bytes that tell their offset,
    starting anew each MiB.  So a client can be measured, not this server."""

    TEXT = b"".join(b"%015d\n" % n for n in range(0, 1 << 20, 16))

    def __init__(self, knobs, end):
        self.knobs, self.end, self.base, self.eof = knobs, end, 0, True
        self.ready = {}

    def message(self, offset):
        at = offset % len(self.TEXT)
        size = min(self.knobs.read_chunk, self.end - offset,
                   len(self.TEXT) - at)
        if (at, size) not in self.ready:
            self.ready[at, size] = b"".join(
                [b"\x0a", varint(size), self.TEXT[at:at + size]])
        return self.ready[at, size], size

    def close(self):
        pass


class Input:
    """Bytes on their way in; every offset is taken once."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.queue, self.queued = collections.deque(), 0
        self.received = 0
        self.closed = self.broken = False
        self.fd, self.tty = -1, False
        self.writing = False
        self.signal = Signal()
        self.fed = time.monotonic()
        self.stream = None

    def attach(self, fd, tty=False):
        os.set_blocking(fd, False)
        self.fd, self.tty = fd, tty
        self.pump()

    def take(self, offset, data, eof):
        self.fed = time.monotonic()
        if offset > self.received:
            raise RpcFail("OUT_OF_RANGE", "offset %d, but only %d came"
                          % (offset, self.received))
        data = data[self.received - offset:]
        if data and (self.closed or self.broken):
            raise RpcFail("FAILED_PRECONDITION", "stdin is closed")
        if data:
            self.queue.append(data)
            self.queued += len(data)
            self.received += len(data)
        if eof and not self.closed:
            self.closed = True
        self.pump()

    def pump(self):
        if self.fd < 0:
            return
        try:
            while self.queue:
                data = self.queue[0]
                n = os.write(self.fd, data)
                self.queued -= n
                if n < len(data):
                    self.queue[0] = memoryview(data)[n:]
                else:
                    self.queue.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
            self.queue.clear()
            self.queued = 0
        if bool(self.queue) != self.writing:
            self.writing = bool(self.queue)
            if self.writing:
                self.loop.add_writer(self.fd, self.pump)
            else:
                self.loop.remove_writer(self.fd)
        if self.closed and not self.queue:
            self.finish()
        self.signal.fire()

    def finish(self):
        """All is in: the program sees the end."""
        if self.tty:
            try:
                os.write(self.fd, b"\x04")
            except OSError:
                pass
            self.fd = -1
        else:
            self.close()

    def close(self):
        if self.fd >= 0:
            if self.writing:
                self.loop.remove_writer(self.fd)
                self.writing = False
            if not self.tty:
                os.close(self.fd)
            self.fd = -1
        self.signal.fire()

    async def drain(self):
        while self.queued > STDIN_HIGH and not self.broken:
            await self.signal.wait()


class Exec:
    def __init__(self, box, exec_id, request):
        self.box, self.id = box, exec_id
        self.argv = list(request.command_args) if request else []
        self.out = [Output(box.knobs), Output(box.knobs)]
        self.input = Input()
        self.code = self.signal_no = None
        self.done = Signal()
        self.pid = 0
        self.master = -1
        self.timers = []
        self.began = time.time()

    @property
    def over(self):
        return self.code is not None or self.signal_no is not None

    def open_pipes(self, keep):
        """keep: which of stdout and stderr are wanted."""
        ours, theirs = [], []
        for n in range(3):
            if n and not keep[n - 1]:
                theirs.append(os.open(os.devnull, os.O_WRONLY))
                self.out[n - 1].close()
                continue
            r, w = os.pipe2(os.O_CLOEXEC)
            set_pipe_size(w)
            theirs.append(w if n else r)
            ours.append((n, r if n else w))
        for n, fd in ours:
            if n:
                self.out[n - 1].attach(fd)
            else:
                self.input.attach(fd)
        return theirs

    def take_master(self, fd):
        self.master = fd
        self.out[0].attach(fd, tty=True)
        self.out[1].close()
        self.input.attach(fd, tty=True)

    def exited(self, code, signal_no):
        self.code, self.signal_no = code, signal_no
        self.input.broken = True
        if not self.input.tty:
            self.input.close()
        for timer in self.timers:
            timer.cancel()
        self.done.fire()

    def drop(self):
        """The sandbox is gone."""
        self.input.close()
        for output in self.out:
            output.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
        self.done.fire()
