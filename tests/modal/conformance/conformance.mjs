// Drives the fake with the official SDK.  A line per check; status 1 when
// one failed.  Started by `run`, inside `fake-modal --plain -- ...`.
// COVERAGE: a file that gets the first check of each RPC.
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
    from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const sdk = resolve(process.env.MODAL_SDK_DIR, "node_modules/modal");
const modal = await import(pathToFileURL(join(sdk, "dist/index.js")));
const V2 = process.env.MODAL_SANDBOX_V2 !== "0";
const BLOCK = 8 << 20;
const covered = new Set();
let failed = 0;

async function cover(what)
{
	for (const rpc in (await order("/log")).counts) {
		if (!covered.has(rpc))
			appendFileSync(process.env.COVERAGE,
			    `${rpc} check ${what}\n`);
		covered.add(rpc);
	}
}

async function check(what, fn)
{
	let timer;
	const late = new Promise((_, no) => {
		timer = setTimeout(() => no(new Error("no answer in 60 s")),
		    60000);
	});
	try {
		const got = await Promise.race([fn(), late]);
		if (got !== undefined && got !== true)
			throw new Error(`got ${JSON.stringify(got)}`);
		if (process.env.COVERAGE)
			await cover(what);
		console.log(`ok     ${what}`);
	} catch (e) {
		failed++;
		console.log(`FAILED ${what}: ${e?.stack ?? e}`);
	} finally {
		clearTimeout(timer);
	}
}

// true when equal, else what is there, for the line of the check
function same(got, want)
{
	return JSON.stringify(got) === JSON.stringify(want) || { got, want };
}

async function throws(kind, fn)
{
	try {
		await fn();
	} catch (e) {
		return e instanceof kind || { got: e?.name, want: kind.name };
	}
	return { got: "no error", want: kind.name };
}

async function order(path, value)
{
	const answer = await fetch(process.env.FAKE_MODAL_KNOBS + path,
	    value && { method: "POST", body: JSON.stringify(value) });
	if (!answer.ok)
		throw new Error(`${path}: ${await answer.text()}`);
	return await answer.json();
}

const sha256 = (data) => createHash("sha256").update(data).digest();

async function all(stream)
{
	const parts = [];
	for await (const part of stream)
		parts.push(part);
	return parts;
}

const client = new modal.ModalClient({ logLevel: "error" });
const cp = client.cpClient;
let app, image, volume, sb;

// ---- app, image -----------------------------------------------------------

await check("app: absent one is not found", () => throws(
    modal.NotFoundError, () => client.apps.fromName("no-such-app")));
await check("app: made, then the same", async () => {
	app = await client.apps.fromName("viva-conformance",
	    { createIfMissing: true });
	const again = await client.apps.fromName("viva-conformance");
	return same(again.appId, app.appId);
});
await check("environment: builder version", async () =>
    same(await client.getImageBuilderVersion(), "2025.06"));
await check("image: two layers are built", async () => {
	image = await client.images.fromRegistry("debian:bookworm-slim")
	    .dockerfileCommands(["RUN apt-get update"]).build(app);
	return /^im-[A-Za-z0-9]{22}$/.test(image.imageId);
});
await check("image: the second time it is there", async () => {
	const before = (await order("/log")).counts.ImageJoinStreaming ?? 0;
	const again = await client.images.fromRegistry("debian:bookworm-slim")
	    .dockerfileCommands(["RUN apt-get update"]).build(app);
	const after = (await order("/log")).counts.ImageJoinStreaming ?? 0;
	return same([again.imageId, after], [image.imageId, before]);
});
await check("image: log of the build, resumed by entry id", async () => {
	await order("/knobs", { build_holds: true });
	const { imageId } = await cp.imageGetOrCreate({ appId: app.appId,
		image: { dockerfileCommands: ["FROM scratch", "RUN x"] },
		builderVersion: "2025.06" });
	let text = "", last = "", result, rounds = 0;
	while (!result?.status) {
		rounds++;
		for await (const m of cp.imageJoinStreaming({ imageId,
			timeout: 0.05, lastEntryId: last,
			includeLogsForFinished: true })) {
			text += m.taskLogs.map((l) => l.data).join("");
			last = m.entryId || last;
			result = m.result;
		}
		await order("/knobs", { build_holds: false });
	}
	const steps = text.match(/Step \d/g);
	return same([steps, rounds > 1, result.status],
	    [["Step 1", "Step 2"], true, 1]);
});
await check("image: a build that fails", async () => {
	await order("/knobs", { build_fails: "break-here" });
	return await throws(Error, () => client.images.fromRegistry("x:y")
	    .dockerfileCommands(["RUN break-here"]).build(app));
});
await check("image: fromId", async () =>
    same((await client.images.fromId(image.imageId)).imageId,
    image.imageId));

