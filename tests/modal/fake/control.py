"""The control plane: accounts, apps, images, sandboxes, volumes."""
import asyncio
import json
import time
import uuid

from .base import RpcFail, Signal, new_id
from .stdio import Logs
from .volume1 import Volume1

LOOKUP, IF_MISSING, FAIL_IF_EXISTS, OVERWRITE, ANONYMOUS, EPHEMERAL = \
    range(6)
READY_IMAGE = "im-" + "0" * 22
V2_RPCS = ("SandboxCreateV2", "SandboxGetTaskIdV2", "SandboxWaitV2",
           "SandboxTerminateV2", "SandboxListV2", "SandboxGetFromNameV2",
           "SandboxTagsSetV2", "SandboxTagsGetV2", "SandboxGetTunnelsV2",
           "SandboxGetCommandRouterAccess")
# Answered again when the same call is tried again.
REPEATABLE = ("SandboxCreate", "SandboxCreateV2", "SecretGetOrCreate",
              "VolumeGetOrCreate", "VolumePutFiles2")
CLIENT_TYPES = range(1, 10)


class Image:
    def __init__(self, commands, knobs):
        self.id = new_id("im-")
        self.began = time.time()
        self.logs = []
        self.result = None
        self.changed = Signal()
        self.task = asyncio.ensure_future(self.build(
            commands, knobs, knobs.build_secs, knobs.build_fails))

    def log(self, text, fd=1):
        self.logs.append((text, time.time(), fd))
        self.changed.fire()

    async def build(self, commands, knobs, secs, bad):
        lines = [c for c in commands if c.strip()]
        for n, line in enumerate(lines):
            self.log("Step %d/%d : %s\n" % (n + 1, len(lines), line))
            # Every step says a few things while it takes its time.
            for part in range(4):
                await asyncio.sleep(secs / (4 * len(lines)))
                self.log(" ---> %d%%\n" % (25 * (part + 1)))
            if bad and bad in line:
                self.log("error: the step failed with status 1\n", 2)
                self.result = {"status": 2, "exception":
                               "Image build for %s failed: %s"
                               % (self.id, line)}
                break
        else:
            while knobs.build_holds:
                await knobs.changed.wait()
            self.log("Successfully built %s\n" % self.id)
            self.result = {"status": 1}
        self.changed.fire()


