"""One act, as viva does it, with Python's official client: for a recording
of its requests (see act.mjs, act.c).

fake-modal --plain --record F -- python act.py

ACT: JSON that changes the values below.  Prints the milliseconds until the
shell's first output and until the end.
"""
import asyncio
import json
import os
import time

import modal

ACT = {
    "app": "viva", "image": "debian:bookworm-slim", "lines": [],
    "volume": "viva-act-one", "name": "viva-act-one",
    "tags": {"viva": "session"}, "cpu": 1, "memory": 2048, "timeout": 14400,
    "idle": 0, "blockNetwork": True, "env": {},
    "shell": ["bash", "--norc", "-i"], "input": "echo o''k\r",
    "wanted": "ok\r\n", "leave": "exit 3\r",
    "program": ["sh", "-c", "echo out"], "file": "/workspace/solution.py",
    "text": "print(42)\n", **json.loads(os.environ.get("ACT", "{}"))}


async def send(process, text):
    process.stdin.write(text)
    await process.stdin.drain.aio()


async def main(act):
    began = time.monotonic()
    app = await modal.App.lookup.aio(act["app"], create_if_missing=True)
    image = modal.Image.from_registry(act["image"])
    if act["lines"]:
        image = image.dockerfile_commands(*act["lines"])
    volume = modal.Volume.from_name(act["volume"], create_if_missing=True,
                                    version=2)
    await asyncio.gather(volume.hydrate.aio(), image.build.aio(app))
    more = {"idle_timeout": act["idle"]} if act["idle"] else {}
    sb = await modal.Sandbox.create.aio(
        "sleep", "infinity", app=app, image=image, cpu=act["cpu"],
        memory=act["memory"], timeout=act["timeout"], name=act["name"],
        tags=act["tags"], block_network=act["blockNetwork"], env=act["env"],
        volumes={"/workspace": volume}, **more)

    shell = await sb.exec.aio(*act["shell"], pty=True, workdir="/workspace")
    it = aiter(shell.stdout)
    out = await anext(it)
    prompt = time.monotonic() - began
    await send(shell, act["input"])
    while act["wanted"] not in out:
        out += await anext(it)

    await sb.filesystem.write_text.aio(act["text"], act["file"])
    await (await sb.exec.aio("sync", "/workspace", workdir="/")).wait.aio()
    program = await sb.exec.aio(*act["program"], workdir="/workspace")
    await asyncio.gather(program.stdout.read.aio(),
                         program.stderr.read.aio())
    await program.wait.aio()

    await send(shell, act["leave"])
    async for _ in it:
        pass
    await shell.wait.aio()
    await sb.terminate.aio()
    print(json.dumps({"prompt_ms": round(prompt * 1000), "all_ms": round(
        (time.monotonic() - began) * 1000)}))


asyncio.run(main(ACT))
