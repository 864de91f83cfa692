// A download that goes well, and each way in which it does not: under the file's name there is the
// right file or none, and what has come is not fetched again.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Download, downloadFile } from "../../src/data/download.ts";
import { proxyFor } from "../../src/data/proxied-fetch.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { claimPart } from "../../src/io/part-file.ts";
import { type Answer, type Mirror, refusingUrl, startMirror } from "./local-mirror.ts";
import { md5, rejects, temporaryFolder } from "./sample-files.ts";

const body = Buffer.alloc(200_000, "fashion");
const other = Buffer.from("something else");
const context: { mirror?: Mirror } = {};
const test = suite("download", context);

test.before(async () => {
  context.mirror = await startMirror();
});
test.after(() => context.mirror?.close());

/** A download of `answer` from the mirror into a fresh folder. */
function prepare(answer: Answer) {
  const { url: base, answers, ranges } = context.mirror as Mirror;
  answers.set("file.gz", answer);
  ranges.length = 0;
  const path = join(temporaryFolder(), "file.gz");
  const limits = { connectTimeoutMs: 200, stallTimeoutMs: 200 };
  return { url: `${base}file.gz`, path, md5: md5(body), ...limits };
}

async function fails(answer: Answer, problem: string): Promise<Download> {
  const download = prepare(answer);
  await rejects(() => downloadFile(download), VitrineError, `${download.url}: ${problem}`);
  return download;
}

/** The same download from a server that now gives this answer; the file must arrive and be all there is. */
async function arrives(download: Download, answer: Answer = { body }): Promise<void> {
  context.mirror?.answers.set("file.gz", answer);
  await downloadFile(download);
  assert.is(md5(readFileSync(download.path)), md5(body));
  assert.equal(filesOf(download), ["file.gz"]);
}

/** A download of which this has come already, as a failure leaves it. */
function prepareRest(answer: Answer, there: Uint8Array, name = "file.gz.part"): Download {
  const download = prepare(answer);
  writeFileSync(join(dirname(download.path), name), there);
  return download;
}

const filesOf = ({ path }: Download) => readdirSync(dirname(path)).sort();
const rangesAsked = () => (context.mirror as Mirror).ranges;

test("a right file arrives, with its progress", async () => {
  const download = prepare({ body });
  const shares: number[] = [];
  await downloadFile({ ...download, progress: (fraction) => shares.push(fraction) });
  assert.is(md5(readFileSync(download.path)), md5(body));
  assert.equal(readdirSync(dirname(download.path)), ["file.gz"]);
  assert.is(shares.at(-1), 1);
});

