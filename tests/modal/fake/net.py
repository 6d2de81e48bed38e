"""The wires of the fake: a relay that can misbehave, and a small HTTP."""
import asyncio
import collections
import os
import random
import socket
import ssl
import struct
import subprocess
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOAWAY, RST_STREAM = 7, 3
CHAOS = ("reset", "cut", "goaway", "goaway-hard", "rst-stream", "stall",
         "refuse")
HTML = (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
        b"Content-Length: 44\r\nConnection: close\r\n\r\n"
        b"<html><body>no route to host</body></html>\r\n")


def run_openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(folder, names):
    """A throw-away authority and one certificate; returns the CA's path."""
    alt = ",".join(("IP:" if n.replace(".", "").isdigit() or ":" in n
                    else "DNS:") + n for n in names)
    with open(os.path.join(folder, "ext"), "w", encoding="ascii") as fp:
        fp.write("subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\n"
                 % alt)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes"]
    run_openssl(folder, "req", "-x509", *curve, "-keyout", "ca.key",
                "-out", "ca.pem", "-days", "30", "-subj",
                "/CN=viva fake Modal, throw-away authority", "-addext",
                "basicConstraints=critical,CA:TRUE")
    run_openssl(folder, "req", *curve, "-keyout", "server.key", "-out",
                "server.csr", "-subj", "/CN=viva fake Modal")
    run_openssl(folder, "x509", "-req", "-in", "server.csr", "-CA",
                "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "30", "-extfile", "ext", "-out", "server.pem")
    return os.path.join(folder, "ca.pem")


def server_context(folder, alpn):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"),
                            os.path.join(folder, "server.key"))
    context.set_alpn_protocols(alpn)
    return context


class Frames:
    """Follows HTTP/2 frames, to know where one ends and which streams."""

    def __init__(self, skip):
        self.head, self.left, self.skip = b"", 0, skip
        self.last_stream = 0

    def feed(self, data):
        """Returns the offset of the last end of a frame in data, or -1."""
        at, edge = 0, -1
        if self.skip:
            at = min(self.skip, len(data))
            self.skip -= at
            edge = at if not self.skip else -1
        while at < len(data):
            if self.left:
                step = min(self.left, len(data) - at)
                self.left -= step
                at += step
            else:
                take = 9 - len(self.head)
                self.head += data[at:at + take]
                at += min(take, len(data) - at)
                if len(self.head) < 9:
                    break
                self.left = int.from_bytes(self.head[:3], "big")
                stream = int.from_bytes(self.head[5:9], "big") & 0x7fffffff
                self.last_stream = max(self.last_stream, stream)
                self.head = b""
            if not self.left and not self.head:
                edge = at
        return edge

    def between(self):
        return not self.left and not self.head and not self.skip


def frame(kind, stream, payload):
    return (len(payload).to_bytes(3, "big") + bytes([kind, 0])
            + struct.pack(">I", stream) + payload)


class Pipe:
    """One direction: what came in goes out after half the delay."""

    def __init__(self, link, out):
        self.link, self.out = link, out
        self.queue = collections.deque()
        self.timer = None
        self.size = 0

    def push(self, data):
        relay = self.link.relay
        delay = relay.knobs.delay_ms / 2000
        if not delay and not self.queue and not relay.stalled:
            self.write(data)
            return
        loop = relay.loop
        self.queue.append((loop.time() + delay, data))
        if data:
            self.size += len(data)
        self.arm()

    def arm(self):
        if self.timer is None and self.queue \
                and not self.link.relay.stalled:
            self.timer = self.link.relay.loop.call_at(self.queue[0][0],
                                                      self.flush)

    def flush(self):
        self.timer = None
        now = self.link.relay.loop.time() + 0.00002
        while self.queue and self.queue[0][0] <= now \
                and not self.link.relay.stalled:
            data = self.queue.popleft()[1]
            self.size -= len(data or b"")
            self.write(data)
        self.arm()

    def write(self, data):
        if self.out is None or self.out.is_closing():
            return
        if data is None:
            self.out.close()
        else:
            self.out.write(data)


class Side(asyncio.Protocol):
    """The client's or the server's end of a link."""

    def __init__(self, link, client):
        self.link, self.client = link, client
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        self.link.connected(self)

    def data_received(self, data):
        self.link.received(self, data)

    def eof_received(self):
        return False

    def connection_lost(self, exc):
        self.link.lost(self)

    def pause_writing(self):
        other = self.link.other(self)
        if other and other.transport:
            other.transport.pause_reading()

    def resume_writing(self):
        other = self.link.other(self)
        if other and other.transport:
            other.transport.resume_reading()


