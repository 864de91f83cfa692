// Pictures by URLs: of this machine only, and of no more than a picture's size.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fileOfUrl, isUrl } from "../../src/data/local-url.ts";
import { isBlank } from "../../src/data/shown-image.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";

async function rejects(work: () => Promise<unknown>, message: RegExp): Promise<void> {
  const found = await work().catch((error: unknown) => error);
  assert.ok(found instanceof VitrineError, String(found));
  assert.match(found.message, message);
}

const test = suite("local URLs");
const { signal } = new AbortController();

const server = createServer((request, response) => {
  const isThere = request.url?.startsWith("/cat.png") ?? false;
  if (request.url === "/away") response.writeHead(302, { location: "/cat.png" });
  else response.writeHead(isThere ? 200 : 404);
  response.end("bytes");
});
let origin = "";
test.before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => {
  server.close();
});

test("paths are no URLs, and file: is a path", async () => {
  assert.equal(["cat.png", "a/b.png", "C:\\cat.png"].map(isUrl), [false, false, false]);
  const url = pathToFileURL("/tmp/a cat.png").href;
  assert.ok(isUrl(url));
  assert.is(await fileOfUrl(url, signal), "/tmp/a cat.png");
});

test("what a server of this machine gives becomes a file", async () => {
  const path = await fileOfUrl(`${origin}/cat.png?size=2`, signal);
  assert.match(path, /cat\.png$/);
  assert.is(readFileSync(path, "utf8"), "bytes");
  assert.ok(existsSync(path));
});

test("proxies are passed by", async () => {
  // Nobody listens there.
  const proxies = { NODE_USE_ENV_PROXY: "1", http_proxy: "http://127.0.0.1:9", no_proxy: "" };
  const before = { ...process.env };
  Object.assign(process.env, proxies);
  try {
    assert.is(readFileSync(await fileOfUrl(`${origin}/cat.png`, signal), "utf8"), "bytes");
    await rejects(() => fileOfUrl(`${origin}/away`, signal), /away: must give a picture/);
  } finally {
    for (const name of Object.keys(proxies)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
});

test("other machines, what is not there and redirections are refused", async () => {
  await rejects(
    () => fileOfUrl("https://example.com/cat.png", signal),
    /must be of this machine .*got https/,
  );
  await rejects(() => fileOfUrl("ftp://localhost/cat.png", signal), /must be of this machine/);
  await rejects(() => fileOfUrl("http://[", signal), /must be a picture or its URL, got http:/);
  await rejects(
    () => fileOfUrl(`${origin}/dog.png`, signal),
    /dog\.png: must give a picture, got status 404/,
  );
  await rejects(() => fileOfUrl(`${origin}/away`, signal), /away: must give a picture/);
});

test("a picture is blank where it has one shade, but for noise", () => {
  assert.ok(isBlank(new Uint8Array(784).fill(200)));
  assert.ok(isBlank(Uint8Array.from({ length: 784 }, (_, i) => 100 + (i % 7))));
  assert.not(isBlank(Uint8Array.from({ length: 784 }, (_, i) => (i % 28 < 4 ? 255 : 0))));
});

test.run();