test("through the proxy that the environment names, and past it where NO_PROXY says so", async () => {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }, client) => {
    tunnels.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const server = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.pipe(client).pipe(server);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const before = { ...process.env };
  try {
    process.env["http_proxy"] = `http://127.0.0.1:${port}`;
    process.env["no_proxy"] = "";
    const download = { ...prepare({ body }), connectTimeoutMs: 5000, stallTimeoutMs: 5000 };
    await arrives(download);
    assert.equal(tunnels, [new URL(download.url).host]);
    process.env["no_proxy"] = "127.0.0.1";
    await arrives({ ...prepare({ body }), connectTimeoutMs: 5000 });
    assert.is(tunnels.length, 1);
  } finally {
    process.env = before;
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("which proxy an address is asked through", () => {
  const of = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env);
  const env = { HTTPS_PROXY: "http://a:1", http_proxy: "http://b:2", NO_PROXY: "in.house, .lan" };
  assert.is(of("https://x.org/f", env), "http://a:1");
  assert.is(of("http://x.org/f", env), "http://b:2");
  for (const host of ["in.house", "www.in.house", "x.lan"])
    assert.is(of(`http://${host}/`, env), null);
  assert.is(of("http://not-in.house/", env), "http://b:2");
  assert.is(of("https://x.org/f", { ...env, NO_PROXY: "*" }), null);
  assert.is(of("https://x.org/f", {}), null);
});

test("a wrong file is refused, and nothing of it kept", async () => {
  const problem = `the file must have md5 ${md5(body)}, got ${md5(other)}`;
  assert.equal(filesOf(await fails({ body: other }, problem)), []);
});

test("a wrong status is refused, and what was there kept", async () => {
  assert.equal(filesOf(await fails({ status: 404 }, "the server must answer 200, got 404")), []);
  const download = prepareRest({ status: 404 }, body.subarray(0, 10));
  const message = `${download.url}: the server must answer 206 or 200, got 404`;
  await rejects(() => downloadFile(download), VitrineError, message);
  assert.equal(filesOf(download), ["file.gz.part"]);
});

test("a broken connection is told, and the next attempt goes on from there", async () => {
  const download = await fails({ cut: body }, "the connection broke before the end of the file");
  assert.equal(filesOf(download), ["file.gz.part"]);
  const there = readFileSync(`${download.path}.part`);
  assert.ok(there.length > 0 && there.length <= body.length / 2);
  assert.ok(there.equals(body.subarray(0, there.length)));
  const shares: number[] = [];
  await arrives({ ...download, progress: (fraction) => shares.push(fraction) });
  assert.equal(rangesAsked(), [undefined, `bytes=${there.length}-`]);
  assert.ok((shares[0] ?? 0) > there.length / body.length);
  assert.is(shares.at(-1), 1);
});

test("a download that breaks again and again still ends", async () => {
  const download = await fails({ cut: body }, "the connection broke before the end of the file");
  const problem = `${download.url}: the connection broke before the end of the file`;
  const first = readFileSync(`${download.path}.part`).length;
  const error = await rejects(() => downloadFile(download), VitrineError, problem);
  assert.match((error as VitrineError).help ?? "", "goes on where it broke");
  assert.ok(readFileSync(`${download.path}.part`).length > first);
  await arrives(download);
});

test("a server that trickles is given up, whatever the pieces keep coming", async () => {
  const slow = { paceMs: 300, leastBytesPerSecond: 1000 };
  const download = { ...prepare({ trickle: body }), ...slow };
  await rejects(
    () => downloadFile(download),
    VitrineError,
    `${download.url}: slower than 1000 bytes a second for 0.3 s`,
  );
  await arrives(download);
});

test("a file that is longer than it may be is not taken, said or unsaid", async () => {
  for (const answer of [{ body }, { unsized: body }]) {
    const download = { ...prepare(answer), mostBytes: 100_000 };
    const error = await downloadFile(download).catch((cause: Error) => cause);
    assert.instance(error, VitrineError);
    assert.match(String(error), /: the file must have at most 100000 bytes, got [12]\d{5}$/);
    assert.equal(filesOf(download), []);
  }
});

test("a silent server and a stalling one are given up", async () => {
  assert.equal(filesOf(await fails({ silent: true }, "no answer within 0.2 s")), []);
  const download = await fails({ stall: body }, "no answer within 0.2 s");
  assert.equal(filesOf(download), ["file.gz.part"]);
  await arrives(download);
});

test("a server that ignores the range sends the whole anew", async () => {
  const answer: Answer = { body, ranges: "ignored" };
  await arrives(prepareRest(answer, body.subarray(0, 1000)), answer);
  assert.equal(rangesAsked(), ["bytes=1000-"]);
});

test("a server that sends another range than asked for is asked for the whole", async () => {
  const download = prepareRest({ body, ranges: "misplaced" }, body.subarray(0, 1000));
  const message = `${download.url}: the server must answer 200, got 206`;
  await rejects(() => downloadFile(download), VitrineError, message);
  assert.equal(rangesAsked(), ["bytes=1000-", undefined]);
  await arrives(download);
});

test("what was there and does not fit is dropped: damaged, or too long", async () => {
  await arrives(prepareRest({ body }, Buffer.alloc(1000, "!")));
  assert.equal(rangesAsked(), ["bytes=1000-", undefined]);
  await arrives(prepareRest({ body }, Buffer.concat([body, other])));
  assert.equal(rangesAsked(), [`bytes=${body.length + other.length}-`, undefined]);
});

test("a whole file that only lacked its name is not fetched again", async () => {
  await arrives(prepareRest({ status: 404 }, body), { status: 404 });
  assert.equal(rangesAsked(), []);
});

test("what a killed process left is taken up, the longest first", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const download = prepareRest({ body }, body.subarray(0, 2000), `file.gz.${pid}.part`);
  writeFileSync(`${download.path}.part`, body.subarray(0, 1000));
  await arrives(download);
  assert.equal(rangesAsked(), ["bytes=2000-"]);
});

test("what another process is writing is left alone", async () => {
  const download = prepareRest({ body }, body.subarray(0, 2000));
  const theirs = await claimPart(download.path);
  await downloadFile(download);
  assert.equal(rangesAsked(), [undefined]);
  assert.equal(filesOf(download), ["file.gz", "file.gz.part"]);
  await theirs.release();
});

test("a signal stops the download and keeps what has come", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const download = { ...prepare({ stall: body }), stallTimeoutMs: 5000, signal };
  const start = performance.now();
  await downloadFile({ ...download, progress: () => controller.abort() }).then(
    () => assert.unreachable("half a file must not do"),
    (error) => assert.is(error, signal.reason),
  );
  assert.ok(performance.now() - start < 2000);
  assert.equal(filesOf(download), ["file.gz.part"]);
  const there = readFileSync(`${download.path}.part`).length;
  await arrives({ ...download, signal: undefined });
  assert.equal(rangesAsked(), [undefined, `bytes=${there}-`]);
});

test("a refused connection is told at once", async () => {
  const url = `${await refusingUrl()}file.gz`;
  const path = join(temporaryFolder(), "file.gz");
  const start = performance.now();
  await rejects(
    () => downloadFile({ url, path, md5: md5(body) }),
    VitrineError,
    `${url}: ECONNREFUSED`,
  );
  assert.ok(performance.now() - start < 1000);
  assert.not(existsSync(path));
});

test("a failed download leaves the file that was there", async () => {
  const download = prepare({ cut: body });
  writeFileSync(download.path, "old");
  await rejects(
    () => downloadFile(download),
    VitrineError,
    `${download.url}: the connection broke before the end of the file`,
  );
  assert.is(readFileSync(download.path, "utf8"), "old");
  await arrives(download);
});

test.run();