class Link:
    def __init__(self, relay):
        self.relay = relay
        self.sides = {}
        self.pipes = {}
        self.early = []
        self.up = Frames(len(PREFACE))
        self.down = Frames(0)
        self.insert = []
        self.cut = False

    def other(self, side):
        return self.sides.get(not side.client)

    def connected(self, side):
        self.sides[side.client] = side
        side.transport.set_write_buffer_limits(high=1 << 20)
        if side.client:
            if self.relay.html:
                side.transport.write(HTML)
                side.transport.close()
                return
            self.pipes[False] = Pipe(self, side.transport)
            self.relay.links.add(self)
            asyncio.ensure_future(self.dial())
        else:
            self.pipes[True] = Pipe(self, side.transport)
            early, self.early = self.early, []
            for data in early:
                self.pipes[True].push(data)

    async def dial(self):
        try:
            await self.relay.loop.create_unix_connection(
                lambda: Side(self, False), self.relay.target)
        except OSError:
            self.abort()

    def received(self, side, data):
        if side.client:
            self.up.feed(data)
            if True not in self.pipes:
                self.early.append(data)
                return
        else:
            data = self.downstream(data)
            if data is None:
                return
        self.pipes[side.client].push(data)

    def downstream(self, data):
        """Toward the client, where the faults are."""
        relay = self.relay
        if self.cut:
            return None
        if relay.reset_after is not None:
            if relay.reset_after <= len(data):
                data = data[:relay.reset_after]
                relay.reset_after = None
                relay.count("cut")
                self.cut = True
                self.pipes[False].write(data)
                # Let the bytes before the break go out first.
                relay.loop.call_later(0.005, self.abort)
                return None
            relay.reset_after -= len(data)
        relay.passed(len(data))
        edge = self.down.feed(data)
        if self.insert and edge >= 0:
            extra = b"".join(self.insert)
            self.insert = []
            data = data[:edge] + extra + data[edge:]
        return data

    def inject(self, data):
        if self.down.between() and False in self.pipes:
            self.pipes[False].push(data)
        else:
            self.insert.append(data)

    def goaway(self, hard):
        last = 0 if hard else 0x7fffffff
        self.inject(frame(GOAWAY, 0, struct.pack(">II", last, 0)))
        if hard:
            self.relay.loop.call_later(0.02, self.close)

    def rst_stream(self):
        if self.up.last_stream:
            self.inject(frame(RST_STREAM, self.up.last_stream,
                              struct.pack(">I", 2)))

    def lost(self, side):
        other = self.other(side)
        self.relay.links.discard(self)
        if other is None:
            return
        pipe = self.pipes.get(side.client)
        if pipe:
            pipe.push(None)
        elif other.transport:
            other.transport.close()

    def close(self):
        for side in self.sides.values():
            if side.transport:
                side.transport.close()

    def abort(self):
        """A reset, as when the network box between forgets us."""
        client = self.sides.get(True)
        if client and client.transport:
            sock = client.transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            client.transport.abort()
        server = self.sides.get(False)
        if server and server.transport:
            server.transport.abort()
        self.relay.links.discard(self)


