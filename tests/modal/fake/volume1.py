"""Volumes of the first version: their files' RPCs, and blobs."""
import asyncio
import base64
import hashlib
import os
import shutil

from .base import RpcFail, new_id

INLINE = 4 << 20  # larger contents are blobs


class Contents:
    """Whole files by their hash, as volumes of the first version have them,
    and the blobs by which large ones come."""

    def __init__(self, folder, sign):
        self.dir, self.sign = folder, sign
        os.makedirs(folder)
        self.blobs = {}

    def path(self, digest):
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise RpcFail("INVALID_ARGUMENT", "a sha256_hex is 64 digits")
        return os.path.join(self.dir, digest)

    def has(self, digest):
        return os.path.exists(self.path(digest))

    def keep(self, digest, data):
        if hashlib.sha256(data).hexdigest() != digest:
            raise RpcFail("INVALID_ARGUMENT", "the contents have another "
                          "hash")
        with open(self.path(digest), "wb") as fp:
            fp.write(data)

    def blob(self, request):
        blob_id = new_id("bl-")
        self.blobs[blob_id] = [request, None]
        return blob_id, self.sign("PUT", "blob/" + blob_id)

    def put(self, blob_id, headers, body):
        """The PUT to a blob's URL, as S3 takes it."""
        if blob_id not in self.blobs:
            return 404, "text/plain", b"no such blob"
        wanted = self.blobs[blob_id][0]
        md5 = hashlib.md5(body)
        digest = base64.b64encode(md5.digest()).decode()
        if headers.get("content-md5", digest) != digest \
                or wanted.content_md5 not in ("", digest):
            return 400, "text/plain", (
                b"The Content-MD5 you specified did not match what we "
                b"received.")
        if len(body) != wanted.content_length:
            return 400, "text/plain", b"another length was told"
        self.blobs[blob_id][1] = body
        return 200, "text/plain", b"", ("ETag", '"%s"' % md5.hexdigest())

    def take_blob(self, blob_id):
        if self.blobs.get(blob_id, [None, None])[1] is None:
            raise RpcFail("NOT_FOUND", "no such blob: " + blob_id)
        return self.blobs.pop(blob_id)[1]


class Volume1:
    """A part of the control plane."""

    def first_version(self, volume_id):
        volume = self.store.get(volume_id)
        if volume.version != 1:
            raise RpcFail("INVALID_ARGUMENT",
                          "the volume is of the second version")
        return volume

    async def MountPutFile(self, _call, request):
        contents, digest = self.store.contents, request.sha256_hex
        kind = request.WhichOneof("contents")
        if self.knobs.volume_full and kind:
            raise RpcFail("RESOURCE_EXHAUSTED", "the volume is full")
        if kind == "data":
            if len(request.data) >= INLINE:
                raise RpcFail("INVALID_ARGUMENT", "that is one for a blob")
            contents.keep(digest, request.data)
        elif kind:
            contents.keep(digest, contents.take_blob(request.data_blob_id))
        return self.more.MountPutFileResponse(exists=contents.has(digest))

    async def BlobCreate(self, _call, request):
        blob_id, url = self.store.contents.blob(request)
        answer = self.more.BlobCreateResponse(blob_ids=[blob_id])
        answer.upload_urls.items.append(url)
        return answer

    async def VolumePutFiles(self, _call, request):
        volume, contents = self.first_version(request.volume_id), \
            self.store.contents
        for file in request.files:
            if not contents.has(file.sha256_hex):
                raise RpcFail("NOT_FOUND", "%s: its contents never came"
                              % file.filename)
            target = volume.path(file.filename)
            if os.path.isdir(target):
                raise RpcFail("INVALID_ARGUMENT",
                              file.filename + " is a directory")
            if request.disallow_overwrite_existing_files \
                    and os.path.lexists(target):
                raise RpcFail("ALREADY_EXISTS",
                              file.filename + " is already there")
        async with volume.lock:
            for file in request.files:
                target = volume.path(file.filename)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(contents.path(file.sha256_hex),
                                target + ".fake-tmp")
                os.chmod(target + ".fake-tmp", file.mode & 0o7777 or 0o644)
                os.rename(target + ".fake-tmp", target)
        return self.pb.Empty()

    async def VolumeListFiles(self, call, request):
        self.first_version(request.volume_id)
        async for answer, size in self.VolumeListFiles2(call, request):
            yield answer, size

    async def VolumeRemoveFile(self, _call, request):
        self.first_version(request.volume_id)
        self.store.remove_file(request)
        return self.pb.Empty()

    async def VolumeCopyFiles(self, _call, request):
        self.first_version(request.volume_id)
        if request.recursive:
            raise RpcFail("INVALID_ARGUMENT",
                          "the first version copies no directories")
        await asyncio.to_thread(self.store.copy_files, request)
        return self.pb.Empty()