class Control(Volume1, Logs):
    SERVICE = "modal.client.ModalClient"

    def __init__(self, fake):
        self.fake, self.knobs = fake, fake.knobs
        self.pb, self.more = fake.pb, fake.more
        self.boxes, self.store = fake.boxes, fake.store
        self.apps = {}
        self.images = {}
        self.by_recipe = {}
        self.secrets = {}
        self.replies = {}

    # -- who calls

    def authorize(self, rpc, meta):
        kind = meta.get("x-modal-client-type", "")
        version = meta.get("x-modal-client-version", "")
        if not kind.isdigit() or int(kind) not in CLIENT_TYPES:
            raise RpcFail("FAILED_PRECONDITION", "Unknown client type")
        if not version:
            raise RpcFail("FAILED_PRECONDITION", "Missing client version")
        if self.knobs.old_client:
            raise RpcFail("FAILED_PRECONDITION",
                          "Old client: version %s is no longer supported, "
                          "please upgrade" % version)
        given = [meta.get("x-modal-token-id", ""),
                 meta.get("x-modal-token-secret", "")]
        wanted = [self.knobs.token_id, self.knobs.token_secret]
        if not all(given):
            raise RpcFail("UNAUTHENTICATED", "Token missing. Could not "
                          "authenticate client.")
        if self.knobs.refuse_token or any(
                w and w != g for w, g in zip(wanted, given)):
            raise RpcFail("UNAUTHENTICATED",
                          "Token ID is malformed or unknown")
        jwt = meta.get("x-modal-auth-token")
        if rpc == "AuthTokenGet":
            if jwt:
                raise RpcFail("INVALID_ARGUMENT", "AuthTokenGet has no jwt")
            return {}
        if jwt is None and rpc not in V2_RPCS:
            return {}
        return self.fake.tokens.check("auth", jwt or "")

    async def once(self, call, make):
        """The answer of a call that is tried again stays the same."""
        key = call.meta.get("x-idempotency-key")
        if not key:
            return await make()
        if key not in self.replies:
            self.replies[key] = asyncio.ensure_future(make())
        try:
            return await asyncio.shield(self.replies[key])
        except RpcFail:
            self.replies.pop(key, None)
            raise

    async def ClientHello(self, _call, _request):
        answer = self.pb.ClientHelloResponse()
        if self.knobs.warning:
            answer.server_warnings.add(type=1, message=self.knobs.warning)
        return answer

    async def AuthTokenGet(self, _call, _request):
        return self.pb.AuthTokenGetResponse(token=self.fake.tokens.make(
            "auth", self.knobs.auth_jwt_secs))

    async def WorkspaceNameLookup(self, _call, _request):
        return self.pb.WorkspaceNameLookupResponse(
            workspace_name="fake-workspace", username="someone")

    # -- app, environment, secret

    async def AppGetOrCreate(self, _call, request):
        key = (request.environment_name, request.app_name)
        kind = request.object_creation_type
        if not request.app_name:
            raise RpcFail("INVALID_ARGUMENT", "an app needs a name")
        if kind == LOOKUP and key not in self.apps:
            raise RpcFail("NOT_FOUND", "App '%s' not found" % key[1])
        if kind == FAIL_IF_EXISTS and key in self.apps:
            raise RpcFail("ALREADY_EXISTS", "App '%s' exists" % key[1])
        app_id = self.apps.setdefault(key, new_id("ap-"))
        return self.pb.AppGetOrCreateResponse(app_id=app_id)

    def check_app(self, app_id):
        if app_id not in self.apps.values():
            raise RpcFail("NOT_FOUND", "no such app: " + app_id)

    async def EnvironmentGetOrCreate(self, _call, request):
        answer = self.pb.EnvironmentGetOrCreateResponse(
            environment_id=new_id("en-"))
        answer.metadata.name = request.deployment_name or "main"
        answer.metadata.settings.image_builder_version = \
            self.knobs.builder_version
        return answer

    async def SecretGetOrCreate(self, call, request):
        async def make():
            secret_id = new_id("st-")
            self.secrets[secret_id] = dict(request.env_dict)
            return self.pb.SecretGetOrCreateResponse(secret_id=secret_id)
        return await self.once(call, make)

    # -- images

    async def ImageGetOrCreate(self, _call, request):
        self.check_app(request.app_id)
        image = request.image
        for base in image.base_images:
            if base.image_id not in self.images \
                    and base.image_id != READY_IMAGE:
                raise RpcFail("NOT_FOUND", "no such image: " + base.image_id)
        if not image.dockerfile_commands:
            raise RpcFail("INVALID_ARGUMENT", "the image has no commands")
        if not image.dockerfile_commands[0].upper().startswith("FROM "):
            raise RpcFail("INVALID_ARGUMENT", "the first line is no FROM")
        recipe = json.dumps([request.builder_version,
                             list(image.dockerfile_commands),
                             [b.image_id for b in image.base_images]])
        image_id = self.by_recipe.get(recipe)
        known = self.images.get(image_id)
        if known is None or request.force_build \
                or known.result and known.result["status"] != 1:
            known = Image(image.dockerfile_commands, self.knobs)
            self.images[known.id] = known
            self.by_recipe[recipe] = known.id
            if not self.knobs.build_secs:
                await known.task
        answer = self.pb.ImageGetOrCreateResponse(image_id=known.id)
        if known.result:
            self.fill(answer.result, known.result)
        return answer

    @staticmethod
    def fill(message, result):
        for name, value in result.items():
            setattr(message, name, value)

    async def ImageJoinStreaming(self, _call, request):
        image = self.images.get(request.image_id)
        if image is None:
            raise RpcFail("NOT_FOUND", "no such image: " + request.image_id)
        loop = asyncio.get_running_loop()
        until = loop.time() + (request.timeout or 55)
        at = int((request.last_entry_id or "0-0").split("-")[0])
        if image.result and not request.include_logs_for_finished \
                and not request.last_entry_id:
            at = len(image.logs)
        while True:
            answer = self.pb.ImageJoinStreamingResponse()
            for text, stamp, fd in image.logs[at:]:
                answer.task_logs.add(data=text, timestamp=stamp,
                                     file_descriptor=fd)
            at = len(image.logs)
            if answer.task_logs:
                answer.entry_id = "%d-0" % at
                yield answer, 0
            if image.result and at == len(image.logs):
                last = self.pb.ImageJoinStreamingResponse(eof=True)
                self.fill(last.result, image.result)
                yield last, 0
                return
            left = until - loop.time()
            if left <= 0:
                return
            if at == len(image.logs) and not image.result:
                await image.changed.wait(left)

    async def ImageFromId(self, _call, request):
        if request.image_id not in self.images \
                and request.image_id != READY_IMAGE:
            raise RpcFail("NOT_FOUND", "no such image: " + request.image_id)
        return self.pb.ImageFromIdResponse(image_id=request.image_id)

    # -- sandboxes: making

    def check_definition(self, request):
        self.check_app(request.app_id)
        what = request.definition
        image = self.images.get(what.image_id)
        if image is None and what.image_id != READY_IMAGE:
            raise RpcFail("NOT_FOUND", "no such image: " + what.image_id)
        if image is not None and (not image.result
                                  or image.result["status"] != 1):
            raise RpcFail("FAILED_PRECONDITION", "the image is not built")
        if what.workdir and not what.workdir.startswith("/"):
            raise RpcFail("INVALID_ARGUMENT", "workdir is not absolute")
        for vm in what.volume_mounts:
            if not vm.mount_path.startswith("/"):
                raise RpcFail("INVALID_ARGUMENT",
                              "a mount path is not absolute")
        if len(what.name) > 64:
            raise RpcFail("INVALID_ARGUMENT", "the name is too long")
        if what.timeout_secs > 86400:
            raise RpcFail("INVALID_ARGUMENT", "at most 24 hours")

    async def SandboxCreateV2(self, call, request):
        async def make():
            self.check_definition(request)
            if request.definition.secret_ids:
                raise RpcFail("INVALID_ARGUMENT",
                              "V2 takes secret_sources, not secret_ids")
            env = dict(request.definition.environment_variables.contents)
            env.update(request.ephemeral_secrets.contents)
            for source in request.secret_sources:
                env.update(self.fake.source_env(source))
            box = self.boxes.create(True, request.definition, request.app_id,
                                    request.tags, env)
            answer = self.pb.SandboxCreateV2Response(
                sandbox_id=box.id, task_id=box.task_id,
                sandbox_token=uuid.uuid4().hex)
            answer.metadata.app_id = box.app_id
            if self.knobs.access_in_create:
                answer.command_router_access.CopyFrom(self.access(box))
            return answer
        return await self.once(call, make)

    async def SandboxCreate(self, call, request):
        async def make():
            self.check_definition(request)
            env = dict(request.definition.environment_variables.contents)
            for secret_id in request.definition.secret_ids:
                env.update(self.fake.secret(secret_id))
            box = self.boxes.create(False, request.definition,
                                    request.app_id, request.tags, env)
            answer = self.pb.SandboxCreateResponse(sandbox_id=box.id)
            answer.metadata.app_id = box.app_id
            return answer
        return await self.once(call, make)

    def access(self, box):
        url, host = self.fake.router_url, self.knobs.worker_host
        return self.pb.CommandRouterAccess(
            url="https://%s:%s" % (host, url.rpartition(":")[2])
            if host else url, jwt=self.fake.tokens.make(
                "router", self.knobs.router_jwt_secs, task=box.task_id))

    async def TaskGetCommandRouterAccess(self, _call, request):
        box = self.boxes.task(request.task_id)
        if box.result is not None:
            raise RpcFail("NOT_FOUND", "the task has ended")
        return self.access(box)

    async def SandboxGetCommandRouterAccess(self, _call, request):
        if request.WhichOneof("target") == "sandbox_id":
            box = self.boxes.get(request.sandbox_id, True)
        else:
            box = self.boxes.task(request.task_id)
        if box.result is not None:
            raise RpcFail("FAILED_PRECONDITION", "the sandbox has ended")
        answer = self.access(box)
        answer.worker_ipv4_address = self.knobs.worker_ipv4
        return answer

    # -- sandboxes: the two generations share what they do

    async def task_id(self, v2, request):
        box = self.boxes.get(request.sandbox_id, v2)
        answer = self.pb.SandboxGetTaskIdResponse()
        if not box.ready_at and box.result is None:
            await box.changed.wait(min(request.timeout or 0.5, 60))
        if box.ready_at:
            answer.task_id = box.task_id
        elif box.result is not None:
            self.fill(answer.task_result, box.result)
        return answer

    async def wait(self, v2, request):
        box = self.boxes.get(request.sandbox_id, v2)
        loop = asyncio.get_running_loop()
        until = loop.time() + request.timeout
        while box.result is None and loop.time() < until:
            await box.changed.wait(until - loop.time())
        answer = self.pb.SandboxWaitResponse()
        answer.metadata.app_id = box.app_id
        if box.result is not None:
            self.fill(answer.result, box.result)
        return answer

    async def terminate(self, v2, request):
        box = self.boxes.get(request.sandbox_id, v2)
        answer = self.pb.SandboxTerminateResponse()
        if box.result is not None:
            self.fill(answer.existing_result, box.result)
        else:
            await box.finish(3)
        return answer

    async def list(self, v2, request):
        wanted = {t.tag_name: t.tag_value for t in request.tags}
        answer = self.pb.SandboxListResponse()
        found = sorted(self.boxes.all.values(), key=lambda b: -b.created)
        for box in found:
            if box.v2 and not v2:
                continue
            if request.app_id and box.app_id != request.app_id \
                    or request.before_timestamp \
                    and box.created >= request.before_timestamp \
                    or box.result is not None \
                    and not request.include_finished \
                    or any(box.tags.get(k) != v for k, v in wanted.items()):
                continue
            self.describe(box, answer.sandboxes.add())
            if len(answer.sandboxes) == self.knobs.page:
                break
        return answer

    def describe(self, box, info):
        what = box.definition
        info.id, info.app_id = box.id, box.app_id
        info.created_at = box.created + self.knobs.clock_secs
        info.name, info.image_id = box.name, what.image_id
        info.timeout_secs = what.timeout_secs
        info.idle_timeout_secs = what.idle_timeout_secs
        info.ready_at = box.ready_at
        info.task_info.id = box.task_id
        info.task_info.started_at = box.ready_at
        info.task_info.finished_at = box.ended_at
        info.metadata.app_id = box.app_id
        if box.result is not None:
            self.fill(info.task_info.result, box.result)
        for name, value in box.tags.items():
            info.tags.add(tag_name=name, tag_value=value)

    async def from_name(self, v2, request):
        app_id = self.apps.get((request.environment_name, request.app_name))
        box = app_id and self.boxes.find(request.sandbox_name, app_id,
                                         request.include_terminated)
        if not box or box.v2 != v2:
            raise RpcFail("NOT_FOUND", "no sandbox called %s"
                          % request.sandbox_name)
        answer = self.pb.SandboxGetFromNameResponse(sandbox_id=box.id)
        answer.metadata.app_id = box.app_id
        return answer

    async def tags_set(self, v2, request):
        box = self.boxes.get(request.sandbox_id, v2)
        box.tags = {t.tag_name: t.tag_value for t in request.tags}
        return self.pb.Empty()

    async def tags_get(self, v2, request):
        box = self.boxes.get(request.sandbox_id, v2)
        answer = self.pb.SandboxTagsGetResponse()
        for name, value in box.tags.items():
            answer.tags.add(tag_name=name, tag_value=value)
        return answer

    async def tunnels(self, v2, request):
        self.boxes.get(request.sandbox_id, v2)
        answer = self.pb.SandboxGetTunnelsResponse()
        answer.result.status = 1
        return answer

    # -- volumes

    async def VolumeGetOrCreate(self, call, request):
        async def make():
            volume = self.volume(request)
            answer = self.pb.VolumeGetOrCreateResponse(
                volume_id=volume.id, version=volume.version)
            self.volume_metadata(volume, answer.metadata)
            return answer
        return await self.once(call, make)

    def volume(self, request):
        kind, name = request.object_creation_type, request.deployment_name
        if kind == EPHEMERAL:
            return self.store.create("", request.environment_name,
                                     request.version, True)
        volume = self.store.find(name, request.environment_name)
        if volume is None and kind == LOOKUP:
            raise RpcFail("NOT_FOUND", "Volume '%s' not found" % name)
        if volume is not None and kind == FAIL_IF_EXISTS:
            raise RpcFail("ALREADY_EXISTS", "Volume '%s' exists" % name)
        if not name or len(name) > 64:
            raise RpcFail("INVALID_ARGUMENT", "bad name of a volume")
        return volume or self.store.create(
            name, request.environment_name, request.version)

    @staticmethod
    def volume_metadata(volume, message):
        message.version, message.name = volume.version, volume.name
        message.creation_info.created_at = volume.created
        message.creation_info.created_by = "someone"

    async def VolumeGetById(self, _call, request):
        volume = self.store.get(request.volume_id)
        answer = self.pb.VolumeGetByIdResponse(volume_id=volume.id)
        self.volume_metadata(volume, answer.metadata)
        return answer

    async def VolumeList(self, _call, request):
        self.store.reap()
        answer = self.pb.VolumeListResponse()
        most = min(request.pagination.max_objects or 100, 100,
                   self.knobs.page)
        before = request.pagination.created_before
        for volume in sorted(self.store.volumes.values(),
                             key=lambda v: -v.created):
            if volume.ephemeral or volume.env != request.environment_name \
                    or before and volume.created >= before:
                continue
            item = answer.items.add(label=volume.name, volume_id=volume.id,
                                    created_at=volume.created
                                    + self.knobs.clock_secs)
            self.volume_metadata(volume, item.metadata)
            if len(answer.items) == most:
                break
        return answer

    async def VolumeDelete(self, _call, request):
        self.store.delete(request.volume_id)
        return self.pb.Empty()

    async def VolumeHeartbeat(self, _call, request):
        self.store.get(request.volume_id).beaten = self.knobs.now()
        return self.pb.Empty()

    async def VolumePutFiles2(self, _call, request):
        answer = self.pb.VolumePutFiles2Response()
        for fi, bi, url in await self.store.put_files(request):
            answer.missing_blocks.add(file_index=fi, block_index=bi,
                                      put_url=url)
        return answer

    async def VolumeGetFile2(self, _call, request):
        urls, size, start, length = self.store.get_file(request)
        return self.pb.VolumeGetFile2Response(
            get_urls=urls, size=size, start=start, len=length)

    async def VolumeListFiles2(self, _call, request):
        answer, left = self.pb.VolumeListFiles2Response(), \
            request.max_entries or 1 << 40
        for path, kind, mtime, size in self.store.list_files(request):
            answer.entries.add(path=path, type=kind, mtime=mtime, size=size)
            left -= 1
            if len(answer.entries) == 500 or not left:
                yield answer, 0
                answer = self.pb.VolumeListFiles2Response()
            if not left:
                return
        if answer.entries:
            yield answer, 0

    async def VolumeRemoveFile2(self, _call, request):
        self.store.remove_file(request)
        return self.pb.Empty()

    async def VolumeCopyFiles2(self, _call, request):
        await asyncio.to_thread(self.store.copy_files, request)
        return self.pb.Empty()


def both(name, method):
    """SandboxX and SandboxXV2 from one method."""
    for v2 in (False, True):
        def rpc(self, _call, request, v2=v2):
            return getattr(self, method)(v2, request)
        setattr(Control, name + ("V2" if v2 else ""), rpc)


for pair in (("SandboxGetTaskId", "task_id"), ("SandboxWait", "wait"),
             ("SandboxTerminate", "terminate"), ("SandboxList", "list"),
             ("SandboxGetFromName", "from_name"),
             ("SandboxTagsSet", "tags_set"), ("SandboxTagsGet", "tags_get"),
             ("SandboxGetTunnels", "tunnels")):
    both(*pair)