class Relay:
    """Listens on TCP, TLS or not as the client begins, and passes bytes to
    the gRPC server on a Unix socket."""

    def __init__(self, knobs, target, tls):
        self.knobs, self.target, self.tls = knobs, target, tls
        self.loop = asyncio.get_running_loop()
        self.links = set()
        self.stalled = self.html = False
        self.refuse_until = 0.0
        self.last_error = ""
        self.reset_after = self.break_after = None
        self.counts = collections.Counter()
        self.port = 0
        self.chaos_timer = self.task = self.sock = None

    def count(self, what):
        self.counts[what] += 1

    async def listen(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(128)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self.task = asyncio.ensure_future(self.accept())

    def close(self):
        self.calm()
        if self.task:
            self.task.cancel()
        if self.sock:
            self.sock.close()
        for link in list(self.links):
            link.abort()

    async def accept(self):
        while True:
            sock, _ = await self.loop.sock_accept(self.sock)
            asyncio.ensure_future(self.greet(sock))

    async def greet(self, sock):
        self.count("connections")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.loop.time() < self.refuse_until:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
                sock.close()
                return
            secure = await self.first_byte(sock) == b"\x16"
            # A far server costs a round trip for TCP and one for TLS.
            delay = self.knobs.delay_ms / 1000 * (2 if secure else 1)
            if delay:
                await asyncio.sleep(delay)
            await self.loop.connect_accepted_socket(
                lambda: Side(Link(self), True), sock,
                ssl=self.tls if secure else None)
        except (OSError, ssl.SSLError) as e:
            self.count("failed handshakes")
            self.last_error = str(e)
            sock.close()

    async def first_byte(self, sock):
        ready = self.loop.create_future()
        self.loop.add_reader(sock, lambda: ready.done()
                             or ready.set_result(None))
        try:
            await ready
        finally:
            self.loop.remove_reader(sock)
        return sock.recv(1, socket.MSG_PEEK)

    def act(self, order):
        """One order of POST /net; see README.md."""
        action = order["action"]
        self.count(action)
        links = list(self.links)
        if action == "reset" and "after_bytes" in order:
            self.reset_after = int(order["after_bytes"])
        elif action == "reset":
            for link in links:
                link.abort()
        elif action in ("goaway", "goaway-hard"):
            for link in links:
                link.goaway(action == "goaway-hard")
        elif action == "rst-stream":
            for link in links:
                link.rst_stream()
        elif action == "stall":
            self.stalled = True
            if "secs" in order:
                self.loop.call_later(order["secs"], self.unstall)
        elif action == "unstall":
            self.unstall()
        elif action == "refuse":
            self.refuse_until = self.loop.time() + order.get("secs", 1)
            if not order.get("keep"):
                for link in links:
                    link.abort()
        elif action == "html":
            self.html = bool(order.get("on", True))
        elif action == "chaos":
            self.calm()
            self.random = random.Random(order.get("seed", 1))
            self.chaos = dict({"mean_ms": 200, "mean_bytes": 0,
                               "kinds": CHAOS}, **order)
            self.break_soon()
        elif action == "calm":
            self.calm()
        else:
            raise ValueError("no such action: " + action)

    def calm(self):
        if self.chaos_timer:
            self.chaos_timer.cancel()
        self.chaos_timer = self.break_after = None

    def passed(self, n):
        if self.break_after is not None:
            self.break_after -= n
            if self.break_after <= 0:
                self.break_after = None
                self.loop.call_soon(self.break_now)

    def break_soon(self):
        mean = self.chaos["mean_bytes"]
        if mean:
            # Something always gets through, however slow the machine is.
            self.break_after = self.random.randrange(mean // 2, 3 * mean // 2)
            return
        mean = self.chaos["mean_ms"] / 1000
        self.chaos_timer = self.loop.call_later(
            min(self.random.expovariate(1 / mean), 5 * mean), self.break_now)

    def break_now(self):
        kind = self.random.choice(self.chaos["kinds"])
        order = {"action": kind}
        if kind == "cut":
            order = {"action": "reset",
                     "after_bytes": self.random.randrange(20000)}
        elif kind in ("stall", "refuse"):
            order["secs"] = self.random.uniform(0.01, 0.1)
        self.count("breaks")
        self.act(order)
        self.break_soon()

    def unstall(self):
        self.stalled = False
        for link in list(self.links):
            for pipe in link.pipes.values():
                pipe.arm()


class ThreadServer:
    """A port with a thread for each connection, where those that are measured
    must not wait for asyncio's loop; serve(sock) is its own, and closes it."""
    port = 0

    def listen(self, host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.create_server((host, 0), family=family,
                                         backlog=128)
        self.port = self.sock.getsockname()[1]
        self.start(self.accept)

    @staticmethod
    def start(target, *args):
        threading.Thread(target=target, args=args, daemon=True).start()

    def accept(self):
        while True:
            self.start(self.serve, self.sock.accept()[0])

    def serve(self, sock):
        raise NotImplementedError


# ---- HTTP/1.1, as much as the web function and the control port need ---------

REASONS = {200: "OK", 206: "Partial Content", 303: "See Other",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed",
           413: "Content Too Large", 500: "Internal Server Error",
           503: "Service Unavailable", 507: "Insufficient Storage"}
MAX_BODY = 64 << 20


def http_answer(status, kind, body, *more):
    extra = "".join("%s: %s\r\n" % pair for pair in more)
    head = ("HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s"
            "Content-Length: %d\r\n\r\n" % (
                status, REASONS.get(status, "?"), kind, extra, len(body)))
    return head.encode(), body


class HttpServer:
    """answer(method, path, headers, body) -> (status, type, body,
    (name, value) of more headers...)."""

    def __init__(self, answer):
        self.answer = answer
        self.port = 0

    async def listen(self, host, port=0, context=None):
        self.server = await asyncio.start_server(
            self.serve, host, port, ssl=context, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, ValueError,
                asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self.body(reader, headers)
        try:
            status, kind, answer, *more = await self.answer(
                method, path, headers, body)
        except Exception as e:  # a fault of ours must not end the server
            status, kind, answer, more = 500, "text/plain", \
                repr(e).encode(), ()
        writer.writelines(http_answer(status, kind, answer, *more))
        await writer.drain()
        return version == "HTTP/1.1" \
            and headers.get("connection", "").lower() != "close"

    async def body(self, reader, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while True:
                line = await reader.readline()
                size = int(line.split(b";")[0], 16)
                parts.append(await reader.readexactly(size))
                await reader.readline()
                if not size:
                    return b"".join(parts)
        size = int(headers.get("content-length", "0"))
        if size > MAX_BODY:
            raise ValueError("too large")
        return await reader.readexactly(size)
