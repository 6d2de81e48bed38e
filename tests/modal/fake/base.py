"""What all parts of the fake share: knobs, faults, log, tokens, names."""
import asyncio
import base64
import collections
import hashlib
import hmac
import json
import os
import secrets
import string
import subprocess
import sys
import tempfile
import time

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import FieldDescriptor

CODES = {"OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3,
         "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "ALREADY_EXISTS": 6,
         "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8,
         "FAILED_PRECONDITION": 9, "ABORTED": 10, "OUT_OF_RANGE": 11,
         "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14,
         "DATA_LOSS": 15, "UNAUTHENTICATED": 16}

# Name, default, what it does.  POST /knobs changes them while it runs.
KNOBS = (
    ("delay_ms", 0, "added round trip of every connection"),
    ("build_secs", 0.2, "how long a new image builds"),
    ("build_holds", False, "no build of an image ends well while this is so"),
    ("start_secs", 0, "how long a sandbox takes to start"),
    ("auth_jwt_secs", 1200, "life of the control plane's token"),
    ("router_jwt_secs", 1200, "life of a task's token"),
    ("url_secs", 600, "life of a presigned URL"),
    ("url_uses", 0, "so often those of one answer are good (any)"),
    ("block_rate", 0, "bytes a second of each block's PUT or GET (all)"),
    ("ephemeral_secs", 600, "an ephemeral volume lives so long unbeaten"),
    ("sandbox_secs", 0, "caps the life of every new sandbox"),
    ("idle_stdin_secs", 40, "a pty without the flag dies unfed after this"),
    ("read_chunk", 262144, "most bytes in one message of output"),
    ("volume_full", False, "volumes take no more bytes"),
    ("access_in_create", True, "SandboxCreateV2 brings the router's access"),
    ("worker_host", "", "workers' name in their URL (the address)"),
    ("worker_ipv4", "", "worker_ipv4_address of an access (none)"),
    ("retain_bytes", 32 << 20, "output kept after it was read"),
    ("unread_bytes", 256 << 20, "then a program waits for readers"),
    ("page", 100, "most entries in one answer of a list"),
    ("build_fails", "", "a Dockerfile line with this in it fails"),
    ("token_id", "", "the only one let in (any)"),
    ("token_secret", "", "the only one let in (any)"),
    ("refuse_token", False, "no token is good"),
    ("old_client", False, "every call: the client is too old"),
    ("html", False, "new connections get a proxy's page, no gRPC"),
    ("warning", "", "x-modal-warning of every answer"),
    ("clock_secs", 0, "the server's clock is ahead by so much; with date"),
    ("date", False, "answers have a Date"),
    ("builder_version", "2025.06", "of the environment"),
    ("web_key", "", "Modal-Key that the web function wants (any)"),
    ("web_secret", "", "Modal-Secret that it wants (any)"),
    ("web_hop_secs", 2.0, "after so long it answers 303"),
    ("web_secs", 0, "it takes so long before it begins"),
    ("web_mode", "", "html, elsewhere, or what fake/web.py calls hostile"),
)


class RpcFail(Exception):
    def __init__(self, code, message, retry_after=None):
        super().__init__(message)
        self.code, self.message = code, message
        self.retry_after = retry_after


class Knobs:
    def __init__(self):
        self.values = {name: default for name, default, _ in KNOBS}
        self.changed = Signal()

    def __getattr__(self, name):
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def set(self, changes):
        for name, value in changes.items():
            if name not in self.values:
                raise ValueError("no knob called " + name)
            kind = type(self.values[name])
            if isinstance(value, str) and kind is not str:
                value = json.loads(value)
            if kind is bool and not isinstance(value, bool):
                raise ValueError(name + " is true or false")
            self.values[name] = value
        self.changed.fire()

    def now(self):
        """The server's clock."""
        return time.time() + self.clock_secs


class Faults:
    """Faults wait in line for the RPC they name; each is used up."""

    FIELDS = {"rpc", "code", "message", "times", "skip", "after",
              "after_bytes", "retry_after", "hang_secs", "raw"}

    def __init__(self):
        self.line = []

    def add(self, fault):
        bad = set(fault) - self.FIELDS
        if bad or "rpc" not in fault:
            raise ValueError("a fault has rpc and some of %s"
                             % sorted(self.FIELDS))
        if fault.get("code", "OK") not in CODES:
            raise ValueError("no such code")
        self.line.append(dict(fault, times=fault.get("times", 1),
                              skip=fault.get("skip", 0)))

    def take(self, rpc):
        for fault in self.line:
            if fault["rpc"] not in (rpc, "*"):
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
                return None
            fault["times"] -= 1
            if fault["times"] <= 0:
                self.line.remove(fault)
            return fault
        return None


def fail_from(fault):
    return RpcFail(fault.get("code", "UNAVAILABLE"),
                   fault.get("message", "injected"),
                   fault.get("retry_after"))


# ---- Messages -------------------------------------------------------------

def load_protos(protos):
    out = tempfile.TemporaryDirectory(prefix="viva-pb.")
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["protoc", "-I" + protos, "-I" + here,
                    "--python_out=" + out.name, "modal.proto",
                    "modal-router.proto", "more.proto"], check=True)
    sys.path.insert(0, out.name)
    import modal_pb2
    import modal_router_pb2
    import more_pb2
    out.cleanup()
    sys.path.remove(out.name)
    return modal_pb2, modal_router_pb2, more_pb2


def message_class(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)


def method_proto(method):
    """Says whether a method streams; the descriptor does not."""
    proto = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(proto)
    return proto


SECRET_MAPS = ("contents", "env", "env_dict")