// ---- volume ---------------------------------------------------------------

await check("volume: absent one is not found", () => throws(
    modal.NotFoundError, () => client.volumes.fromName("no-such-volume")));
await check("volume: made", async () => {
	volume = await client.volumes.fromName("viva-conf",
	    { createIfMissing: true, version: 2 });
	return /^vo-/.test(volume.volumeId);
});

async function put(path, data)
{
	const blocks = [], sent = [];
	for (let at = 0; at < data.length; at += BLOCK) {
		let end = Math.min(at + BLOCK, data.length);
		while (end > at && data[end - 1] === 0)
			end--;
		sent.push(data.subarray(at, end));
		blocks.push({ contentsSha256: sha256(sent.at(-1)) });
	}
	const request = { volumeId: volume.volumeId,
		files: [{ path, size: data.length, blocks, mode: 0o644 }] };
	const { missingBlocks } = await cp.volumePutFiles2(request);
	for (const m of missingBlocks) {
		const answer = await fetch(m.putUrl, { method: "PUT",
			body: sent[m.blockIndex] });
		if (!answer.ok)
			throw new Error(`PUT: ${answer.status}`);
		blocks[m.blockIndex].putResponse =
		    new Uint8Array(await answer.arrayBuffer());
	}
	if (missingBlocks.length) {
		const left = await cp.volumePutFiles2(request);
		if (left.missingBlocks.length)
			throw new Error("blocks are still missing");
	}
	return missingBlocks.length;
}

async function get(path, start = 0, len = 0)
{
	const { getUrls } = await cp.volumeGetFile2({
		volumeId: volume.volumeId, path, start, len });
	const parts = [];
	for (const url of getUrls)
		parts.push(Buffer.from(await (await fetch(url))
		    .arrayBuffer()));
	return Buffer.concat(parts);
}

const big = Buffer.concat([randomBytes(BLOCK + 5), Buffer.alloc(100),
	Buffer.from("end"), Buffer.alloc(7)]);
await check("volume: put in blocks", async () =>
    same(await put("dir/big.bin", big), 2));
await check("volume: read back", async () =>
    (await get("dir/big.bin")).equals(big));
await check("volume: read a part", async () =>
    (await get("dir/big.bin", BLOCK - 2, 5)).equals(
    big.subarray(BLOCK - 2, BLOCK + 3)));
await check("volume: list, copy, remove", async () => {
	const volumeId = volume.volumeId;
	await cp.volumeCopyFiles2({ volumeId, srcPaths: ["dir/big.bin"],
		dstPath: "copy.bin" });
	await cp.volumeRemoveFile2({ volumeId, path: "copy.bin" });
	const parts = await all(cp.volumeListFiles2({ volumeId, path: "/",
		recursive: true }));
	return same(parts.flatMap((p) => p.entries)
	    .map((e) => [e.path, e.type, Number(e.size)]),
	    [["dir", 2, 0], ["dir/big.bin", 1, big.length]]);
});

await check("volume: among those of the account, and by its id", async () => {
	const { volumeId } = volume;
	const { items } = await cp.volumeList({ environmentName: "",
		pagination: { maxObjects: 100, createdBefore: 0 } });
	const found = items.find((i) => i.volumeId === volumeId);
	const { metadata } = await cp.volumeGetById({ volumeId });
	return same([found?.label, metadata?.name], ["viva-conf",
		"viva-conf"]);
});
await check("account: whose it is", async () => {
	const { workspaceName } = await cp.workspaceNameLookup({});
	return same(workspaceName, "fake-workspace");
});

// ---- sandbox --------------------------------------------------------------

await check("sandbox: create", async () => {
	sb = await client.sandboxes.create(app, image, { cpu: 0.5,
		memoryMiB: 512, timeoutMs: 600000, name: "conf-1",
		workdir: "/workspace", env: { GIVEN: "by create" },
		tags: { made: "by-conformance" },
		volumes: { "/workspace": volume } });
	return V2 !== /^sb-[A-Za-z0-9]{22}$/.test(sb.sandboxId);
});
await check("sandbox: the name is taken", () => throws(
    modal.AlreadyExistsError, () => client.sandboxes.create(app, image,
    { name: "conf-1" })));
