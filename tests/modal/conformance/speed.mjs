// How fast the official SDK is against the fake: output of a program, and
// a file to a volume as plain parallel PUTs.  Prints JSON.
//
// fake-modal --plain --direct -- node speed.mjs [MiB of output] [MiB of file]
import { createHash, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const sdk = resolve(process.env.MODAL_SDK_DIR, "node_modules/modal");
const modal = await import(pathToFileURL(resolve(sdk, "dist/index.js")));
const BLOCK = 8 << 20;
const size = Number(process.argv[2] ?? 100) << 20;
const fileSize = Number(process.argv[3] ?? 64) << 20;

const client = new modal.ModalClient({ logLevel: "error" });
const app = await client.apps.fromName("viva", { createIfMissing: true });
const image = client.images.fromRegistry("debian:bookworm-slim");
const sb = await client.sandboxes.create(app, image, { timeoutMs: 600000 });
await (await sb.exec(["true"])).wait();
let began = performance.now(), got = 0;
const p = await sb.exec(["/__modal/.bin/fake-counter", String(size)],
    { mode: "binary", stderr: "ignore" });
for await (const part of p.stdout)
	got += part.length;
const output = got / (performance.now() - began) / 1000;
if (got !== size || await p.wait() !== 0)
	throw new Error(`${got} of ${size} bytes came`);

const { volumeId } = await client.volumes.fromName("viva-speed",
    { createIfMissing: true, version: 2 });
const data = randomBytes(fileSize);
began = performance.now();
const parts = [];
for (let at = 0; at < data.length; at += BLOCK)
	parts.push(data.subarray(at, at + BLOCK));
const blocks = parts.map((part) => ({ contentsSha256:
	createHash("sha256").update(part).digest() }));
const request = { volumeId, files: [{ path: "f", size: data.length,
	blocks }] };
const { missingBlocks } = await client.cpClient.volumePutFiles2(request);
let puts = performance.now();
await Promise.all(missingBlocks.map(async (m) => {
	const answer = await fetch(m.putUrl, { method: "PUT",
		body: parts[m.blockIndex] });
	if (!answer.ok)
		throw new Error(`PUT: ${answer.status}`);
	blocks[m.blockIndex].putResponse =
	    new Uint8Array(await answer.arrayBuffer());
}));
puts = performance.now() - puts;
await client.cpClient.volumePutFiles2(request);
const put = performance.now() - began;
await sb.terminate();
client.close();
console.log(JSON.stringify({ output_mb_s: Math.round(output),
	puts_ms: Math.round(puts), put_ms: Math.round(put),
	rss_mb: Math.round(process.resourceUsage().maxRSS / 1024) }));
process.exit(0);
