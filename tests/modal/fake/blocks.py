"""The blocks of volumes' files: where they are, and the HTTP by which they
come.  A thread for each connection, which reads, hashes and writes a piece
after the other while the processor still has it: large files are measured
against this server, so it must cost less than its clients."""
import hashlib
import os
import shutil
import socket
import threading
import time

from . import net

BLOCK = 8 << 20
PIECE = 128 << 10


class Staging:
    """A file that is filled by blocks, where they will stand in a volume's
    file if it comes to be as it was told."""

    def __init__(self, path, count):
        self.path, self.count = path, count
        self.taken = False  # it is a volume's file, or cannot be one


class Writer:
    """A block that comes; nobody else writes to its place."""

    def __init__(self, blocks, digest):
        self.blocks, self.digest = blocks, digest
        self.staging, self.at = blocks.take_place(digest)
        self.hash, self.size = hashlib.sha256(), 0
        self.fd = os.open(self.staging.path, os.O_WRONLY | os.O_CREAT, 0o644)

    def write(self, data):
        self.hash.update(data)
        if self.size + len(data) <= BLOCK:
            os.pwrite(self.fd, data, self.at + self.size)
        self.size += len(data)

    def end(self, keep):
        """Returns whether it was what it should be."""
        os.close(self.fd)
        good = self.size <= BLOCK and self.hash.hexdigest() == self.digest
        if keep and good:
            self.blocks.keep(self)
        else:
            self.staging.taken = True
        return good


class Blocks:
    def __init__(self, folder):
        self.dir = folder
        os.makedirs(folder)
        self.lock = threading.Lock()
        self.number = 0
        self.stored = {}  # hash -> (Staging, offset, size)
        self.places = {}  # hash -> (Staging, offset), for who comes first

    def forget(self):
        with self.lock:
            self.stored, self.places = {}, {}
            shutil.rmtree(self.dir)
            os.makedirs(self.dir)

    def has(self, digest):
        return digest in self.stored

    def staging(self, count):
        self.number += 1
        return Staging("%s/%d" % (self.dir, self.number), count)

    def expect(self, digests):
        """A file of these is to come."""
        with self.lock:
            staging = self.staging(len(digests))
            for n, digest in enumerate(digests):
                if digest not in self.stored:
                    self.places.setdefault(digest, (staging, n * BLOCK))

    def take_place(self, digest):
        with self.lock:
            return self.places.pop(digest, None) or (self.staging(0), 0)

    def writer(self, digest):
        return Writer(self, digest)

    def keep(self, writer):
        with self.lock:
            self.stored.setdefault(writer.digest, (
                writer.staging, writer.at, writer.size))

    def whole(self, digests, size):
        """The staging that is the file of these already, if one is."""
        staging = self.stored[digests[0]][0] if digests else None
        if staging is None or staging.taken \
                or staging.count != len(digests):
            return None
        for n, digest in enumerate(digests):
            where, at, length = self.stored[digest]
            if where is not staging or at != n * BLOCK or at + length > size:
                return None
        return staging

    def assemble(self, target, digests, size):
        """Makes the file target.  It may be another name of what is here:
        files of volumes are only ever replaced."""
        with self.lock:
            staging = self.whole(digests, size)
            if staging:
                staging.taken = True
        if staging:
            os.link(staging.path, target)
            os.truncate(target, size)
            os.utime(target)
            return
        with open(target, "wb") as fp:
            for n, digest in enumerate(digests):
                where, at, left = self.stored[digest]
                fp.seek(n * BLOCK)
                with open(where.path, "rb") as source:
                    source.seek(at)
                    copy_range(source, fp, left)
            fp.truncate(size)


def copy_range(source, fp, left):
    """So much from where they stand, without a detour through here."""
    while left > 0:
        n = os.copy_file_range(source.fileno(), fp.fileno(), left)
        if n == 0:
            raise OSError("a block has shrunk")
        left -= n


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.reader = sock.makefile("rb", 16 << 10)
        self.piece = memoryview(bytearray(PIECE))

    def line(self):
        line = self.reader.readline(65536)
        if not line.endswith(b"\n"):
            raise EOFError
        return line.decode("latin-1").rstrip("\r\n")

    def one(self):
        """A request and its answer; whether there may be more."""
        method, path, version = self.line().split(" ")
        headers = {}
        while line := self.line():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            answer = self.server.store.answer(method, path, headers,
                                              self.body)
        except (OSError, EOFError):
            raise
        except Exception as e:  # a fault of ours must not end the server
            answer = 500, "text/plain", repr(e).encode()
        for part in net.http_answer(*answer):
            self.send(part)
        return version == "HTTP/1.1" \
            and headers.get("connection", "").lower() != "close"

    def body(self, headers, sink):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            size = 1
            while size:
                size = int(self.line().split(";")[0], 16)
                self.pass_on(size, sink)
                self.line()
            return
        size = int(headers.get("content-length", "0"))
        if size > net.MAX_BODY:
            raise EOFError
        if self.server.cut and size:
            self.server.cut -= 1
            self.pass_on(min(size, 1000), sink)
            raise ConnectionResetError
        self.pass_on(size, sink)

    def pass_on(self, left, sink):
        while left:
            have, most = 0, min(left, PIECE)
            while have < most:
                n = self.reader.readinto1(self.piece[have:most])
                if not n:
                    raise EOFError
                have += n
            sink(self.piece[:have])
            left -= have
            self.pace(have)

    def send(self, data):
        step = PIECE if self.server.rate() else max(len(data), 1)
        for at in range(0, len(data), step):
            self.pace(len(data[at:at + step]))
            self.sock.sendall(data[at:at + step])

    def pace(self, size):
        rate = self.server.rate()
        if rate > 0:
            time.sleep(size / rate)


class BlockServer(net.ThreadServer):
    """The store's answer(method, path, headers, body) is as HttpServer's,
    but no coroutine, and body(headers, sink) reads it.  context: of TLS, or
    None."""

    def __init__(self, store, context):
        self.store, self.context, self.cut = store, context, 0

    def rate(self):
        return self.store.knobs.block_rate

    def serve(self, sock):
        try:
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.rate() > 0:  # what is on its way is not gone
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                    65536)
                if self.context is None:
                    self.talk(sock)
                    return
                with self.context.wrap_socket(sock, True) as secure:
                    self.talk(secure)
        except (OSError, EOFError, ValueError):
            pass

    def talk(self, sock):
        connection = Connection(self, sock)
        while connection.one():
            pass