await check("sandbox: runs", async () => same(await sb.poll(), null));
await check("sandbox: tags", async () => {
	const first = await sb.getTags();
	await sb.setTags({ other: "tag" });
	return same([first, await sb.getTags()],
	    [{ made: "by-conformance" }, { other: "tag" }]);
});
await check("sandbox: list by app and tags", async () => {
	const found = await all(client.sandboxes.list({ appId: app.appId,
		tags: { other: "tag" } }));
	const none = await all(client.sandboxes.list({ appId: app.appId,
		tags: { other: "one" } }));
	return same([found.map((s) => s.sandboxId), none.length],
	    [[sb.sandboxId], 0]);
});
await check("sandbox: fromName, fromId", async () => {
	const a = await client.sandboxes.fromName("viva-conformance",
	    "conf-1");
	const b = await client.sandboxes.fromId(sb.sandboxId);
	const p = await b.exec(["echo", "attached"]);
	return same([a.sandboxId, await p.stdout.readText()],
	    [sb.sandboxId, "attached\n"]);
});
await check("sandbox: fromName of none", () => throws(
    modal.NotFoundError, () => client.sandboxes.fromName(
    "viva-conformance", "conf-none")));

// ---- exec -----------------------------------------------------------------

await check("exec: output, errors, status", async () => {
	const p = await sb.exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
	return same([await p.stdout.readText(), await p.stderr.readText(),
		await p.wait()], ["out\n", "err\n", 3]);
});
await check("exec: variables and workdir", async () => {
	const p = await sb.exec(["sh", "-c", "echo $GIVEN; echo $HERE; pwd"],
	    { env: { HERE: "by exec" }, workdir: "/tmp" });
	return same(await p.stdout.readText(), "by create\nby exec\n/tmp\n");
});
await check("exec: stdin, all 256 values", async () => {
	const data = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
	const p = await sb.exec(["cat"], { mode: "binary" });
	await p.stdin.writeBytes(data.subarray(0, 100));
	await p.stdin.writeBytes(data.subarray(100));
	await p.closeStdin();
	return Buffer.from(await p.stdout.readBytes()).equals(data);
});
await check("exec: a signal is 128 and more", async () => {
	const p = await sb.exec(["sh", "-c", "kill -TERM $$"]);
	return same(await p.wait(), 143);
});
await check("exec: output that nobody wants", async () => {
	const p = await sb.exec(["sh", "-c", "seq 1 100000; exit 4"],
	    { stdout: "ignore", stderr: "ignore" });
	return same(await p.wait(), 4);
});
await check("exec: the time is up", async () => {
	const p = await sb.exec(["sleep", "100"], { timeoutMs: 1000 });
	const began = Date.now();
	try {
		return same([await p.wait() !== 0,
			Date.now() - began < 20000], [true, true]);
	} catch {
		return Date.now() - began < 20000;
	}
});
await check("exec: ten at once", async () => {
	const some = await Promise.all(Array.from({ length: 10 },
	    (_, n) => sb.exec(["sh", "-c", `echo ${n}; exit ${n}`])));
	const out = await Promise.all(some.map((p) => p.stdout.readText()));
	const codes = await Promise.all(some.map((p) => p.wait()));
	return same([out, codes], [codes.map((_, n) => `${n}\n`),
		codes.map((_, n) => n)]);
});
await check("pty: a terminal of 24 by 80 that echoes", async () => {
	const p = await sb.exec(["sh", "-c",
		"tty; stty size; echo $TERM; read x; echo got:$x; exit 6"],
	    { pty: true });
	await p.stdin.writeText("typed\r");
	const out = await p.stdout.readText();
	return same([/\/dev\/pts\/\d/.test(out), out.includes("24 80\r\n"),
		out.includes("xterm-256color"), out.includes("typed\r\n"),
		out.includes("got:typed\r\n"), await p.wait()],
	    [true, true, true, true, true, 6]);
});

const WANT = Buffer.from(Array.from({ length: 300000 },
    (_, n) => `${n + 1}\n`).join(""));
