"""What of a sandbox is on its volume, and its end; then everybody's."""
import asyncio

import modal
from modal import exception

from .suite import (
    APP, Part, bytes_of, counts, order, put, raises, same, text_of)

check = Part()


@check("sync: what a program writes is on the volume")
async def sync(s):
    await s.files.write_text.aio("from inside", "/workspace/in.txt")
    p = await s.exec("sync", "/workspace", workdir="/")
    same((await p.wait.aio(), await bytes_of(s.volume, "in.txt")),
         (0, b"from inside"))


@check("reload: busy while a program is there")
async def reload_busy(s):
    p = await s.sh("echo in; read x", workdir="/workspace")
    it = aiter(p.stdout)
    same(await anext(it), "in\n")
    await raises(exception.ConflictError,
                 s.sb.reload_volumes.aio())
    p.stdin.write_eof()
    await p.stdin.drain.aio()
    same([part async for part in it], [])
    await p.wait.aio()


@check("reload: what was put is in the sandbox")
async def reload(s):
    await put(s.volume, "/from-outside", b"outside")
    await s.sb.reload_volumes.aio()
    same(await s.files.read_text.aio("/workspace/from-outside"),
         "outside")


@check("sandbox: one more, and its own command")
async def own_command(s):
    other = await s.create("sh", "-c", "exit 9", timeout=60)
    await other.wait.aio()
    same((other.returncode, await other.poll.aio()), (9, 9))


@check("sandbox: what its own command writes and reads")
async def own_stdio(s):
    other = await s.create(
        "sh", "-c", "echo begin; echo err >&2; cat; printf 'end \\303'; "
        "printf '\\251'", timeout=60)
    it = aiter(other.stdout)
    same(await anext(it), "begin\n")
    for part in ("one\n", "two\n"):
        other.stdin.write(part)
        await other.stdin.drain.aio()
        same(await anext(it), part)
    other.stdin.write_eof()
    await other.stdin.drain.aio()
    same([line async for line in it], ["end \u00e9"])
    same(await other.stderr.read.aio(), "err\n")
    await other.wait.aio()
    same(other.returncode, 0)


@check("sandbox: its time is up")
async def box_time(s):
    other = await s.create("sleep", "100", timeout=1)
    await raises(exception.SandboxTimeoutError, other.wait.aio())
    same(other.returncode, 124)


@check("jwt: a new one when the old ends")
async def jwt(s):
    # Over for the client from the beginning, for the server then.
    order("/knobs", {"router_jwt_secs": 60, "clock_secs": -120})
    other = await s.create("sleep", "100", timeout=60)
    await (await other.exec.aio("true")).wait.aio()
    order("/knobs", {"router_jwt_secs": 1200, "clock_secs": 0})
    p = await other.exec.aio("echo", "let in")
    text = await text_of(p)
    await other.terminate.aio()
    same(text, "let in\n")


@check("sandbox: terminate")
async def terminate(s):
    await s.sb.terminate.aio(wait=True)
    again = await modal.Sandbox.from_id.aio(s.sb.object_id)
    same(await again.poll.aio(), 137)
    await raises(exception.SandboxTerminatedError, again.wait.aio())


@check("exec: in a sandbox that has ended")
async def ended(s):
    again = await modal.Sandbox.from_id.aio(s.sb.object_id)
    await raises(exception.Error, again.exec.aio("true"))


@check("sandbox: its last commit")
async def last_commit(s):
    same(await bytes_of(s.volume, "sub/a.txt"), b"some text\n")


@check("sandbox: then there is none of the name")
async def name_gone(s):
    await raises(exception.NotFoundError,
                 modal.Sandbox.from_name.aio(APP, "conf-1"))


@check("ephemeral volume: beats, and is mounted")
async def ephemeral(s):
    async with modal.Volume.ephemeral.aio() as own:
        other = await s.create("sleep", "100",
                               volumes={"/mnt/e": own})
        p = await other.exec.aio("sh", "-c",
                                 "echo x > /mnt/e/f; cat /mnt/e/f")
        text = await text_of(p)
        await other.terminate.aio(wait=True)
        same((text, counts()["VolumeHeartbeat"] >= 1), ("x\n", True))


@check("volume: delete")
async def volume_delete(s):
    await modal.Volume.objects.delete.aio("viva-conf")
    await raises(exception.NotFoundError, modal.Volume.from_name(
        "viva-conf").hydrate.aio())


@check("account: a refused token")
async def refused(s):
    order("/knobs", {"refuse_token": True})
    try:
        await raises(exception.AuthError, modal.App.lookup.aio("x"))
    finally:
        order("/knobs", {"refuse_token": False})


@check("protocol: no RPC that the fake lacks")
async def unknown(s):
    same(order("/log")["unknown"], [])
