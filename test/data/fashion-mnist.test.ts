// The search for Fashion-MNIST, with a small stand-in for the official release: every source in its
// turn, damage repaired.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadFashionMnist, type Sources } from "../../src/data/fashion-mnist.ts";
import { OFFICIAL_FILES } from "../../src/data/official-files.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { type Mirror, refusingUrl, startMirror } from "./local-mirror.ts";
import {
  fixture,
  idxImages,
  idxLabels,
  md5,
  rejects,
  sameData,
  sampleDataset,
  temporaryFolder,
} from "./sample-files.ts";

const parts = { train: sampleDataset(20), test: sampleDataset(10) };
const release = OFFICIAL_FILES.map((file) => {
  const bytes = file.kind === "images" ? idxImages(parts[file.part]) : idxLabels(parts[file.part]);
  const gzip = gzipSync(bytes);
  return { ...file, bytes, gzip, md5: md5(bytes), gzipMd5: md5(gzip) };
});
const names = release.map(({ name }) => `${name}.gz`).sort();
const INSTALLED = "usr/share/datasets/fashion-mnist";
const context: { mirror?: Mirror; refusing?: string } = {};
const test = suite("fashion-mnist", context);

test.before(async () => {
  context.mirror = await startMirror();
  context.refusing = await refusingUrl();
});
test.before.each(() => {
  const { answers, requests } = context.mirror as Mirror;
  requests.length = 0;
  for (const { name, gzip } of release) answers.set(`${name}.gz`, { body: gzip });
});
test.after(() => context.mirror?.close());

// Packed anew, as Debian does: only the unpacked bytes are the official ones.
function writeRelease(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of release) {
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 1 }));
  }
}

/** A search in which only the sources given work. */
function search(working: { system?: boolean; mirror?: boolean; debian?: boolean }) {
  const cacheDir = join(temporaryFolder(), "cache");
  const systemFolder = join(temporaryFolder(), "system");
  if (working.system) writeRelease(systemFolder);
  const said: string[] = [];
  const sources: Sources = {
    files: release,
    systemFolder,
    mirror: (working.mirror ? context.mirror?.url : context.refusing) ?? "",
    connectTimeoutMs: 500,
    async fetchPackage({ name, into }) {
      assert.is(name, "dataset-fashion-mnist");
      if (!working.debian) throw new Error("apt: no network");
      writeRelease(join(into, INSTALLED));
    },
  };
  const request = { cacheDir, say: (line: string) => said.push(line), progress: () => undefined };
  const load = async () => {
    const got = await loadFashionMnist(request, sources);
    sameData(got.train, parts.train);
    sameData(got.test, parts.test);
    return got.source;
  };
  return { cacheDir, systemFolder, said, load, request, sources };
}

test("the system's files come before any download, and nothing is said", async () => {
  const { load, systemFolder, said } = search({ system: true, mirror: true, debian: true });
  assert.is(await load(), `official files in ${systemFolder}`);
  assert.equal(said, []);
  assert.equal(context.mirror?.requests, []);
});

test("the official download comes next, once", async () => {
  const { load, cacheDir, said } = search({ mirror: true, debian: true });
  const mirror = context.mirror as Mirror;
  assert.is(await load(), `official files in ${cacheDir}, from ${mirror.url}`);
  assert.equal(said, [`data: fetching Fashion-MNIST (30 MB) from ${mirror.url}`]);
  assert.equal(readdirSync(cacheDir).sort(), names);
  assert.is(await load(), `official files in ${cacheDir}`);
  assert.is(mirror.requests.length, 4);
});