await check("streams: broken and resumed, nothing lost", async () => {
	await order("/knobs", { read_chunk: 65536 });
	await order("/faults", [0, 1, 2].map((n) => ({ rpc:
		"TaskExecStdioRead", after_bytes: 100000 + 4321 * n,
		code: "UNAVAILABLE" })));
	const p = await sb.exec(["seq", "1", "300000"], { mode: "binary",
		stderr: "ignore" });
	const got = Buffer.from(await p.stdout.readBytes());
	return same([got.equals(WANT), await p.wait(),
		(await order("/faults")).length], [true, 0, 0]);
});
await check("streams: reset amid a message", async () => {
	const p = await sb.exec(["seq", "1", "300000"], { mode: "binary",
		stderr: "ignore" });
	await order("/log", {});
	await order("/net", { which: "router", action: "reset",
		after_bytes: 123456 });
	const got = Buffer.from(await p.stdout.readBytes());
	await order("/knobs", { read_chunk: 262144 });
	return same([got.equals(WANT), await p.wait(),
		(await order("/log")).net.router.cut], [true, 0, 1]);
});
await check("streams: random breaks for a while", async () => {
	await order("/net", { which: "router", action: "chaos", seed: 7,
		mean_bytes: 20000, kinds: ["cut", "reset", "goaway", "rst-stream",
		"stall"] });
	try {
		const p = await sb.exec(["sh", "-c", "for i in $(seq 1 40); " +
			"do seq $i 2000; sleep 0.05; done"],
		    { mode: "binary", stderr: "ignore" });
		const want = Array.from({ length: 40 }, (_, i) => Array.from(
		    { length: 2000 - i }, (_, n) => `${n + i + 1}\n`).join(""))
		    .join("");
		const got = Buffer.from(await p.stdout.readBytes());
		const { breaks } = (await order("/log")).net.router;
		return same([got.equals(Buffer.from(want)), await p.wait(),
			breaks > 3], [true, 0, true]);
	} finally {
		await order("/net", { which: "router", action: "calm" });
	}
});
await check("streams: after a GOAWAY", async () => {
	await order("/net", { action: "goaway" });
	const p = await sb.exec(["echo", "on"]);
	return same(await p.stdout.readText(), "on\n");
});
await check("stdin: an answer that was lost, no byte twice", async () => {
	const p = await sb.exec(["cat"]);
	await order("/faults", { rpc: "TaskExecStdinWrite", after: true,
		code: "UNAVAILABLE", times: 2 });
	await p.stdin.writeText("once\n");
	await p.stdin.writeText("twice\n");
	await p.closeStdin();
	return same([await p.stdout.readText(),
		(await order("/faults")).length], ["once\ntwice\n", 0]);
});
await check("control: retries, and the server's hint", async () => {
	await order("/faults", [{ rpc: "AppGetOrCreate",
		code: "UNAVAILABLE" }, { rpc: "AppGetOrCreate",
		code: "RESOURCE_EXHAUSTED", retry_after: 0.3 }]);
	const began = Date.now();
	await client.apps.fromName("viva-conformance");
	return same([(await order("/faults")).length,
		Date.now() - began >= 300], [0, true]);
});

// ---- files ----------------------------------------------------------------

const fs = sb.filesystem;
await check("files: text", async () => {
	await fs.writeText("some text\n", "/workspace/sub/a.txt");
	return same(await fs.readText("/workspace/sub/a.txt"),
	    "some text\n");
});
await check("files: bytes", async () => {
	const data = randomBytes(3 << 20);
	await fs.writeBytes(data, "/workspace/b.bin");
	return Buffer.from(await fs.readBytes("/workspace/b.bin"))
	    .equals(data);
});
await check("files: to and from this machine", async () => {
	const dir = mkdtempSync(join(tmpdir(), "viva-conf."));
	try {
		const data = randomBytes(100000);
		writeFileSync(join(dir, "in"), data);
		await fs.copyFromLocal(join(dir, "in"), "/workspace/c");
		await fs.copyToLocal("/workspace/c", join(dir, "out"));
		return readFileSync(join(dir, "out")).equals(data);
	} finally {
		rmSync(dir, { recursive: true });
	}
});
await check("files: what was on the volume", async () =>
    Buffer.from(await fs.readBytes("/workspace/dir/big.bin")).equals(big));
await check("files: list", async () => {
	const found = await fs.listFiles("/workspace/sub");
	const f = found[0];
	return same([found.length, f.name, f.path, f.type, f.size,
		typeof f.modifiedTime, f.symlinkTarget],
	    [1, "a.txt", "/workspace/sub/a.txt", "file", 10, "number", null]);
});
await check("files: stat of a link", async () => {
	await (await sb.exec(["ln", "-s", "a.txt", "/workspace/sub/l"]))
	    .wait();
	const f = await fs.stat("/workspace/sub/l");
	return same([f.type, f.symlinkTarget], ["symlink", "a.txt"]);
});
await check("files: make directories, remove", async () => {
	await fs.makeDirectory("/workspace/x/y");
	await fs.remove("/workspace/x", { recursive: true });
	return await throws(modal.SandboxFilesystemNotFoundError,
	    () => fs.stat("/workspace/x"));
});
for (const [what, kind, fn] of [
	["not found", "NotFound", () => fs.readText("/workspace/no")],
	["is a directory", "IsADirectory", () => fs.readText("/workspace")],
	["not empty", "DirectoryNotEmpty",
		() => fs.remove("/workspace/sub")],
	["is there", "PathAlreadyExists", () => fs.makeDirectory(
		"/workspace/sub", { createParents: false })]])
	await check(`files: error: ${what}`, () => throws(
	    modal[`SandboxFilesystem${kind}Error`], fn));
