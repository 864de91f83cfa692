// The server of a run's page: who is answered, what is replayed, which port it takes, and that a browser that goes away harms nothing.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import { EventLog } from "../../src/watch/event-log.ts";
import { type LiveServer, serveLive } from "../../src/watch/live-server.ts";
import { ask, post } from "./ask.ts";

const test = suite("live server");

const PORT = 20_000 + (process.pid % 20_000);

interface Served {
  readonly server: LiveServer;
  readonly log: EventLog;
  readonly done: unknown[];
  readonly origin: string;
}

async function served(work: (served: Served) => Promise<void>): Promise<void> {
  const log = new EventLog();
  const done: unknown[] = [];
  const server = await serveLive({
    ...{ port: PORT, log, html: "<!DOCTYPE html>the page" },
    actions: {
      note: (body) => {
        if (body === "bad") throw new UsageError("note: must be good, got bad");
        done.push(body);
      },
    },
  });
  try {
    await work({ server, log, done, origin: `http://127.0.0.1:${server.port}` });
  } finally {
    await server.close();
  }
}

const stopping = { type: "stopping", isByPage: false } as const;

test("the page is served at its address, with a policy that lets nothing in", () =>
  served(async ({ server: { address, port } }) => {
    assert.match(address, new RegExp(`^http://127\\.0\\.0\\.1:${port}/[\\w-]{22}/$`));
    const { status, headers, text } = await ask(address);
    assert.is(status, 200);
    assert.match(text, "the page");
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, "default-src 'none'");
    assert.match(policy, "connect-src 'self'");
    assert.match(policy, "frame-ancestors 'none'");
    assert.is(headers["referrer-policy"], "no-referrer");
    assert.is(headers["access-control-allow-origin"], undefined);
  }));

test("nothing is answered without the token, nor with a wrong one", () =>
  served(async ({ server: { address }, origin, done }) => {
    const wrong = address.replace(/.\/$/, (end) => (end === "A/" ? "B/" : "A/"));
    const places = ["/", "/events", "/note", "//", "/..", `/${"x".repeat(22)}/`];
    for (const place of [...places.map((path) => origin + path), wrong, `${wrong}events`]) {
      assert.is((await ask(place)).status, 403, place);
    }
    assert.is(
      (await ask(address.slice(0, -1))).status,
      403,
      "relative addresses would lead astray",
    );
    assert.is((await post(`${wrong}note`, 1)).status, 403);
    assert.equal(done, []);
  }));

for (const host of ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]:80"]) {
  test(`a request for the host ${JSON.stringify(host)} is refused`, () =>
    served(async ({ server: { address }, done }) => {
      assert.is((await ask(address, { headers: { host } })).status, 403);
      assert.is((await post(`${address}note`, 1, { host })).status, 403);
      assert.equal(done, []);
    }));
}

test("pages of another origin can neither read nor act", () =>
  served(async ({ server: { address, port }, origin, done }) => {
    for (const other of [
      "http://evil.example",
      "null",
      `http://127.0.0.1:${port + 1}`,
      `https://127.0.0.1:${port}`,
    ]) {
      for (const path of ["", "events"]) {
        assert.is((await ask(address + path, { headers: { origin: other } })).status, 403, other);
      }
      assert.is((await post(`${address}note`, 1, { origin: other })).status, 403, other);
    }
    const site = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    assert.is((await ask(`${address}events`, { headers: site })).status, 403);
    assert.equal(done, []);
    assert.is((await post(`${address}note`, 1, { origin })).status, 204);
    assert.equal(done, [1]);
  }));

test("localhost is this machine too", () =>
  served(async ({ server: { address, port }, done }) => {
    const headers = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    assert.is((await ask(address, { headers })).status, 200);
    assert.is((await post(`${address}note`, 2, headers)).status, 204);
    assert.equal(done, [2]);
  }));