def is_map(field):
    return (field.type == FieldDescriptor.TYPE_MESSAGE
            and field.message_type.GetOptions().map_entry)


def show_bytes(data):
    if len(data) <= 64:
        return {"base64": base64.b64encode(data).decode()}
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def show_one(field, value):
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return show(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named else value
    if field.type == FieldDescriptor.TYPE_BYTES:
        return show_bytes(value)
    return value


def show(message):
    """A message as plain values; of variables only the names."""
    out = {}
    for field, value in message.ListFields():
        if is_map(field):
            hide = field.name in SECRET_MAPS
            out[field.name] = {k: "***" if hide else value[k]
                               for k in sorted(value)}
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            out[field.name] = [show_one(field, v) for v in value]
        else:
            out[field.name] = show_one(field, value)
    return out


def unknown(message, prefix=""):
    """The numbers of the fields that our .proto does not know."""
    found = sorted({"%s%d" % (prefix, f.field_number)
                    for f in message.UnknownFields()})
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE or is_map(field):
            continue
        many = field.label == FieldDescriptor.LABEL_REPEATED
        for v in value if many else [value]:
            found += unknown(v, prefix + field.name + ".")
    return sorted(set(found))


class RpcLog:
    """Counts of all RPCs, and the last of them.  With a path every request
    as a line of JSON: a `call` when it came, a `done` when answered."""

    KEEP = ("x-modal-client-type", "x-modal-client-version",
            "x-modal-libmodal-version", "x-modal-host",
            "x-idempotency-key", "x-retry-attempt",
            "x-throttle-retry-attempt", "x-retry-delay",
            "x-throttle-retry-delay", "user-agent", "grpc-timeout")

    def __init__(self, path):
        self.file = path and open(path, "w", buffering=1, encoding="utf-8")
        self.strange = set()
        self.clear()

    def clear(self):
        self.calls = 0
        self.counts = collections.Counter()
        self.last = collections.deque(maxlen=200)

    def count(self, rpc):
        self.counts[rpc] += 1

    def write(self, line):
        line["t"] = round(time.time(), 6)
        self.file.write(json.dumps(line) + "\n")

    def call(self, service, rpc, request, meta):
        self.calls += 1
        self.count(rpc)
        if self.file:
            line = {"ev": "call", "n": self.calls, "service": service,
                    "rpc": rpc, "meta": {k: meta[k] for k in self.KEEP
                                         if k in meta},
                    "auth": sorted(k for k in meta if k in (
                        "x-modal-token-id", "x-modal-token-secret",
                        "x-modal-auth-token", "x-modal-sandbox-token",
                        "authorization"))}
            self.request(line, request)
            self.write(line)
        return self.calls

    def request(self, line, request):
        if request is not None:
            line["req"] = show(request)
            extra = unknown(request)
            if extra:
                line["unknown"] = extra

    def part(self, n, rpc, request):
        """A message of a stream that comes in."""
        if self.file:
            line = {"ev": "part", "n": n, "rpc": rpc}
            self.request(line, request)
            self.write(line)

    def done(self, n, rpc, code, began, meta):
        ms = round((time.monotonic() - began) * 1000, 2)
        self.last.append({"n": n, "rpc": rpc, "code": code, "ms": ms,
                          "attempt": meta.get("x-retry-attempt", "")})
        if self.file:
            self.write({"ev": "done", "n": n, "rpc": rpc, "code": code,
                        "ms": ms})


# ---- Names and tokens -----------------------------------------------------

ALNUM = string.ascii_letters + string.digits
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix, n=22):
    return prefix + "".join(secrets.choice(ALNUM) for _ in range(n))


def new_ulid():
    stamp, out = int(time.time() * 1000), ""
    for _ in range(10):
        stamp, low = divmod(stamp, 32)
        out = CROCKFORD[low] + out
    return out + "".join(secrets.choice(CROCKFORD) for _ in range(16))


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens:
    """Signed tokens; revoke() makes all of one kind worthless."""

    def __init__(self, knobs):
        self.knobs = knobs
        self.key = os.urandom(32)
        self.epoch = {"auth": 0, "router": 0}

    def sign(self, text):
        return hmac.new(self.key, text.encode(), hashlib.sha256).digest()

    def make(self, kind, secs, **claims):
        claims.update(aud=kind, exp=int(self.knobs.now() + secs),
                      epoch=self.epoch[kind])
        text = "%s.%s" % (b64url(b'{"alg":"HS256","typ":"JWT"}'),
                          b64url(json.dumps(claims).encode()))
        return text + "." + b64url(self.sign(text))

    def check(self, kind, token):
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(b64url(self.sign(text)), signature):
            raise RpcFail("UNAUTHENTICATED", "the token is not ours")
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(
            payload + "=" * (-len(payload) % 4)))
        if claims["aud"] != kind or claims["epoch"] != self.epoch[kind]:
            raise RpcFail("UNAUTHENTICATED", "the token was revoked")
        if claims["exp"] <= self.knobs.now():
            raise RpcFail("UNAUTHENTICATED", "the token has expired")
        return claims

    def revoke(self, kind):
        self.epoch[kind] += 1


class Signal:
    """Wakes all who wait, any number of times."""

    def __init__(self):
        self.waiters = set()

    def fire(self):
        for future in self.waiters:
            if not future.done():
                future.set_result(None)
        self.waiters.clear()

    async def wait(self, timeout=None):
        future = asyncio.get_running_loop().create_future()
        self.waiters.add(future)
        try:
            await asyncio.wait_for(future, timeout)
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            self.waiters.discard(future)
