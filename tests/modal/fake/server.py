"""Puts the parts together: gRPC, the wires, the control port."""
import asyncio
import base64
import ctypes
import email.utils
import json
import os
import shutil
import signal
import tempfile
import time
import urllib.parse

import grpc

from . import base, net
from .blocks import BlockServer
from .box import Boxes
from .control import Control
from .router import Router
from .store import Store
from .web import Web

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOS = os.path.join(HERE, "..", "..", "..", "src", "sandbox")
STATUS = {code.value[0]: code for code in grpc.StatusCode}
OPTIONS = (
    ("grpc.max_receive_message_length", 100 << 20),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 100),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_frame_size", 1 << 20),
    ("grpc.optimization_target", "throughput"),
)


def to_bytes(message):
    return message if isinstance(message, bytes) \
        else message.SerializeToString()


class Call:
    """One RPC: its metadata and, once let in, the token's claims."""

    def __init__(self, meta):
        self.meta, self.claims, self.n = meta, {}, 0


class Dispatch(grpc.GenericRpcHandler):
    def __init__(self, fake, servicer, methods):
        self.fake, self.servicer = fake, servicer
        self.handlers = {}
        self.prefix = "/" + servicer.SERVICE + "/"
        for method in methods:
            proto = base.method_proto(method)
            make = (grpc.unary_unary_rpc_method_handler,
                    grpc.unary_stream_rpc_method_handler,
                    grpc.stream_unary_rpc_method_handler)[
                        proto.server_streaming + 2 * proto.client_streaming]
            run = (self.unary, self.stream_out, self.stream_in)[
                proto.server_streaming + 2 * proto.client_streaming]
            parse = base.message_class(method.input_type).FromString
            self.handlers[self.prefix + method.name] = make(
                run(method.name, getattr(servicer, method.name)), parse,
                to_bytes)

    def service(self, details):
        handler = self.handlers.get(details.method)
        if handler is None and details.method.startswith(self.prefix):
            self.fake.log.strange.add(details.method)
        return handler

    def unary(self, rpc, method):
        async def run(request, context):
            async def answer(call, _note):
                return await method(call, request)
            return await self.around(rpc, context, request, answer)
        return run

    def stream_in(self, rpc, method):
        async def run(requests, context):
            async def answer(call, fault):
                return await method(call, self.parts(call, rpc, requests,
                                                     fault or {}))
            return await self.around(rpc, context, None, answer)
        return run

    async def parts(self, call, rpc, requests, fault):
        taken, limit = 0, fault.get("after_bytes")
        async for request in requests:
            self.fake.log.part(call.n, rpc, request)
            taken += request.ByteSize()
            if limit is not None and taken > limit:
                raise base.fail_from(fault)
            yield request

    def stream_out(self, rpc, method):
        async def run(request, context):
            async def answer(call, fault):
                sent, limit = 0, (fault or {}).get("after_bytes")
                async for message, size in method(call, request):
                    if limit is not None and sent + size > limit:
                        raise base.fail_from(fault)
                    await context.write(message)
                    sent += size
            await self.around(rpc, context, request, answer)
        return run

    async def around(self, rpc, context, request, answer):
        fake, began = self.fake, time.monotonic()
        call = Call(dict(context.invocation_metadata()))
        n = call.n = fake.log.call(self.servicer.SERVICE, rpc, request,
                                   call.meta)
        code = "CANCELLED"
        try:
            fault = fake.faults.take(rpc)
            late = fault and (fault.get("after") or "after_bytes" in fault)
            if fault and fault.get("hang_secs"):
                await asyncio.sleep(fault["hang_secs"])
            if fault and "code" in fault and not late:
                raise base.fail_from(fault)
            call.claims = self.servicer.authorize(rpc, call.meta)
            reply = await answer(call, fault if late else None)
            if fault and fault.get("after"):
                raise base.fail_from(fault)
            if fault and "raw" in fault:
                reply = base64.b64decode(fault["raw"])
                if context and rpc in fake.streaming:
                    await context.write(reply)
            if fake.knobs.date and rpc not in fake.streaming:
                await context.send_initial_metadata((
                    ("date", email.utils.formatdate(
                        fake.knobs.now(), usegmt=True)),))
            if fake.knobs.warning:
                context.set_trailing_metadata((
                    ("x-modal-warning",
                     urllib.parse.quote(fake.knobs.warning)),))
            code = "OK"
            return reply
        except base.RpcFail as e:
            code = e.code
            await context.abort(STATUS[base.CODES[e.code]], e.message,
                                fake.details(e))
        except asyncio.CancelledError:
            raise
        except Exception as e:
            code = "INTERNAL: %r" % e
            raise
        finally:
            fake.log.done(n, rpc, code, began, call.meta)