test("an action takes JSON that is posted, and says what is wrong with it", () =>
  served(async ({ server: { address }, done }) => {
    const note = `${address}note`;
    assert.is((await ask(note)).status, 405);
    assert.is((await ask(note)).headers["allow"], "POST");
    assert.is((await post(address, 1)).status, 405);
    assert.is((await post(note, "{")).status, 400);
    assert.is((await post(note, `"${"x".repeat(2000)}"`)).status, 400);
    const bad = await post(note, '"bad"');
    assert.equal([bad.status, bad.text], [400, "note: must be good, got bad\n"]);
    assert.is((await post(note, 1, { "content-type": "text/plain" })).status, 415);
    for (const path of ["nothing", "toString", "__proto__"]) {
      assert.is((await post(address + path, 1)).status, 404, path);
    }
    assert.equal(done, []);
  }));

test("what was told is replayed, from where the page left off", () =>
  served(async ({ server: { address }, log }) => {
    for (let told = 0; told < 3; told++) log.tell(stopping);
    const all = await ask(`${address}events`, { until: /id: 3\n.*\n\n/ });
    assert.is(all.headers["content-type"], "text/event-stream; charset=utf-8");
    assert.equal(all.text.match(/^id: \d+/gm), ["id: 1", "id: 2", "id: 3"]);
    const headers = { "last-event-id": "2" };
    const rest = await ask(`${address}events`, { headers, until: /id: 3\n.*\n\n/ });
    assert.equal(rest.text.match(/^id: \d+/gm), ["id: 3"]);
    const odd = { "last-event-id": "x" };
    const again = await ask(`${address}events`, { headers: odd, until: /id: 3\n/ });
    assert.equal(again.text.match(/^id: \d+/gm)?.length, 3);
  }));

test("what is told later comes as it is told, to all who listen", () =>
  served(async ({ server: { address }, log }) => {
    const pages = [1, 2].map(() => ask(`${address}events`, { until: /id: 2\n.*\n\n/ }));
    log.tell(stopping);
    await new Promise((resolve) => setTimeout(resolve, 100));
    log.tell(stopping);
    for (const { text } of await Promise.all(pages)) {
      assert.equal(text.match(/^id: \d+/gm), ["id: 1", "id: 2"]);
    }
  }));

test("a page that goes away is forgotten; the next one is served", () =>
  served(async ({ server: { address }, log }) => {
    log.tell(stopping);
    await ask(`${address}events`, { until: /id: 1/ });
    for (let told = 0; told < 50; told++) log.tell(stopping);
    const next = await ask(`${address}events`, { until: /id: 51\n/ });
    assert.is(next.status, 200);
  }));

test("a page is told the last event before the server goes", async () => {
  let page: Promise<{ readonly text: string }> | null = null;
  await served(async ({ server: { address }, log }) => {
    page = ask(`${address}events`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    log.tell({ type: "end", ended: "finished", message: "", stays: false });
  });
  const { text } = await (page ?? Promise.reject(new Error("no page")));
  assert.match(text, '"ended":"finished"');
});

test("a port that is taken is passed by", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const server = await serveLive({ port, log: new EventLog(), html: "", actions: {} });
  assert.ok(server.port > port && server.port < port + 20);
  assert.is((await ask(server.address)).status, 200);
  await server.close();
  other.close();
});

test("the highest port, taken, is the end of it", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(65_535, "127.0.0.1", resolve));
  await serveLive({ port: 65_535, log: new EventLog(), html: "", actions: {} }).then(
    () => assert.unreachable(),
    (error) => {
      assert.instance(error, UsageError);
      assert.is(error.message, "port: 65535 to 65535 are all taken");
    },
  );
  other.close();
});

test("nothing but this machine can reach it", () =>
  served(async ({ server: { address } }) => {
    assert.is(new URL(address).hostname, "127.0.0.1");
    const { networkInterfaces } = await import("node:os");
    const outer = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address: own, family, internal } of outer) {
      if (internal || family !== "IPv4") continue;
      const reached = await ask(address.replace("127.0.0.1", own)).then(
        () => true,
        () => false,
      );
      assert.is(reached, false, own);
    }
  }));

test.run();
