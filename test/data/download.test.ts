// A download that goes well, and each way in which it does not: nothing half-done may stay behind.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { downloadFile } from "../../src/data/download.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { type Answer, type Mirror, refusingUrl, startMirror } from "./local-mirror.ts";
import { md5, rejects, temporaryFolder } from "./sample-files.ts";

const body = Buffer.alloc(200_000, "fashion");
const context: { mirror?: Mirror } = {};
const test = suite("download", context);

test.before(async () => {
  context.mirror = await startMirror();
});
test.after(() => context.mirror?.close());

/** A download of `answer` from the mirror into a fresh folder. */
function prepare(answer: Answer) {
  const { url: base, answers } = context.mirror as Mirror;
  answers.set("file.gz", answer);
  const path = join(temporaryFolder(), "file.gz");
  const limits = { connectTimeoutMs: 200, stallTimeoutMs: 200 };
  return { url: `${base}file.gz`, path, md5: md5(body), ...limits };
}

async function fails(answer: Answer, problem: string): Promise<void> {
  const download = prepare(answer);
  await rejects(() => downloadFile(download), VitrineError, `${download.url}: ${problem}`);
  assert.equal(readdirSync(dirname(download.path)), []);
}

test("a right file arrives, with its progress", async () => {
  const download = prepare({ body });
  const shares: number[] = [];
  await downloadFile({ ...download, progress: (fraction) => shares.push(fraction) });
  assert.is(md5(readFileSync(download.path)), md5(body));
  assert.equal(readdirSync(dirname(download.path)), ["file.gz"]);
  assert.is(shares.at(-1), 1);
});

test("a wrong file is refused", () =>
  fails(
    { body: Buffer.from("something else") },
    `the file must have md5 ${md5(body)}, got ${md5(Buffer.from("something else"))}`,
  ));

test("a wrong status is refused", () =>
  fails({ status: 404 }, "the server must answer 200, got 404"));

test("a broken connection is told", () =>
  fails({ cut: body }, "the connection broke before the end of the file"));

test("a silent server and a stalling one are given up", async () => {
  await fails({ silent: true }, "no answer within 0.2 s");
  await fails({ stall: body }, "no answer within 0.2 s");
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
  (context.mirror as Mirror).answers.set("file.gz", { body });
  await downloadFile(download);
  assert.is(readFileSync(download.path).length, body.length);
});

test.run();