class Fake:
    def __init__(self, options):
        self.options = options
        self.knobs, self.faults = base.Knobs(), base.Faults()
        self.knobs.set(dict(k.split("=", 1) for k in options.knob))
        self.pb, self.pb_router, self.more = base.load_protos(
            os.path.abspath(options.protos or PROTOS))
        self.dir = os.path.abspath(
            options.dir or tempfile.mkdtemp(prefix="viva-fake."))
        os.makedirs(self.dir, exist_ok=True)
        self.made = not options.dir
        self.tokens = base.Tokens(self.knobs)
        self.log = base.RpcLog(options.record)
        self.store = Store(self.dir, self.knobs, self.tokens)
        self.streaming = set()
        self.router_url = ""
        self.relays, self.boxes, self.grpc = {}, None, None

    def secret(self, secret_id):
        if secret_id not in self.control.secrets:
            raise base.RpcFail("NOT_FOUND", "no such secret")
        return self.control.secrets[secret_id]

    def source_env(self, source):
        if source.WhichOneof("source") == "secret_id":
            return self.secret(source.secret_id)
        return dict(source.env.contents)

    def details(self, e):
        if e.retry_after is None:
            return ()
        policy = self.pb.RPCRetryPolicy(retry_after_secs=e.retry_after)
        status = self.pb.ErrorStatus(code=base.CODES[e.code],
                                     message=e.message)
        status.details.add(
            type_url="type.googleapis.com/modal.client.RPCRetryPolicy",
            value=policy.SerializeToString())
        return (("grpc-status-details-bin", status.SerializeToString()),)

    # -- beginning and end

    async def start(self):
        self.boxes = Boxes(self.dir, self.knobs, self.store,
                           not self.options.no_bwrap)
        self.control, self.router = Control(self), Router(self)
        ca = net.make_certificates(self.dir, ["localhost", "worker.invalid", "127.0.0.1",
                                              self.options.host])
        self.grpc = grpc.aio.server(options=OPTIONS)
        handlers = []
        for servicer, pb, name in (
                (self.control, self.pb, "ModalClient"),
                (self.router, self.pb_router, "TaskCommandRouter")):
            methods = [
                *pb.DESCRIPTOR.services_by_name[name].methods,
                *self.more.DESCRIPTOR.services_by_name[name + "More"].methods]
            handlers.append(Dispatch(self, servicer, methods))
            self.streaming.update(
                m.name for m in methods
                if base.method_proto(m).server_streaming)
        self.grpc.add_generic_rpc_handlers(handlers)
        target = "viva-fake-%d-%s" % (os.getpid(), base.new_id(""))
        self.grpc.add_insecure_port("unix-abstract:" + target)
        await self.grpc.start()
        h2 = net.server_context(self.dir, ["h2"])
        host = self.options.host
        # A router's port without the wires that can misbehave.
        direct = 0
        if self.options.direct:
            from .pump import Pump  # only this wants python3-hpack
            pump = Pump(handlers, h2)
            pump.listen(host)
            direct = pump.port
        for name, port in (("control", self.options.port), ("router", 0)):
            relay = self.relays[name] = net.Relay(self.knobs, "\0" + target, h2)
            await relay.listen(host, port)
        self.router_url = "https://%s:%d" % (
            host, direct or self.relays["router"].port)
        plain = self.options.plain
        blocks = self.block_server = BlockServer(
            self.store, None if plain else net.server_context(
                self.dir, ["http/1.1"]))
        blocks.listen(host)
        self.store.url = "%s://%s:%d" % ("http" if plain else "https", host,
                                         blocks.port)
        self.web = Web(self.knobs)
        web = net.HttpServer(self.web.answer)
        await web.listen(host, 0, None if plain else net.server_context(
            self.dir, ["http/1.1"]))
        self.knob_server = net.HttpServer(self.order)
        await self.knob_server.listen(host)
        self.ports = {
            "url": "%s://%s:%d" % ("http" if plain else "https", host,
                                   self.relays["control"].port),
            "router": self.router_url, "blocks": self.store.url,
            "web": "%s://%s:%d/execute" % (
                "http" if plain else "https", host, web.port),
            "knobs": "http://%s:%d" % (host, self.knob_server.port),
            "ca": ca, "dir": self.dir, "pid": os.getpid(),
            "bwrap": int(bool(self.boxes.bwrap))}

    async def stop(self):
        """Also after a start that failed half-way."""
        for relay in self.relays.values():
            relay.close()
        if self.boxes:
            await self.boxes.end()
        if self.grpc:
            await self.grpc.stop(0.05)

    def clean(self):
        if self.made:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            for name in ("boxes", "volumes", "blocks", "contents",
                         "code"):
                shutil.rmtree(os.path.join(self.dir, name),
                              ignore_errors=True)

    # -- the control port

    async def order(self, method, path, _headers, body):
        given = json.loads(body) if body else {}
        name = (method, urllib.parse.urlsplit(path).path)
        actions = {("POST", "/knobs"): self.set_knobs,
                   ("GET", "/knobs"): lambda _: self.knobs.values,
                   ("POST", "/faults"): self.set_faults,
                   ("GET", "/faults"): lambda _: self.faults.line,
                   ("POST", "/net"): self.set_net,
                   ("POST", "/expire"): self.expire,
                   ("POST", "/blocks"): self.refuse_blocks,
                   ("POST", "/web"): self.refuse_web,
                   ("POST", "/sandbox"): self.end_box,
                   ("GET", "/log"): self.show_log,
                   ("POST", "/log"): self.clear_log,
                   ("GET", "/state"): self.show_state}
        if name not in actions:
            return 404, "text/plain", b"no such order\n"
        try:
            answer = actions[name](given)
            if asyncio.iscoroutine(answer):
                answer = await answer
        except (ValueError, KeyError, TypeError) as e:
            return 400, "text/plain", ("%s\n" % e).encode()
        text = json.dumps({} if answer is None else answer, indent=1)
        return 200, "application/json", text.encode() + b"\n"

    def set_knobs(self, given):
        self.knobs.set(given)
        for relay in self.relays.values():
            relay.html = self.knobs.html

    def set_faults(self, given):
        for fault in given if isinstance(given, list) else [given]:
            if fault == {"clear": True}:
                self.faults.line.clear()
            else:
                self.faults.add(fault)

    def set_net(self, given):
        which = given.pop("which", None)
        for name, relay in self.relays.items():
            if which in (None, name):
                relay.act(given)

    def expire(self, given):
        self.tokens.revoke(given["kind"])

    def refuse_blocks(self, given):
        self.store.refuse += [int(n) for n in given.get("refuse", ())]
        self.block_server.cut += int(given.get("cut", 0))
        if given.get("forget"):
            self.store.forget()

    def refuse_web(self, given):
        self.web.refuse += [int(n) for n in given["refuse"]]

    async def end_box(self, given):
        status = {"timeout": 4, "idle": 7, "terminate": 3, "crash": 6,
                  "evict": 8}[given.get("action", "timeout")]
        done = []
        for box in list(self.boxes.all.values()):
            if box.result is None and given.get("id", box.id) == box.id \
                    and given.get("name", box.name) == box.name:
                await box.finish(status)
                done.append(box.id)
        return {"ended": done}

    def show_log(self, _given):
        return {"counts": self.log.counts,
                "unknown": sorted(self.log.strange), "calls": self.log.calls,
                "web": self.web.counts,
                "last": list(self.log.last), "blocks": self.store.counts,
                "net": {n: r.counts for n, r in self.relays.items()},
                "commits": self.boxes.commits}

    def clear_log(self, _given):
        self.log.clear()
        for name in self.store.counts:
            self.store.counts[name] = 0
        for relay in self.relays.values():
            relay.counts.clear()

    def show_state(self, _given):
        self.store.reap()
        return {
            "sandboxes": [{
                "id": b.id, "task": b.task_id, "name": b.name, "v2": b.v2,
                "tags": b.tags, "ready": bool(b.ready_at),
                "result": b.result, "mounts": [
                    {"path": m.path, "volume": m.volume.id}
                    for m in b.mounts],
                "execs": [{
                    "id": x.id, "argv": x.argv, "pid": x.pid,
                    "code": x.code, "signal": x.signal_no,
                    "out": x.out[0].end, "err": x.out[1].end,
                    "in": x.input.received} for x in b.execs.values()]}
                for b in self.boxes.all.values()],
            "volumes": [{
                "id": v.id, "name": v.name, "version": v.version,
                "ephemeral": v.ephemeral, "dir": v.dir}
                for v in self.store.volumes.values()],
            "apps": [{"name": n, "environment": e, "id": i}
                     for (e, n), i in self.control.apps.items()],
            "connections": {n: len(r.links)
                            for n, r in self.relays.items()}}


