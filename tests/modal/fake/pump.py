"""gRPC over HTTP/2 (RFC 9113) for large output: a thread for each connection,
which frames a message that comes again once, and sends a MiB at a time.
grpcio's own server needs more time for that than some of its clients.  The
calls themselves are done by the same handlers, on asyncio's loop."""
import asyncio
import collections
import contextlib
import os
import select
import socket
import ssl
import struct
import types

import hpack

from . import net
from .stream import (
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS,
    INITIAL_WINDOW, MAX_FRAME, PADDED, PING, PRIORITY, RST_STREAM, SETTINGS,
    TABLE_SIZE, UNIMPLEMENTED, WINDOW_UPDATE, Stream, frame)

NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 3
WINDOW, OUR_FRAME = 1 << 20, 1 << 20


class Broken(Exception):
    def __init__(self, code):
        super().__init__("HTTP/2 error %d" % code)
        self.code = code


class Connection:
    def __init__(self, pump, sock):
        self.pump, self.sock = pump, sock
        self.decoder, self.encoder = hpack.Decoder(), hpack.Encoder()
        self.initial_window, self.frame_size = 65535, 16384
        self.window = 65535
        self.streams, self.last = {}, 0
        self.ready = collections.deque()  # streams that have something
        self.orders = collections.deque()  # from the loop's thread
        self.wake, self.asleep = os.eventfd(0, os.EFD_NONBLOCK), False
        self.come, self.block = bytearray(), None
        self.control = bytearray(frame(SETTINGS, 0, 0, struct.pack(
            ">HIHI", INITIAL_WINDOW, WINDOW, MAX_FRAME, OUR_FRAME)))
        self.control += frame(WINDOW_UPDATE, 0, 0, struct.pack(
            ">I", (64 << 20) - 65535))
        self.sending = memoryview(b"")
        self.piece = memoryview(bytearray(1 << 16))
        self.over = False

    # -- both threads

    def order(self, what, *args):
        """From the loop's thread: to be done by this one's."""
        self.orders.append((what, args))
        if self.asleep:
            self.asleep = False
            os.eventfd_write(self.wake, 1)

    def in_loop(self, what, *args):
        with contextlib.suppress(RuntimeError):  # at the end it is closed
            self.pump.loop.call_soon_threadsafe(what, *args)

    def close(self):
        self.asleep = False
        for stream in list(self.streams.values()):
            self.drop(stream)
        # Nobody wakes what is gone: that is the loop's thread's as well.
        self.in_loop(os.close, self.wake)

    # -- the thread

    def run(self):
        self.preface()
        while not self.over:
            while self.orders:
                what, args = self.orders.popleft()
                what(*args)
            moved = self.read()
            if not self.write() and not moved:
                self.rest()

    def preface(self):
        want = len(net.PREFACE)
        while len(self.come) < want and not self.over:
            if not self.fill():
                self.rest()
        if not self.come.startswith(net.PREFACE):
            raise Broken(PROTOCOL_ERROR)
        del self.come[:want]
        self.frames()

    def rest(self):
        # While the socket takes nothing there is no hurry.
        self.asleep = not self.sending
        if self.orders:
            self.asleep = False
            return
        ready = select.select([self.sock, self.wake],
                              [self.sock] if self.sending else [], [])[0]
        self.asleep = False
        if self.wake in ready:
            os.eventfd_read(self.wake)

    def fill(self):
        try:
            n = self.sock.recv_into(self.piece)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError,
                BlockingIOError):
            return False
        if not n:
            self.over = True
        self.come += self.piece[:n]
        return True

    def read(self):
        moved = False
        while not self.over and self.fill():
            moved = True
            self.frames()
        return moved

    def frames(self):
        at, have = 0, len(self.come)
        while have - at >= 9:
            size = int.from_bytes(self.come[at:at + 3], "big")
            if size > OUR_FRAME:
                raise Broken(PROTOCOL_ERROR)
            if have - at < 9 + size:
                break
            stream = int.from_bytes(self.come[at + 5:at + 9],
                                    "big") & 0x7fffffff
            self.frame(self.come[at + 3], self.come[at + 4], stream,
                       bytes(memoryview(self.come)[at + 9:at + 9 + size]))
            at += 9 + size
        del self.come[:at]

    def frame(self, kind, flags, number, payload):
        if self.block is not None and kind != CONTINUATION:
            raise Broken(PROTOCOL_ERROR)
        stream = self.streams.get(number)
        if kind == DATA:
            self.data(stream, flags, payload)
        elif kind in (HEADERS, CONTINUATION):
            self.head(kind, flags, number, payload)
        elif kind == RST_STREAM and stream:
            self.drop(stream)
        elif kind == SETTINGS and not flags & ACK:
            for name, value in struct.iter_unpack(">HI", payload):
                self.setting(name, value)
            self.control += frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.control += frame(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            self.update(number, stream, int.from_bytes(payload, "big"))

    def setting(self, name, value):
        if name == INITIAL_WINDOW:
            for stream in self.streams.values():
                stream.window += value - self.initial_window
                self.busy(stream)
            self.initial_window = value
        elif name == MAX_FRAME:
            self.frame_size = min(value, OUR_FRAME)
        elif name == TABLE_SIZE:
            self.encoder.header_table_size = min(value, 4096)

    def update(self, number, stream, more):
        if not number:
            self.window += more
            if self.window > 0x7fffffff:
                raise Broken(FLOW_CONTROL_ERROR)
        elif stream:
            stream.window += more
            self.busy(stream)

    @staticmethod
    def bare(flags, payload):
        """Without padding and, of HEADERS, priority."""
        if flags & PADDED:
            payload = payload[1:len(payload) - payload[0]]
        return payload

    def data(self, stream, flags, payload):
        size = len(payload)
        if size:
            self.control += frame(WINDOW_UPDATE, 0, 0,
                                  struct.pack(">I", size))
        if stream:
            stream.owed += size
            stream.data(self.bare(flags, payload), flags & END_STREAM)
            if not flags & END_STREAM:
                self.grant(stream)

    def grant(self, stream):
        """More may come of what the handler does not leave lying."""
        if stream.owed and stream.waiting < 4 and stream.id in self.streams:
            self.control += frame(WINDOW_UPDATE, 0, stream.id,
                                  struct.pack(">I", stream.owed))
            stream.owed = 0

    def head(self, kind, flags, number, payload):
        if kind == HEADERS:
            payload = self.bare(flags, payload)
            if flags & PRIORITY:
                payload = payload[5:]
            self.block = number, flags & END_STREAM, payload
        elif self.block is None or self.block[0] != number:
            raise Broken(PROTOCOL_ERROR)
        else:
            self.block = *self.block[:2], self.block[2] + payload
        if flags & END_HEADERS:
            number, ends, payload = self.block
            self.block = None
            self.call(number, ends, self.decoder.decode(payload))

    def call(self, number, ends, headers):
        if number in self.streams:  # trailers
            self.streams[number].data(b"", ends)
            return
        if number <= self.last or not number % 2:
            raise Broken(PROTOCOL_ERROR)
        self.last = number
        stream = self.streams[number] = Stream(self, number, headers)
        self.in_loop(self.do_call, stream)
        if ends:
            stream.data(b"", ends)

    def do_call(self, stream):
        stream.handler = self.pump.handler(stream.path)
        if stream.handler is None:
            stream.do_end(UNIMPLEMENTED, "no such method")
        else:
            stream.task = asyncio.ensure_future(stream.do_run())

    def drop(self, stream):
        self.streams.pop(stream.id, None)
        stream.queue.clear()
        self.in_loop(self.do_cancel, stream)

    @staticmethod
    def do_cancel(stream):
        if stream.task:
            stream.task.cancel()

    # -- what goes out

    def headers(self, stream, pairs, flags):
        if stream.id in self.streams:
            block = self.encoder.encode(pairs)
            size = self.frame_size
            self.control += frame(HEADERS, flags | (
                END_HEADERS if len(block) <= size else 0), stream.id,
                block[:size])
            for at in range(size, len(block), size):
                self.control += frame(
                    CONTINUATION, END_HEADERS if at + size >= len(block)
                    else 0, stream.id, block[at:at + size])

    def busy(self, stream):
        if stream.queue and stream not in self.ready:
            self.ready.append(stream)

    def write(self):
        """Returns whether anything went out."""
        moved = False
        if not self.sending:
            self.sending = self.next()
        if self.sending:
            try:
                n = self.sock.send(self.sending)
                self.sending = self.sending[n:]
                moved = True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError,
                    BlockingIOError):
                pass
        return moved

    def next(self):
        """What to send now, of all that is there."""
        for _ in range(len(self.ready)):
            if self.control:
                break
            stream = self.ready.popleft()
            if not stream.queue or stream.id not in self.streams:
                continue
            if isinstance(stream.queue[0], list):
                self.headers(stream, stream.queue[0], END_STREAM)
                self.finish(stream)
                break
            window = min(self.window, stream.window)
            if window > 0:
                got, size = stream.some(window)
                self.window -= size
                stream.window -= size
                self.busy(stream)
                return memoryview(got)
            # Without a window of its own it comes again with that.
            if self.window <= 0:
                self.busy(stream)
        got, self.control = self.control, bytearray()
        return memoryview(got)

    def finish(self, stream):
        """The client need not send the rest."""
        del self.streams[stream.id]
        if not stream.ended:
            self.control += frame(RST_STREAM, 0, stream.id,
                                  struct.pack(">I", NO_ERROR))


class Pump(net.ThreadServer):
    """Like a port of grpcio's server; dispatches: its handlers."""

    def __init__(self, dispatches, context):
        self.dispatches, self.context = dispatches, context
        self.loop = asyncio.get_running_loop()

    def handler(self, path):
        details = types.SimpleNamespace(method=path)
        for dispatch in self.dispatches:
            found = dispatch.service(details)
            if found:
                return found
        return None

    def serve(self, sock):
        connection = None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if sock.recv(1, socket.MSG_PEEK) == b"\x16":
                sock = self.context.wrap_socket(sock, server_side=True)
            sock.setblocking(False)
            connection = Connection(self, sock)
            connection.run()
        except (OSError, Broken, hpack.HPACKError, struct.error,
                IndexError) as e:
            if isinstance(e, Broken):
                self.goaway(sock, connection, e.code)
        finally:
            if connection:
                connection.close()
            sock.close()

    @staticmethod
    def goaway(sock, connection, code):
        try:
            sock.send(frame(GOAWAY, 0, 0, struct.pack(
                ">II", connection.last, code)))
        except OSError:
            pass
