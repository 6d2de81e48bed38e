"""Volumes: directory trees, blocks and the presigned block store."""
import asyncio
import base64
import collections
import hashlib
import os
import shutil
import stat
import time
import urllib.parse

from . import blocks
from .base import RpcFail, new_id
from .blocks import BLOCK
from .volume1 import Contents


def safe_join(base, path):
    parts = [p for p in path.split("/") if p not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise RpcFail("INVALID_ARGUMENT", "bad path: " + path)
    return os.path.join(base, *parts)


def manifest(base):
    """relative path -> what tells a changed file from an unchanged one"""
    found = {}
    for folder, dirs, files in os.walk(base):
        rel = os.path.relpath(folder, base)
        for name in dirs + files:
            key = name if rel == "." else rel + "/" + name
            try:
                st = os.lstat(os.path.join(folder, name))
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(st.st_mode):
                found[key] = ("d", stat.S_IMODE(st.st_mode))
            elif stat.S_ISLNK(st.st_mode):
                found[key] = ("l", os.readlink(os.path.join(folder, name)))
            elif stat.S_ISREG(st.st_mode):
                found[key] = ("f", st.st_size, st.st_mtime_ns,
                              stat.S_IMODE(st.st_mode))
    return found


def remove_any(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def remove_all(folder):
    for name in os.listdir(folder):
        remove_any(os.path.join(folder, name))


def copy_one(source, target, entry):
    if entry[0] == "d":
        if not os.path.isdir(target) or os.path.islink(target):
            remove_any(target)
            os.makedirs(target)
        os.chmod(target, entry[1])
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(target) and not os.path.islink(target):
        shutil.rmtree(target)
    if entry[0] == "l":
        remove_any(target)
        os.symlink(entry[1], target)
        return
    temp = target + ".fake-tmp"
    shutil.copy2(source, temp)
    os.rename(temp, target)


def apply(source, target, before, after):
    """Bring to target what changed in source from before to after."""
    changed = 0
    for key in sorted(set(before) - set(after), reverse=True):
        remove_any(os.path.join(target, key))
        changed += 1
    for key in sorted(after):
        if before.get(key) != after[key]:
            try:
                copy_one(os.path.join(source, key),
                         os.path.join(target, key), after[key])
                changed += 1
            except FileNotFoundError:
                pass
    return changed


def digests(file):
    return [block.contents_sha256.hex() for block in file.blocks]


def copy_anew(source, target):
    """Never into a file that is there: a block may be in it."""
    shutil.copy2(source, target + ".fake-tmp")
    os.replace(target + ".fake-tmp", target)


class Volume:
    def __init__(self, base, name, env, version, ephemeral):
        self.id = new_id("vo-")
        self.name, self.env, self.version = name, env, version
        self.ephemeral = ephemeral
        self.created = time.time()
        self.dir = os.path.join(base, self.id)
        self.lock = asyncio.Lock()
        os.makedirs(self.dir)

    def path(self, path):
        return safe_join(self.dir, path)


class Mount:
    """A sandbox's own copy of a volume."""

    def __init__(self, volume, path, folder, read_only, sub_path):
        self.volume, self.path, self.dir = volume, path, folder
        self.read_only, self.sub_path = read_only, sub_path
        self.base = {}

    def source(self):
        return safe_join(self.volume.dir, self.sub_path)

    def load(self):
        source = self.source()
        os.makedirs(source, exist_ok=True)
        os.makedirs(self.dir, exist_ok=True)
        there = manifest(source)
        apply(source, self.dir, manifest(self.dir), there)
        self.base = manifest(self.dir)

    def push(self):
        now = manifest(self.dir)
        changed = apply(self.dir, self.source(), self.base, now)
        self.base = now
        return changed

    async def commit(self, full):
        if self.read_only:
            return 0
        async with self.volume.lock:
            if full and manifest(self.dir) != self.base:
                raise RpcFail("RESOURCE_EXHAUSTED", "the volume is full")
            return await asyncio.to_thread(self.push)

    async def reload(self, full):
        await self.commit(full)
        async with self.volume.lock:
            await asyncio.to_thread(self.load)


class Store:
    """All volumes, and the blocks that came by presigned URL."""

    def __init__(self, folder, knobs, tokens):
        self.knobs, self.tokens = knobs, tokens
        self.volume_dir = os.path.join(folder, "volumes")
        os.makedirs(self.volume_dir)
        self.blocks = blocks.Blocks(os.path.join(folder, "blocks"))
        self.contents = Contents(os.path.join(folder, "contents"), self.sign)
        self.volumes = {}
        self.url = ""
        self.counts = {"put": 0, "get": 0, "put_bytes": 0, "get_bytes": 0}
        self.refuse = []
        self.answers = 0  # with URLs
        self.used = collections.Counter()  # of one's

    # -- volumes

    def get(self, volume_id):
        self.reap()
        if volume_id not in self.volumes:
            raise RpcFail("NOT_FOUND", "no such volume: " + volume_id)
        return self.volumes[volume_id]

    def find(self, name, env):
        for volume in self.volumes.values():
            if not volume.ephemeral and (volume.name, volume.env) == \
                    (name, env):
                return volume
        return None

    def create(self, name, env, version, ephemeral=False):
        volume = Volume(self.volume_dir, name, env, version or 1, ephemeral)
        volume.beaten = self.knobs.now()
        self.volumes[volume.id] = volume
        return volume

    def delete(self, volume_id):
        volume = self.get(volume_id)
        del self.volumes[volume_id]
        shutil.rmtree(volume.dir, ignore_errors=True)

    def forget(self):
        """As if no file had ever come."""
        self.blocks.forget()
        for volume in self.volumes.values():
            remove_all(volume.dir)

    def reap(self):
        limit = self.knobs.now() - self.knobs.ephemeral_secs
        for volume in list(self.volumes.values()):
            if volume.ephemeral and volume.beaten < limit:
                self.volumes.pop(volume.id, None)
                shutil.rmtree(volume.dir, ignore_errors=True)

    # -- presigned URLs

    def sign(self, verb, what):
        until = int(time.time() + self.knobs.url_secs)
        text = "%s %s %d %d" % (verb, what, until, self.answers)
        return "%s/%s?until=%d&answer=%d&sig=%s" % (
            self.url, what, until, self.answers,
            self.tokens.sign(text).hex())

    def checked(self, verb, target):
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        what, until = url.path[1:], int(query.get("until", "0"))
        answer = int(query.get("answer", "0"))
        text = "%s %s %d %d" % (verb, what, until, answer)
        good = self.tokens.sign(text).hex() == query.get("sig")
        with self.blocks.lock:
            self.used[answer] += 1
        if 0 < self.knobs.url_uses < self.used[answer]:
            return None
        return what if good and until > time.time() else None

    def receipt(self, digest):
        return b"stored " + self.tokens.sign("block " + digest)[:12]

    def count(self, kind, size):
        with self.blocks.lock:
            self.counts[kind] += 1
            self.counts[kind + "_bytes"] += size

    def answer(self, method, target, headers, body):
        """The block store's side of HTTP, in a thread of the connection's."""
        what = self.checked(method, target) or ""
        if method == "PUT" and what.startswith("block/"):
            return self.put(what[6:], headers, body)
        data = bytearray()
        body(headers, data.extend)
        refused = self.refusal()
        if refused:
            return refused
        if not what:
            return 403, "text/plain", b"the signature is wrong or too old"
        if method == "PUT" and what.startswith("blob/"):
            return self.contents.put(what[5:], headers, bytes(data))
        if method == "GET" and what.startswith(("file/", "bare/")):
            return self.fetch(what)
        return 405, "text/plain", b""

    def refusal(self):
        """Of the next answer, if there is one, after the way there."""
        if self.knobs.delay_ms:
            time.sleep(self.knobs.delay_ms / 1000)
        with self.blocks.lock:
            if self.refuse:
                return self.refuse.pop(0), "text/plain", b"injected"
        return None

    def put(self, digest, headers, body):
        writer, refused, good = self.blocks.writer(digest), True, False
        try:
            body(headers, writer.write)
            refused = self.refusal()
            if not refused and self.knobs.volume_full:
                refused = 507, "text/plain", b"the volume is full"
        finally:
            good = writer.end(not refused)
        if refused:
            return refused
        if not good:
            return 400, "text/plain", b"these are not the block's bytes"
        self.count("put", writer.size)
        return 200, "application/octet-stream", self.receipt(digest)

    def fetch(self, what):
        kind, volume_id, start, size, stamp, path = what.split("/", 5)
        try:
            name = self.get(volume_id).path(urllib.parse.unquote(path))
            with open(name, "rb") as fp:
                if self.stamp(os.fstat(fp.fileno())) != stamp:
                    raise FileNotFoundError
                data = os.pread(fp.fileno(), int(size), int(start))
        except (OSError, RpcFail):
            self.count("get", 0)
            return 404, "text/plain", b"gone"
        more = ()
        if kind == "bare":
            data = data.rstrip(b"\0")
            more = (self.repr_digest(data),)
        self.count("get", len(data))
        return 200, "application/octet-stream", data, *more

    @staticmethod
    def stamp(st):
        """Names the bytes of a file: blocks are never other ones."""
        return hashlib.sha256(b"%d %d %d" % (
            st.st_ino, st.st_size, st.st_mtime_ns)).hexdigest()[:12]

    @staticmethod
    def repr_digest(data):
        return "Repr-Digest", "sha-256=:%s:" % base64.b64encode(
            hashlib.sha256(data).digest()).decode()

    # -- the volume's RPCs that move data

    def missing_blocks(self, request):
        self.answers += 1
        for fi, file in enumerate(request.files):
            if len(file.blocks) != (file.size + BLOCK - 1) // BLOCK:
                raise RpcFail("INVALID_ARGUMENT",
                              "%s: wrong number of blocks" % file.path)
            self.blocks.expect(digests(file))
            for bi, block in enumerate(file.blocks):
                digest = block.contents_sha256.hex()
                if len(digest) != 64:
                    raise RpcFail("INVALID_ARGUMENT", "a hash has 32 bytes")
                if block.WhichOneof("uploaded") and \
                        block.put_response != self.receipt(digest):
                    raise RpcFail("INVALID_ARGUMENT",
                                  "put_response is not what the PUT said")
                if not self.blocks.has(digest):
                    yield fi, bi, self.sign("PUT", "block/" + digest)

    async def put_files(self, request):
        volume = self.get(request.volume_id)
        for file in request.files:
            target = volume.path(file.path)
            if request.disallow_overwrite_existing_files and \
                    os.path.lexists(target):
                raise RpcFail("ALREADY_EXISTS",
                              file.path + " is already there")
        if self.knobs.volume_full and any(f.size for f in request.files):
            raise RpcFail("RESOURCE_EXHAUSTED", "the volume is full")
        missing = list(self.missing_blocks(request))
        if missing:
            return missing
        async with volume.lock:
            await asyncio.to_thread(self.assemble, volume, request)
        return []

    def assemble(self, volume, request):
        for file in request.files:
            target = volume.path(file.path)
            if os.path.isdir(target):
                raise RpcFail("INVALID_ARGUMENT",
                              file.path + " is a directory")
            try:
                os.makedirs(os.path.dirname(target), exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise RpcFail("INVALID_ARGUMENT", "a parent of %s is a file"
                              % file.path) from None
            self.blocks.assemble(target + ".fake-tmp", digests(file),
                                 file.size)
            os.chmod(target + ".fake-tmp", file.mode & 0o7777 or 0o644)
            os.rename(target + ".fake-tmp", target)

    def get_file(self, request):
        volume = self.get(request.volume_id)
        path = volume.path(request.path)
        if not os.path.isfile(path):
            raise RpcFail("NOT_FOUND", "no such file: " + request.path)
        self.answers += 1
        stamp = self.stamp(os.stat(path))
        size = os.path.getsize(path)
        start = min(request.start, size)
        end = min(start + request.len, size) if request.len else size
        urls, at = [], start
        while at < end:
            step = min(end, (at // BLOCK + 1) * BLOCK)
            urls.append(self.sign("GET", "%s/%s/%d/%d/%s/%s" % (
                "bare" if request.client_pads_blocks else "file",
                volume.id, at, step - at, stamp,
                urllib.parse.quote(os.path.relpath(path, volume.dir)))))
            at = step
        return urls, size, start, end - start

    def list_files(self, request):
        volume = self.get(request.volume_id)
        top = volume.path(request.path)
        if not os.path.lexists(top):
            raise RpcFail("NOT_FOUND", "no such path: " + request.path)
        if not os.path.isdir(top):
            yield self.describe(volume, top)
            return
        for folder, dirs, files in os.walk(top):
            dirs.sort()
            for name in sorted(dirs + files):
                yield self.describe(volume, os.path.join(folder, name))
            if not request.recursive:
                return

    @staticmethod
    def describe(volume, path):
        st = os.lstat(path)
        kind = 1
        for test, number in ((stat.S_ISDIR, 2), (stat.S_ISLNK, 3),
                             (stat.S_ISFIFO, 4), (stat.S_ISSOCK, 5)):
            if test(st.st_mode):
                kind = number
        return (os.path.relpath(path, volume.dir), kind, int(st.st_mtime),
                st.st_size if kind == 1 else 0)

    def remove_file(self, request):
        path = self.get(request.volume_id).path(request.path)
        if not os.path.lexists(path):
            raise RpcFail("NOT_FOUND", "no such path: " + request.path)
        if os.path.isdir(path) and not request.recursive:
            raise RpcFail("INVALID_ARGUMENT",
                          request.path + " is a directory")
        remove_any(path)

    def copy_files(self, request):
        volume = self.get(request.volume_id)
        target = volume.path(request.dst_path)
        into = os.path.isdir(target)
        if len(request.src_paths) > 1 and not into:
            raise RpcFail("INVALID_ARGUMENT",
                          request.dst_path + " is no directory")
        for name in request.src_paths:
            source = volume.path(name)
            if not os.path.lexists(source):
                raise RpcFail("NOT_FOUND", "no such path: " + name)
            to = os.path.join(target, os.path.basename(source)) \
                if into else target
            if os.path.isdir(source):
                if not request.recursive:
                    raise RpcFail("INVALID_ARGUMENT",
                                  name + " is a directory")
                shutil.copytree(source, to, dirs_exist_ok=True,
                                copy_function=copy_anew)
            else:
                os.makedirs(os.path.dirname(to), exist_ok=True)
                copy_anew(source, to)