def write_ports(path, ports):
    text = "".join("%s=%s\n" % item for item in ports.items())
    if path:
        with open(path + ".tmp", "w", encoding="utf-8") as fp:
            fp.write(text)
        os.rename(path + ".tmp", path)
    return text


def child_environment(fake):
    env = dict(os.environ)
    env.update(MODAL_SERVER_URL=fake.ports["url"],
               MODAL_TOKEN_ID=fake.knobs.token_id or "ak-fake",
               MODAL_TOKEN_SECRET=fake.knobs.token_secret or "as-fake",
               FAKE_MODAL_CA=fake.ports["ca"],
               FAKE_MODAL_KNOBS=fake.ports["knobs"],
               FAKE_MODAL_WEB=fake.ports["web"])
    return env


def keep_memory():
    """Large buffers come and go all the time: not to the kernel and back."""
    libc = ctypes.CDLL(None)
    for parameter, value in ((-3, 1 << 30), (-1, 1 << 30)):
        libc.mallopt(parameter, value)


async def serve(options):
    keep_memory()
    fake, stop = Fake(options), asyncio.Event()
    loop = asyncio.get_running_loop()
    code = 0
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        await fake.start()
        text = write_ports(options.port_file, fake.ports)
        if options.command:
            child = await asyncio.create_subprocess_exec(
                *options.command, env=child_environment(fake))
            ends = [asyncio.ensure_future(child.wait()),
                    asyncio.ensure_future(stop.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if child.returncode is None:
                child.terminate()
            code = await child.wait()
        else:
            print(text, flush=True)
            await stop.wait()
    finally:
        await fake.stop()
        fake.clean()
        if options.port_file and os.path.exists(options.port_file):
            os.unlink(options.port_file)
    return code if code >= 0 else 128 - code
