"""A call of gRPC over HTTP/2, as pump.py serves it."""
import asyncio
import base64
import collections
import struct
import urllib.parse

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
TABLE_SIZE, INITIAL_WINDOW, MAX_FRAME = 1, 4, 5
HIGH, LOW = 8 << 20, 4 << 20
KNOWN = 8  # framed messages that are kept of a stream
UNKNOWN, UNIMPLEMENTED = 2, 12


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">HBBBI", len(payload) >> 8, len(payload) & 255, kind,
                       flags, stream) + payload


class Abort(Exception):
    """The call ends with what its context says."""


class Piece:
    """DATA frames of one size, the last may be shorter; their payload."""

    def __init__(self, framed, size, payload):
        self.view, self.size, self.left = memoryview(framed), size, payload

    def take(self, window):
        """Frames of at most so much payload: (bytes, their payload)."""
        size, end = self.left, len(self.view)
        if window < size:
            size = window // self.size * self.size
            end = size + window // self.size * 9
        got = self.view[:end]
        self.view, self.left = self.view[end:], self.left - size
        return got, size


class Stream:
    """A call.  Its thread is the connection's; what begins with do_ is for
    the loop's."""

    def __init__(self, connection, number, headers):
        self.connection, self.id = connection, number
        self.window = connection.initial_window
        self.path = dict(headers).get(":path", "")
        self.meta = [
            (k, base64.b64decode(v + "=" * (-len(v) % 4))
             if k.endswith("-bin") else v) for k, v in headers
            if not k.startswith((":", "grpc-")) and k not in (
                "te", "content-type")]
        self.come, self.owed, self.waiting = bytearray(), 0, 0
        self.queue = collections.deque()  # Pieces, then a list of headers
        self.known = collections.OrderedDict()
        self.task = self.handler = None
        self.put = self.gone = 0  # each counted by one thread
        self.requests = asyncio.Queue()
        self.room = None
        self.initial, self.trailing, self.told = (), (), False
        self.ended = False  # the client's side

    # -- of what comes

    def data(self, payload, ends):
        """Hands on what messages are whole."""
        self.come += payload
        while len(self.come) >= 5:
            size = int.from_bytes(self.come[1:5], "big")
            if len(self.come) < 5 + size:
                break
            self.hand(bytes(memoryview(self.come)[5:5 + size]))
            del self.come[:5 + size]
        if ends:
            self.ended = True
            self.hand(None)

    def hand(self, message):
        self.waiting += 1
        self.connection.in_loop(self.requests.put_nowait, message)

    def took(self):
        self.waiting -= 1
        self.connection.grant(self)

    # -- of what goes

    def framed(self, message):
        """The frames of a message, made once while it is the same object."""
        size = self.connection.frame_size
        known = self.known.get(id(message))
        if known is None or known[0] is not message or known[1] != size:
            body = b"\0" + len(message).to_bytes(4, "big") + message
            view, parts = memoryview(body), []
            for at in range(0, len(body), size):
                part = view[at:at + size]
                parts += [struct.pack(">HBBBI", len(part) >> 8,
                                      len(part) & 255, DATA, 0, self.id),
                          part]
            known = message, size, b"".join(parts), len(body)
            if len(body) > size:
                self.known[id(message)] = known
                if len(self.known) > KNOWN:
                    self.known.popitem(last=False)
        return Piece(known[2], size, known[3])

    def send(self, message):
        self.queue.append(self.framed(message))
        self.connection.busy(self)

    def end(self, headers):
        self.queue.append(headers)
        self.connection.busy(self)

    def some(self, window):
        """What may be sent of the first piece: (bytes, their payload)."""
        piece = self.queue[0]
        got, size = piece.take(window)
        if not size:  # less than one frame
            first, size = piece.take(piece.size)
            self.queue.appendleft(Piece(frame(
                DATA, 0, self.id, first[9 + window:]), size - window,
                size - window))
            got, size = frame(DATA, 0, self.id, first[9:9 + window]), window
        if not piece.left:
            self.queue.remove(piece)
        high = self.put - self.gone >= LOW
        self.gone += size
        if high and self.put - self.gone < LOW:
            self.connection.in_loop(self.do_room)
        return got, size

    # -- the context of a handler

    def do_room(self):
        if self.room and not self.room.done():
            self.room.set_result(None)

    def invocation_metadata(self):
        return self.meta

    def set_trailing_metadata(self, pairs):
        self.trailing = tuple(pairs)

    async def send_initial_metadata(self, pairs):
        self.initial = tuple(pairs)

    def do_begin(self):
        if not self.told:
            self.told = True
            self.connection.order(self.connection.headers, self, [
                (":status", "200"), ("content-type", "application/grpc"),
                *pairs_of(self.initial)], 0)

    async def write(self, message):
        self.do_begin()
        self.put += len(message) + 5
        self.connection.order(self.send, message)
        if self.put - self.gone >= HIGH:
            self.room = self.connection.pump.loop.create_future()
            # It may have gone out meanwhile.
            if self.put - self.gone >= LOW:
                await self.room

    async def abort(self, code, message="", trailing=()):
        self.set_trailing_metadata(trailing)
        self.do_end(code.value[0], message)
        raise Abort

    def do_end(self, code, message=""):
        pairs = [("grpc-status", str(code)), *pairs_of(self.trailing)]
        if message:
            pairs.append(("grpc-message", urllib.parse.quote(
                message, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}")))
        if not self.told:
            pairs[:0] = [(":status", "200"),
                         ("content-type", "application/grpc")]
        self.told = True
        self.connection.order(self.end, pairs)

    async def do_all(self):
        while (message := await self.do_next()) is not None:
            yield message

    async def do_next(self):
        message = await self.requests.get()
        self.connection.order(self.took)
        return None if message is None \
            else self.handler.request_deserializer(message)

    async def do_run(self):
        handler = self.handler
        run = handler.unary_unary or handler.unary_stream \
            or handler.stream_unary
        try:
            request = self.do_all() if handler.request_streaming \
                else await self.do_next()
            reply = await run(request, self)
            if not handler.response_streaming:
                await self.write(handler.response_serializer(reply))
            self.do_end(0)
        except Abort:
            pass
        except Exception as e:
            self.do_end(UNKNOWN, repr(e))


def pairs_of(metadata):
    return [(k, base64.b64encode(v).decode() if k.endswith("-bin") else v)
            for k, v in metadata]