test("an interrupted download goes on with the files that lack", async () => {
  const { load, cacheDir } = search({ mirror: true });
  const mirror = context.mirror as Mirror;
  const [first, second, third] = OFFICIAL_FILES.map(({ name }) => `${name}.gz`);
  const whole = release.find(({ name }) => `${name}.gz` === second)?.gzip ?? Buffer.alloc(0);
  mirror.answers.set(second ?? "", { cut: whole });
  await load().then(
    () => assert.unreachable("half a download must not do"),
    (error) => assert.match(error.message, "the connection broke before the end of the file"),
  );
  assert.equal(readdirSync(cacheDir).sort(), [first, `${second}.part`].sort());
  assert.equal(mirror.requests, [first, second]);
  mirror.answers.set(second ?? "", { body: whole });
  await load();
  assert.equal(mirror.requests.slice(2, 4), [second, third]);
});

test("a damaged file in the cache is fetched again", async () => {
  const { load, cacheDir, said } = search({ mirror: true });
  await load();
  const [name] = names;
  const file = join(cacheDir, name ?? "");
  const whole = readFileSync(file);
  for (const damage of [whole.subarray(0, 300), Buffer.alloc(0), gzipSync("other")]) {
    writeFileSync(file, damage);
    said.length = 0;
    await load();
    assert.match(said[0] ?? "", `data: passed over ${file}: `);
    assert.equal(readFileSync(file), whole);
  }
  assert.is(context.mirror?.requests.length, 7);
});

test("a wrong file at the mirror is passed over for Debian's package", async () => {
  const { load, cacheDir, said } = search({ mirror: true, debian: true });
  const [name] = OFFICIAL_FILES.map((file) => `${file.name}.gz`);
  context.mirror?.answers.set(name ?? "", { body: Buffer.from("not the file") });
  const folder = join(cacheDir, "debian", INSTALLED);
  assert.is(
    await load(),
    `official files in ${folder}, from Debian's package dataset-fashion-mnist`,
  );
  assert.match(said[1] ?? "", /^data: no luck, http:.*: the file must have md5 /);
  assert.not(existsSync(join(cacheDir, name ?? "")));
});

test("where the download is refused, Debian's package comes, once", async () => {
  const { load, cacheDir } = search({ debian: true });
  const folder = join(cacheDir, "debian", INSTALLED);
  assert.is(
    await load(),
    `official files in ${folder}, from Debian's package dataset-fashion-mnist`,
  );
  assert.is(await load(), `official files in ${folder}`);
});

test("files in the system's folder that are not the official ones are passed over", async () => {
  const { load, systemFolder, said } = search({ system: true, debian: true });
  writeFileSync(join(systemFolder, names[0] ?? ""), gzipSync(idxImages(sampleDataset(3))));
  assert.match(await load(), "from Debian's package");
  assert.match(said[0] ?? "", /the official file has md5 [0-9a-f]{32} unpacked, got/);
});

test("where nothing works, one error lists what was tried", async () => {
  const { load, cacheDir, systemFolder } = search({});
  const first = `${context.refusing}${release[0]?.name}.gz`;
  const error = await rejects(
    load,
    VitrineError,
    [
      "fashion-mnist: one source of the data must work, got",
      `${cacheDir}: not there`,
      `${join(cacheDir, "debian", INSTALLED)}: not there`,
      `${systemFolder}: not there`,
      `${first}: ECONNREFUSED`,
      "Debian's package dataset-fashion-mnist: apt: no network",
    ].join("\n  "),
  );
  assert.match((error as VitrineError).help ?? "", "give a folder with the four IDX files");
});

test("given data is read and nothing else looked at", async () => {
  const { request, sources } = search({ mirror: true });
  const data = join(temporaryFolder(), "fashion-mnist");
  mkdirSync(data);
  writeRelease(data);
  const got = await loadFashionMnist({ ...request, data }, sources);
  assert.is(got.source, `IDX files in ${data}`);
  sameData(got.train, parts.train);
  assert.equal(context.mirror?.requests, []);
});

test("the checksum of the official labels", () => {
  const labels = OFFICIAL_FILES.find(({ part, kind }) => part === "train" && kind === "labels");
  assert.is(md5(fixture("official-train-labels.idx.gz")), labels?.md5);
});

test.run();
