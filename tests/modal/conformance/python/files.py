"""Files in the sandbox."""
import contextlib
import os
import tempfile

from modal import exception
from modal.types import FileType

from .suite import BIG, Part, order, raises, same

check = Part()


@check("files: text")
async def file_text(s):
    await s.files.write_text.aio("some text\n", "/workspace/sub/a.txt")
    same(await s.files.read_text.aio("/workspace/sub/a.txt"),
         "some text\n")


@check("files: bytes")
async def file_bytes(s):
    data = os.urandom(3 << 20)
    await s.files.write_bytes.aio(data, "/workspace/b.bin")
    same(await s.files.read_bytes.aio("/workspace/b.bin") == data, True)


@check("files: a write that breaks goes on where it stood")
async def file_resumed(s):
    data = os.urandom(6 << 20)
    order("/faults", {"rpc": "TaskExecStdinWriteStream",
                      "after_bytes": 3 << 20, "code": "UNAVAILABLE"})
    await s.files.write_bytes.aio(data, "/workspace/r.bin")
    same(order("/faults"), [])
    same(await s.files.read_bytes.aio("/workspace/r.bin") == data, True)


@check("files: the answer to a write is lost")
async def file_answer(s):
    order("/faults", {"rpc": "TaskExecStdinWriteStream", "after": True,
                      "code": "UNAVAILABLE"})
    await s.files.write_text.aio("whole", "/workspace/w.txt")
    same((await s.files.read_text.aio("/workspace/w.txt"),
          order("/faults")), ("whole", []))


@check("files: to and from this machine")
async def file_copy(s):
    with tempfile.TemporaryDirectory(prefix="conf.") as folder:
        data = os.urandom(100000)
        with open(folder + "/in", "wb") as fp:
            fp.write(data)
        await s.files.copy_from_local.aio(folder + "/in", "/workspace/c")
        await s.files.copy_to_local.aio("/workspace/c", folder + "/out")
        with open(folder + "/out", "rb") as fp:
            same(fp.read() == data, True)


@check("files: what was on the volume")
async def file_volume(s):
    same(await s.files.read_bytes.aio("/workspace/dir/big.bin")
         == BIG, True)


@check("files: list")
async def file_list(s):
    f, = await s.files.list_files.aio("/workspace/sub")
    same((f.name, f.path, f.type, f.size, type(f.modified_time),
          f.symlink_target), ("a.txt", "/workspace/sub/a.txt",
                              FileType.FILE, 10, float, None))


@check("files: stat of a link")
async def file_stat(s):
    await (await s.exec("ln", "-s", "a.txt", "/workspace/sub/l")
           ).wait.aio()
    f = await s.files.stat.aio("/workspace/sub/l")
    same((f.type, f.symlink_target), (FileType.SYMLINK, "a.txt"))


@check("files: make directories, remove")
async def file_dirs(s):
    await s.files.make_directory.aio("/workspace/x/y")
    await s.files.remove.aio("/workspace/x", recursive=True)
    await raises(exception.SandboxFilesystemNotFoundError,
                 s.files.stat.aio("/workspace/x"))


@check("files: errors")
async def file_errors(s):
    for kind, call in (
            ("NotFound", s.files.read_text.aio("/workspace/no")),
            ("IsADirectory", s.files.read_text.aio("/workspace")),
            ("IsADirectory", s.files.write_text.aio("", "/workspace")),
            ("NotADirectory", s.files.write_text.aio(
                "", "/workspace/sub/a.txt/x")),
            ("NotADirectory", s.files.write_bytes.aio(
                bytes(2 << 20), "/workspace/sub/a.txt/x")),
            ("NotADirectory", s.files.list_files.aio(
                "/workspace/sub/a.txt")),
            ("DirectoryNotEmpty", s.files.remove.aio("/workspace/sub")),
            ("PathAlreadyExists", s.files.make_directory.aio(
                "/workspace/sub", create_parents=False))):
        await raises(getattr(exception, "SandboxFilesystem%sError"
                             % kind), call)


@check("files: watch")
async def file_watch(s):
    p = await s.sh("while [ ! -e /workspace/.seen ]; do echo x > "
                   "/workspace/sub/watched; sleep 0.05; done")
    async with contextlib.aclosing(s.files.watch.aio(
            "/workspace", recursive=True)) as events:
        async for event in events:
            if "/workspace/sub/watched" in event.paths:
                break
    await s.files.write_text.aio("", "/workspace/.seen")
    same(await p.wait.aio(), 0)
