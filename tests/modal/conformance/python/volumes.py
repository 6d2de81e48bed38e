"""Files of volumes, without a sandbox."""
import io
import os
import tempfile

import modal
from modal import exception

from .suite import BIG, BLOCK, Part, bytes_of, order, put, raises, same

check = Part()


@check("volume: absent one is not found")
async def volume_absent(s):
    await raises(exception.NotFoundError, modal.Volume.from_name(
        "no-such-volume").hydrate.aio())


@check("volume: made")
async def volume_made(s):
    s.volume = modal.Volume.from_name(
        "viva-conf", create_if_missing=True, version=2)
    await s.volume.hydrate.aio()
    same(s.volume.object_id[:3], "vo-")


@check("volume: it has another version")
async def volume_version(s):
    await raises(exception.InvalidError, modal.Volume.from_name(
        "viva-conf", version=1).hydrate.aio())

@check("volume: put in blocks")
async def volume_put(s):
    order("/log", {})
    await put(s.volume, "/dir/big.bin", BIG)
    log = order("/log")
    same((log["blocks"]["put"], log["counts"]["VolumePutFiles2"]),
         (2, 2))


@check("volume: put what is there already, without a byte")
async def volume_put_again(s):
    order("/log", {})
    await put(s.volume, "/dir/same.bin", BIG)
    await put(s.volume, "/empty", b"")
    log = order("/log")
    same((log["blocks"]["put"], log["counts"]["VolumePutFiles2"]),
         (0, 2))


@check("volume: a block is refused, then taken")
async def volume_put_refused(s):
    order("/blocks", {"refuse": [503]})
    await put(s.volume, "/third", b"third time")
    same(await bytes_of(s.volume, "third"), b"third time")


@check("volume: no file is overwritten unasked")
async def volume_overwrite(s):
    await raises(FileExistsError, put(s.volume, "/third", b"other"))
    await put(s.volume, "/third", b"other", force=True)
    same(await bytes_of(s.volume, "third"), b"other")


@check("volume: read back")
async def volume_read(s):
    same(await bytes_of(s.volume, "dir/big.bin") == BIG, True)
    out = io.BytesIO()
    n = await s.volume.read_file_into_fileobj.aio("dir/same.bin", out)
    same((n, out.getvalue() == BIG), (len(BIG), True))
    same(await bytes_of(s.volume, "empty"), b"")


@check("volume: a block's GET is refused, then answered")
async def volume_read_refused(s):
    order("/blocks", {"refuse": [503]})
    same(await bytes_of(s.volume, "third"), b"other")


@check("volume: blocks of zeros come without them")
async def volume_zeros(s):
    data = b"x" + bytes(BLOCK) + b"y" + bytes(BLOCK)
    await put(s.volume, "/zeros", data)
    order("/log", {})
    same(await bytes_of(s.volume, "zeros") == data, True)
    same(order("/log")["blocks"]["get_bytes"] < BLOCK, True)


@check("volume: directory of this machine")
async def volume_directory(s):
    with tempfile.TemporaryDirectory(prefix="conf.") as folder:
        os.mkdir(folder + "/sub")
        for name, mode in (("a", 0o644), ("sub/b", 0o755)):
            with open(folder + "/" + name, "wb") as fp:
                fp.write(name.encode())
            os.chmod(folder + "/" + name, mode)
        async with s.volume.batch_upload.aio() as batch:
            batch.put_directory(folder, "/tree")
    same(await bytes_of(s.volume, "tree/sub/b"), b"sub/b")


@check("volume: list, copy, remove")
async def volume_list(s):
    volume = s.volume
    await volume.copy_files.aio(["third"], "tree/copy")
    await volume.remove_file.aio("third")
    await volume.remove_file.aio("zeros")
    await volume.remove_file.aio("dir/same.bin")
    await volume.remove_file.aio("empty")
    same(sorted([(e.path, e.type.name, e.size) for e in
                 await volume.listdir.aio("/", recursive=True)]),
         [("dir", "DIRECTORY", 0), ("dir/big.bin", "FILE",
                                    len(BIG)),
          ("tree", "DIRECTORY", 0), ("tree/a", "FILE", 1),
          ("tree/copy", "FILE", 5), ("tree/sub", "DIRECTORY", 0),
          ("tree/sub/b", "FILE", 5)])
    same([e.path for e in await volume.listdir.aio("tree/sub")],
         ["tree/sub/b"])
    await volume.remove_file.aio("tree", recursive=True)


@check("volume: what is not there")
async def volume_missing(s):
    await raises(FileNotFoundError, bytes_of(s.volume, "no"))
    await raises(FileNotFoundError, s.volume.remove_file.aio("no"))
    await raises(exception.NotFoundError, s.volume.listdir.aio("no"))


@check("volume of the first version: small files and a large one")
async def volume1(s):
    volume = modal.Volume.from_name("viva-old", create_if_missing=True,
                                    version=1)
    large = BIG[:5 << 20]
    async with volume.batch_upload.aio() as batch:
        batch.put_file(io.BytesIO(b"small"), "/sub/small", mode=0o755)
        batch.put_file(io.BytesIO(large), "/large")
    same((await bytes_of(volume, "sub/small"),
          await bytes_of(volume, "large") == large), (b"small", True))
    await raises(FileExistsError, put(volume, "/large", b"other"))
    await volume.copy_files.aio(["sub/small"], "copy")
    await volume.remove_file.aio("large")
    same(sorted([e.path for e in await volume.listdir.aio(
        "/", recursive=True)]), ["copy", "sub", "sub/small"])
    await modal.Volume.objects.delete.aio("viva-old")


@check("volume: among those of the account, and by its id")
async def volume_account(s):
    found = await modal.Volume.objects.list.aio()
    same([v.name for v in found], ["viva-conf"])
    again = modal.Volume.from_id(s.volume.object_id)
    await again.hydrate.aio()
    same((await again.info.aio()).name, "viva-conf")
