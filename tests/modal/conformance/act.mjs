// One act, as viva does it, with the official SDK: for a recording of its
// requests, and for the time from nothing to a prompt.
//
// fake-modal --plain --record F -- node act.mjs   (MODAL_SDK_DIR set)
//
// ACT_MORE: what act.c does then.
// ACT: JSON that changes the values below.  Prints the milliseconds until the
// shell's first output and until the end.  ACT_BEGAN: CLOCK_MONOTONIC in ns
// when this was started; then also the time from there to that output.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const sdk = resolve(process.env.MODAL_SDK_DIR, "node_modules/modal");
const modal = await import(pathToFileURL(resolve(sdk, "dist/index.js")));
const act = {
	app: "viva", image: "debian:bookworm-slim", lines: [],
	volume: "viva-act-one", name: "viva-act-one", tags: { viva: "session" },
	cpu: 1, memory: 2048, timeout: 14400, idle: 0, blockNetwork: true,
	env: {}, shell: ["bash", "--norc", "-i"], input: "echo o''k\r",
	wanted: "ok\r\n", leave: "exit 3\r", program: ["sh", "-c", "echo out"],
	file: "/workspace/solution.py", text: "print(42)\n",
	...(process.env.ACT_MORE ? { idle: 600, blockNetwork: false,
		outboundDomainAllowlist: ["pypi.org", "*.debian.org"] } : {}),
	...JSON.parse(process.env.ACT ?? "{}"),
};

const began = performance.now();
const client = new modal.ModalClient({ logLevel: "error" });
const app = await client.apps.fromName(act.app, { createIfMissing: true });
let image = client.images.fromRegistry(act.image);
if (act.lines.length)
	image = image.dockerfileCommands(act.lines);
const [volume] = await Promise.all([process.env.ACT_MORE ?
    client.volumes.ephemeral() : client.volumes.fromName(act.volume,
    { createIfMissing: true, version: 2 }), image.build(app)]);
const sb = await client.sandboxes.create(app, image, { cpu: act.cpu,
	memoryMiB: act.memory, timeoutMs: act.timeout * 1000,
	...(act.idle ? { idleTimeoutMs: act.idle * 1000 } : {}),
	name: act.name, tags: act.tags, blockNetwork: act.blockNetwork,
	outboundDomainAllowlist: act.outboundDomainAllowlist,
	command: ["sleep", "infinity"], env: act.env,
	volumes: { "/workspace": volume } });

if (process.env.ACT_MORE) {
	const found = await client.sandboxes.fromName(act.app, act.name);
	const p = await found.exec(["true"]);
	await Promise.all([p.stdout.readText(), p.stderr.readText()]);
	await p.wait();
	for (const tags of [undefined, act.tags])
		for await (const one of client.sandboxes.list({
			appId: app.appId, tags }))
			console.log(one.sandboxId);
	await found.terminate();
	volume.closeEphemeral();
	client.close();
	process.exit(0);
}

const shell = await sb.exec(act.shell, { pty: true, workdir: "/workspace" });
const reader = shell.stdout.getReader();
let text = (await reader.read()).value, prompt = performance.now() - began;
const start = Number(process.hrtime.bigint() -
    BigInt(process.env.ACT_BEGAN ?? 0)) / 1e6;
await shell.stdin.writeText(act.input);
while (!text.includes(act.wanted))
	text += (await reader.read()).value;

await sb.filesystem.writeText(act.text, act.file);
await (await sb.exec(["sync", "/workspace"], { workdir: "/" })).wait();
const program = await sb.exec(act.program, { workdir: "/workspace" });
await Promise.all([program.stdout.readText(), program.stderr.readText()]);
await program.wait();

await shell.stdin.writeText(act.leave);
await shell.wait();
await sb.terminate();
client.close();
console.log(JSON.stringify({ prompt_ms: Math.round(prompt),
	...(process.env.ACT_BEGAN ? { start_ms: Math.round(start) } : {}),
	all_ms: Math.round(performance.now() - began) }));
process.exit(0);
