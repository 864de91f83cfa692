// Peers: how they are found and read, and that they take turns with our own case. Two of them, in test/fixtures/peers, really run and
// time something; no figure is compared with a time.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { alternate } from "../../bench/peers/alternate.ts";
import { commandsIn, findPeers, type Peer } from "../../bench/peers/find-peers.ts";
import { peersLines, turnLines } from "../../bench/peers/peers-text.ts";
import { figuresIn, lastWords, runPeer } from "../../bench/peers/run-peer.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("bench: peers");

const FIXTURES = fileURLToPath(new URL("../fixtures/peers", import.meta.url));
const signal = new AbortController().signal;

/** A folder with these files, below which others may be named with a slash. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const [below = "", file] = name.split("/");
    if (file !== undefined) mkdirSync(join(folder, below), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const FAILING = `console.log('{"ms": 1, "case": "product 24"}');
throw new TypeError("the adapter is gone");`;

test("real peers take turns with our own case, and one that fails stops nobody", async () => {
  const broken = folderOf({
    "peer.json": '{ "name": "broken", "command": ["node", "broken.mjs"] }',
    "broken.mjs": FAILING,
  });
  const peers = [...(await findPeers(broken)), ...(await findPeers(FIXTURES))];
  assert.equal(
    peers.map(({ name }) => name),
    ["broken", "floats", "plain lists"],
  );
  const turns: string[] = [];
  const own = async (name: string) => {
    turns.push(`ours: ${name}`);
    if (name !== "product 24") return null;
    const start = performance.now();
    let sum = 0;
    for (let i = 0; i < 24 ** 3; i++) sum += 0.5 * 2;
    assert.is(sum, 24 ** 3);
    return performance.now() - start;
  };
  const found = await alternate(peers, {
    ...{ rounds: 2, signal, own },
    onTurned: ({ peer, round, failure }) => turns.push(`${round} ${peer} ${failure ?? "ran"}`),
  });
  const failed = "TypeError: the adapter is gone";
  const floats = ["ours: product 24", "ours: sum 24"];
  assert.equal(turns, [
    ...[`1 broken ${failed}`, ...floats, "1 floats ran", "ours: product 24", "1 plain lists ran"],
    ...[...floats, "2 floats ran", "ours: product 24", "2 plain lists ran"],
  ]);
  assert.equal(found.failed, [{ peer: "broken", reason: failed }]);
  assert.equal(
    found.ratios.map(({ peer, from, rounds }) => [peer, from, rounds.length]),
    [
      ["floats rows", "floats", 2],
      ["floats turned", "floats", 2],
      ["lists", "plain lists", 2],
    ],
  );
  for (const { ms, oursMs, times } of found.ratios) {
    assert.ok(ms > 0 && oursMs > 0);
    assert.is(times, ms / oursMs);
  }
  assert.equal(
    found.unmatched.map(({ peer, case: of }) => [peer, of]),
    [["floats", "sum 24"]],
  );
});

test("medians of the rounds are what is compared, and what is printed has 80 columns", async () => {
  const peer: Peer = { name: "p.mjs", command: ["node"], env: {}, folder: ".", case: null };
  const [theirs, ours] = [
    [30, 90, 20],
    [3, 2, 4],
  ];
  const found = await alternate([peer], {
    ...{ rounds: 3, signal, own: async () => ours.shift() ?? null },
    run: async () => ({
      figures: [{ peer: "TensorFlow.js 4.22", case: "conv2 dx", ms: theirs.shift() ?? 0 }],
      failure: null,
    }),
  });
  const [ratio] = found.ratios;
  assert.equal([ratio?.ms, ratio?.oursMs, ratio?.times], [30, 3, 10]);
  const long = "a name that is longer than anybody would call a program, 1.2.3 webgpu (patched)";
  const figure = { peer: long, case: "train step of another network batch 1024", ms: 12345.6 };
  const lines = [
    ...peersLines({
      ratios: [...found.ratios, { ...figure, from: "x", oursMs: 0.1, times: 123456, rounds: [] }],
      failed: [{ peer: long, reason: "Error: somewhere, something was not as it should be" }],
      unmatched: [figure],
    }),
    ...turnLines({ peer: long, round: 2, figures: [{ ...figure, oursMs: 1 }], failure: null }),
  ];
  assert.match(lines[1] ?? "", /^TensorFlow\.js 4\.22 +conv2 dx +30\.000 +3\.000 +10\.00$/);
  for (const line of lines) assert.ok(line.length <= 80, line);
});

const README = `# Peers

\`\`\`
node a_peer.mjs webgpu 50     # best: 7 ms
THREADS=2 NAME='of two words' /usr/bin/python3 b_peer.py "5 0"
npm install
node gone_peer.mjs
\`\`\`
Run \`node c_peer.js\` too.
`;

test("a folder without peer.json is read as it lies: its README's commands, then other scripts", async () => {
  const files = { "a_peer.mjs": "", "b_peer.py": "", "c_peer.js": "", "common.mjs": "" };
  const folder = folderOf({ ...files, "README.md": README });
  const found = await findPeers(folder);
  assert.equal(
    found.map(({ name, command, env }) => [name, command, env]),
    [
      ["a_peer.mjs webgpu 50", ["node", "a_peer.mjs", "webgpu", "50"], {}],
      [
        "THREADS=2 NAME=of two words b_peer.py 5 0",
        ["/usr/bin/python3", "b_peer.py", "5 0"],
        { THREADS: "2", NAME: "of two words" },
      ],
      ["c_peer.js", ["node", "c_peer.js"], {}],
    ],
  );
  assert.equal(commandsIn("no code", folder), []);
});

test("several peers may lie side by side, and one that is not well-formed is refused", async () => {
  const good = '{ "command": ["node", "x.mjs"], "case": "fc1 dx" }';
  const folder = folderOf({ "a.peer.json": good, "b.peer.json": good, "c_peer.mjs": "" });
  const found = await findPeers(folder);
  assert.equal(
    found.map(({ name, case: of }) => [name, of]),
    [
      ["a", "fc1 dx"],
      ["b", "fc1 dx"],
    ],
  );
  const refused = async (place: string, message: RegExp) =>
    findPeers(place).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, message, error.message),
    );
  const bad = folderOf({ "x/peer.json": '{ "command": [] }' });
  await refused(bad, /peer\.json: command\.0 must be text, got nothing/);
  await refused(folderOf({ "README.md": "", "common.mjs": "" }), /with peers in it, got .* none/);
  await refused(join(folder, "none"), /--peers: must be a folder, got/);
});

test("figures are read in our form and in that of those who count training steps", () => {
  const read = (line: object | string, script = "x_peer.py", of: string | null = null) =>
    figuresIn(typeof line === "string" ? line : JSON.stringify(line), {
      ...{ name: script, command: ["python3", script], case: of },
    }).map(({ peer, case: name, ms }) => [peer, name, ms]);
  assert.equal(read({ case: "gemm 512", ms: 3 }), [["x_peer.py", "gemm 512", 3]]);
  assert.equal(read({ peer: "T", ms: 3 }, "x.py", "fc1 dx"), [["T", "fc1 dx", 3]]);
  assert.equal(read({ peer: "T", backend: "webgpu", batch: 50, ms_per_step_median: 7.5 }), [
    ["T webgpu", "train step lenet5 batch 50", 7.5],
  ]);
  assert.equal(read({ peer: "T", mode: "eager", batch: 256, ms_per_step: 2 }), [
    ["T eager", "train step lenet5 batch 256", 2],
  ]);
  const vgg19 = { batch: 50, forward_ms: { median: 700 }, step_ms: { median: 2000 } };
  assert.equal(read(vgg19, "torch_vgg19_peer.py"), [
    ["torch_vgg19_peer.py", "train step vgg19 batch 50", 2000],
    ["torch_vgg19_peer.py", "vgg19 whole forward pass", 700],
  ]);
  assert.equal(read({ ...vgg19, batch: 8 }, "torch_vgg19_peer.py")[1], [
    ...["torch_vgg19_peer.py", "vgg19 whole forward pass batch 8", 700],
  ]);
  for (const none of ["{", "[1]", "7 ms", { ms: 3 }, { case: "gemm 512", ms: 0 }, { gemm: 512 }]) {
    assert.equal(read(none), []);
  }
});

test("what a failed peer says last is its reason, past stack traces", async () => {
  assert.is(
    lastWords("Error: no such backend\n    at x.mjs:1\n\nNode.js v20\n"),
    "Error: no such backend",
  );
  assert.is(lastWords("one\n\u001b[31mtwo\n\n"), "\\x1b[31mtwo");
  const peer = (script: string): Peer => ({
    ...{ name: "x", command: ["node", "-e", script], env: {}, folder: FIXTURES, case: "fc1 dx" },
  });
  const failureOf = async (one: Peer, timeoutMs = 60_000) =>
    (await runPeer(one, { signal, timeoutMs })).failure;
  assert.is(await failureOf(peer("process.exit(3)")), "it ended with 3");
  assert.is(await failureOf(peer("")), "it printed no figure");
  assert.is(await failureOf(peer("console.log('no GPU here')")), "no GPU here");
  assert.is(await failureOf(peer("setInterval(() => 0, 9)"), 300), "it took more than 0 s");
  const missing = { ...peer(""), command: ["/no/such/program"] };
  assert.is(await failureOf(missing), "spawn /no/such/program ENOENT");
});

test.run();
