"""Account, app and image."""
import re

import modal
from modal import exception

from .suite import APP, Part, counts, order, raises, same

check = Part()


@check("account: hello")
async def hello(s):
    client = await modal.Client.from_env.aio()
    await client.hello.aio()


@check("app: absent one is not found")
async def app_absent(s):
    await raises(exception.NotFoundError,
                 modal.App.lookup.aio("no-such-app"))


@check("app: made, then the same")
async def app_made(s):
    s.app = await modal.App.lookup.aio(APP, create_if_missing=True)
    again = await modal.App.lookup.aio(APP)
    same(again.app_id, s.app.app_id)


def made_of(*lines):
    image = modal.Image.from_registry("debian:bookworm-slim")
    return image.dockerfile_commands(*lines) if lines else image


@check("image: two layers are built")
async def image_built(s):
    s.image = made_of("RUN apt-get update")
    await s.image.build.aio(s.app)
    same(bool(re.fullmatch("im-[A-Za-z0-9]{22}", s.image.object_id)),
         True)


@check("image: the second time it is there")
async def image_again(s):
    before = counts()["ImageJoinStreaming"]
    again = made_of("RUN apt-get update")
    await again.build.aio(s.app)
    same((again.object_id, counts()["ImageJoinStreaming"]),
         (s.image.object_id, before))


@check("image: a build that fails, and its log")
async def image_fails(s):
    order("/knobs", {"build_fails": "break-here"})
    bad = made_of("RUN break-here")
    e = await raises(exception.Error, bad.build.aio(s.app))
    same("break-here" in str(e), True)


@check("image: the stream of its log breaks")
async def image_stream(s):
    order("/faults", {"rpc": "ImageJoinStreaming", "after_bytes": 0,
                      "code": "UNAVAILABLE"})
    image = made_of("RUN other")
    await image.build.aio(s.app)
    same(order("/faults"), [])


@check("image: a ready one, by its id")
async def image_id(s):
    image = modal.Image.from_id(s.image.object_id)
    await image.build.aio(s.app)
    same(image.object_id, s.image.object_id)