await check("files: watch", async () => {
	const p = await sb.exec(["sh", "-c", "while [ ! -e /workspace/.seen ]; do " +
		"echo x > /workspace/sub/watched; sleep 0.05; done"]);
	for await (const event of fs.watch("/workspace",
	    { recursive: true })) {
		if (event.paths.includes("/workspace/sub/watched"))
			break;
	}
	await fs.writeText("", "/workspace/.seen");
	return same(await p.wait(), 0);
});

// ---- volume and sandbox ---------------------------------------------------

await check("sync: what a program writes is on the volume", async () => {
	await fs.writeText("from inside", "/workspace/in.txt");
	const p = await sb.exec(["sync", "/workspace"], { workdir: "/" });
	return same([await p.wait(), (await get("in.txt")).toString()],
	    [0, "from inside"]);
});
await check("reload: busy while a program is there", async () => {
	const p = await sb.exec(["sh", "-c", "echo in; read x"],
	    { workdir: "/workspace" });
	const reader = p.stdout.getReader();
	await reader.read();
	const got = await throws(Error, () => sb.reloadVolumes());
	await p.closeStdin();
	await p.wait();
	await reader.cancel();
	return got;
});
await check("reload: what was put is in the sandbox", async () => {
	await put("from-outside", Buffer.from("outside"));
	await sb.reloadVolumes();
	return same(await fs.readText("/workspace/from-outside"), "outside");
});
await check("sandbox: one more, and its own command", async () => {
	const other = await client.sandboxes.create(app, image,
	    { command: ["sh", "-c", "exit 9"], timeoutMs: 60000,
	    blockNetwork: true });
	return same(await other.wait(), 9);
});
await check("sandbox: its time is up", async () => {
	const other = await client.sandboxes.create(app, image,
	    { timeoutMs: 1000 });
	return same([await other.wait(), await other.poll()], [124, 124]);
});
await check("jwt: a new one when the old ends", async () => {
	// Over for the client from the beginning, for the server then.
	await order("/knobs", { router_jwt_secs: 60, clock_secs: -120 });
	const other = await client.sandboxes.create(app, image,
	    { timeoutMs: 60000 });
	await (await other.exec(["true"])).wait();
	await order("/knobs", { router_jwt_secs: 1200, clock_secs: 0 });
	const p = await other.exec(["echo", "let in"]);
	const text = await p.stdout.readText();
	await other.terminate();
	return same(text, "let in\n");
});
await check("sandbox: terminate", async () => {
	const code = await sb.terminate({ wait: true });
	return same(code, 137);
});
await check("sandbox: its last commit", async () =>
    same((await get("sub/a.txt")).toString(), "some text\n"));
await check("sandbox: then there is none of the name", () => throws(
    modal.NotFoundError, () => client.sandboxes.fromName(
    "viva-conformance", "conf-1")));
await check("ephemeral volume: beats, and is mounted", async () => {
	const own = await client.volumes.ephemeral();
	const other = await client.sandboxes.create(app, image,
	    { volumes: { "/mnt/e": own } });
	const p = await other.exec(["sh", "-c", "echo x > /mnt/e/f; cat /mnt/e/f"]);
	const text = await p.stdout.readText();
	await other.terminate();
	own.closeEphemeral();
	return same([text, (await order("/log")).counts.VolumeHeartbeat >= 1],
	    ["x\n", true]);
});
await check("volume: delete", async () => {
	await client.volumes.delete("viva-conf");
	return await throws(modal.NotFoundError,
	    () => client.volumes.fromName("viva-conf"));
});
await check("account: a refused token", async () => {
	await order("/knobs", { refuse_token: true });
	const other = new modal.ModalClient({ logLevel: "error" });
	try {
		return await throws(Error, () => other.apps.fromName("x"));
	} finally {
		other.close();
		await order("/knobs", { refuse_token: false });
	}
});
await check("protocol: no RPC that the fake lacks", async () => {
	return same((await order("/log")).unknown, []);
});

client.close();
console.log(`${failed} checks failed`);
process.exit(failed ? 1 : 0);
