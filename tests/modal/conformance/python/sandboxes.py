"""A sandbox is made, and found again."""
import re

import modal
from modal import exception

from .suite import APP, V2, Part, raises, same, text_of

check = Part()


@check("sandbox: create")
async def create_one(s):
    s.sb = await s.create(
        cpu=0.5, memory=512, timeout=600, idle_timeout=500,
        name="conf-1", workdir="/workspace", block_network=True,
        env={"GIVEN": "by create"}, tags={"made": "by-conformance"},
        volumes={"/workspace": s.volume})
    same(bool(re.fullmatch("sb-[A-Za-z0-9]{22}", s.sb.object_id)),
         not V2)


@check("sandbox: the name is taken")
async def name_taken(s):
    await raises(exception.AlreadyExistsError,
                 s.create(name="conf-1"))


@check("sandbox: runs")
async def runs(s):
    same(await s.sb.poll.aio(), None)


@check("sandbox: tags")
async def tags(s):
    first = await s.sb.get_tags.aio()
    await s.sb.set_tags.aio({"other": "tag"})
    same((first, await s.sb.get_tags.aio()),
         ({"made": "by-conformance"}, {"other": "tag"}))


@check("sandbox: list by app and tags")
async def listed(s):
    found, none = [[b.object_id async for b in modal.Sandbox.list.aio(
        app_id=s.app.app_id, tags={"other": value})]
        for value in ("tag", "one")]
    same((found, none), ([s.sb.object_id], []))


@check("sandbox: from_name, from_id")
async def attached(s):
    a = await modal.Sandbox.from_name.aio(APP, "conf-1")
    b = await modal.Sandbox.from_id.aio(s.sb.object_id)
    p = await b.exec.aio("echo", "attached")
    same((a.object_id, await text_of(p)),
         (s.sb.object_id, "attached\n"))
    await b.detach.aio()


@check("sandbox: from_name of none")
async def name_none(s):
    await raises(exception.NotFoundError,
                 modal.Sandbox.from_name.aio(APP, "conf-none"))


@check("sandbox: from_id of none")
async def id_none(s):
    last = "a" if s.sb.object_id[-1] != "a" else "b"
    await raises(exception.NotFoundError, modal.Sandbox.from_id.aio(
        s.sb.object_id[:-1] + last))
