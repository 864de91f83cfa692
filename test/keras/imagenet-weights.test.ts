// The search for published weights, with a small stand-in for the file: every place in its turn, and what is told where
// there is none.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VitrineError } from "../../src/engine/core/errors.ts";
import {
  findImagenetWeights,
  type ImagenetSources,
} from "../../src/keras/weights/imagenet-weights.ts";
import { type Mirror, refusingUrl, startMirror } from "../data/local-mirror.ts";
import { md5, temporaryFolder } from "../data/sample-files.ts";

const body = Buffer.alloc(100_000, "weights");
const NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5";
const context: { mirror?: Mirror; home?: string | undefined; kerasHome?: string | undefined } = {};
const test = suite("imagenet-weights", context);

test.before(async () => {
  context.mirror = await startMirror();
  context.home = process.env["HOME"];
  context.kerasHome = process.env["KERAS_HOME"];
});
test.before.each(() => {
  const { answers, requests, ranges } = context.mirror as Mirror;
  requests.length = 0;
  ranges.length = 0;
  answers.set(NAME, { body });
  process.env["HOME"] = temporaryFolder();
  delete process.env["KERAS_HOME"];
});
test.after(async () => {
  for (const [name, value] of [
    ["HOME", context.home],
    ["KERAS_HOME", context.kerasHome],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await context.mirror?.close();
});

/** A search with an empty cache, at the mirror unless another address is given. */
function search(address = context.mirror?.url ?? "") {
  const cacheDir = join(temporaryFolder(), "weights");
  const path = join(cacheDir, NAME);
  const url = `${address}${NAME}`;
  const said: string[] = [];
  const labels = new Set<string>();
  const sources: Partial<ImagenetSources> = {
    published: (backbone, top) => {
      assert.equal({ backbone, top }, { backbone: "vgg19", top: false });
      return { url, md5: md5(body) };
    },
    connectTimeoutMs: 500,
    stallTimeoutMs: 500,
  };
  const request = {
    backbone: "vgg19",
    top: false,
    cacheDir,
    say: (line: string) => said.push(line),
    progress: ({ label }: { label: string }) => labels.add(label),
  } as const;
  const find = (signal?: AbortSignal) => findImagenetWeights({ ...request, signal }, sources);
  return { cacheDir, path, url, said, labels, find };
}

function write(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

async function refusal(work: Promise<unknown>): Promise<VitrineError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  assert.instance(error, VitrineError);
  return error as VitrineError;
}

const wrongFile = (path: string, bytes: Uint8Array) =>
  `weights: passed over ${path}: the published file has md5 ${md5(body)}, got ${md5(bytes)}`;

test("the file is fetched once, with progress, and then found in the cache", async () => {
  const { find, path, url, said, labels } = search();
  assert.is(await find(), path);
  assert.equal(readFileSync(path), body);
  assert.equal(said, [`weights: fetching ${url}`]);
  assert.equal([...labels], [`downloading ${NAME}`]);
  assert.is(await find(), path);
  assert.equal(context.mirror?.requests, [NAME]);
  assert.is(said.length, 1);
});

test("a damaged file in the cache is told and fetched again", async () => {
  const { find, path, url, said } = search();
  for (const damage of [body.subarray(1), Buffer.alloc(0), Buffer.alloc(body.length)]) {
    write(path, damage);
    said.length = 0;
    assert.is(await find(), path);
    assert.equal(readFileSync(path), body);
    assert.equal(said, [wrongFile(path, damage), `weights: fetching ${url}`]);
  }
});

test("ours comes first, then KERAS_HOME, then ~/.keras, then a download", async () => {
  const inHome = join(process.env["HOME"] ?? "", ".keras", "models", NAME);
  write(inHome, body);
  assert.is(await search().find(), inHome);
  process.env["KERAS_HOME"] = temporaryFolder();
  assert.is(await search().find(), inHome);
  const inKerasHome = join(process.env["KERAS_HOME"], "models", NAME);
  write(inKerasHome, body);
  const { find, cacheDir, said } = search();
  assert.is(await find(), inKerasHome);
  assert.equal(said, []);
  assert.not(existsSync(cacheDir));
  const ours = search();
  write(ours.path, body);
  assert.is(await ours.find(), ours.path);
  assert.equal(context.mirror?.requests, []);
});

test("a wrong file in Keras's cache is told, passed over, and left as it is", async () => {
  const theirs = join(process.env["HOME"] ?? "", ".keras", "models", NAME);
  const damage = body.subarray(0, 500);
  write(theirs, damage);
  const { find, path, url, said } = search();
  assert.is(await find(), path);
  assert.equal(said, [wrongFile(theirs, damage), `weights: fetching ${url}`]);
  assert.equal(readFileSync(theirs), damage);
});

test("what stands in the file's place and cannot be read is told", async () => {
  const theirs = join(process.env["HOME"] ?? "", ".keras", "models", NAME);
  mkdirSync(theirs, { recursive: true });
  const { find, path, said } = search();
  assert.is(await find(), path);
  assert.match(said[0] ?? "", `weights: passed over ${theirs}: EISDIR`);
});

test("a file that Keras publishes no md5 of is fetched whole, and known by its first bytes", async () => {
  const { path, url, said, cacheDir } = search();
  const { answers, ranges } = context.mirror as Mirror;
  const hdf5 = Buffer.concat([Buffer.from("\x89HDF\r\n\x1a\n", "latin1"), body]);
  answers.set(NAME, { body: hdf5 });
  const published = () => ({ url, md5: null });
  const say = (line: string) => void said.push(line);
  const request = { backbone: "mobilenetv2", top: false, cacheDir, say, progress() {} } as const;
  write(`${path}.part`, Buffer.alloc(10));
  write(path, body);
  assert.is(await findImagenetWeights(request, { published }), path);
  assert.equal(readFileSync(path), hdf5);
  assert.equal(ranges.filter(Boolean), []);
  const problem = "the published file is HDF5, got something else";
  assert.equal(said, [`weights: passed over ${path}: ${problem}`, `weights: fetching ${url}`]);
  assert.is(await findImagenetWeights(request, { published }), path);
  assert.is(said.length, 2);
});

test("a broken download goes on the next time", async () => {
  const { find, path } = search();
  const { answers, ranges } = context.mirror as Mirror;
  answers.set(NAME, { cut: body });
  const { message, help } = await refusal(find());
  assert.match(message, "the connection broke before the end of the file");
  assert.match(help ?? "", /^run again: the download goes on where it broke; or put the file of /);
  const there = readFileSync(`${path}.part`).length;
  answers.set(NAME, { body });
  assert.is(await find(), path);
  assert.equal(readFileSync(path), body);
  assert.equal(ranges, [undefined, `bytes=${there}-`]);
});

test("offline, one message has the address, the md5, the folder and the flag", async () => {
  const { find, cacheDir, url } = search(await refusingUrl());
  const { message, help } = await refusal(find());
  assert.is(
    message,
    `weights: vgg19 trained on ImageNet must be at hand or be fetched, got ${url}: ECONNREFUSED`,
  );
  assert.is(
    help,
    `put the file of ${url} (md5 ${md5(body)}) into ${cacheDir}; or give any Keras file of vgg19`,
  );
});

test("put there by hand as the message says, the file is found", async () => {
  const { find, path } = search(await refusingUrl());
  await refusal(find());
  write(path, body);
  assert.is(await find(), path);
});

test("a missing file and a wrong one at the server are told in the same way", async () => {
  const { find, cacheDir, path, url } = search();
  const { answers } = context.mirror as Mirror;
  answers.set(NAME, { status: 404 });
  const missing = await refusal(find());
  assert.match(missing.message, `${url}: the server must answer 200, got 404`);
  const other = Buffer.from("a page that asks for a password");
  answers.set(NAME, { body: other });
  const wrong = await refusal(find());
  assert.match(wrong.message, `${url}: the file must have md5 ${md5(body)}, got ${md5(other)}`);
  for (const { help } of [missing, wrong]) assert.match(help ?? "", `into ${cacheDir};`);
  assert.not(existsSync(path));
  assert.not(existsSync(`${path}.part`));
});

test("a signal ends the search with its own reason", async () => {
  const { find, path } = search();
  write(path, body.subarray(1));
  const reason = await find(AbortSignal.abort()).catch((error) => error);
  assert.is(reason.name, "AbortError");
  assert.equal(context.mirror?.requests, []);
});

test.run();
