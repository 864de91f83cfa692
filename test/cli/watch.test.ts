// `--watch` of train, tune and kfold: the address, the bits, stop and rate, what is told, and what happens to bad ports and to browsers that
// go away.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LiveEvent, Told } from "../../src/page/live/live-events.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { ask, post } from "../watch/ask.ts";
import { type Running, runToEnd, startCommand } from "./start-command.ts";

const test = suite("watch");
const folder = temporaryFolder();
const data = smallIdxFolder({ train: 120, test: 20 });
const FLAGS = ["--data", data, "--batch-size", "10", "--validation", "0.25"];
const PORT = String(21_000 + (process.pid % 20_000));

const ADDRESS = /^watch {6}(http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/)/m;

async function addressOf({ prints, stdout }: Running): Promise<string> {
  assert.ok(await prints(ADDRESS), stdout());
  return ADDRESS.exec(stdout())?.[1] ?? "";
}

/** All that is told, up to the last event. */
async function toldBy(address: string): Promise<readonly Told[]> {
  const { text } = await ask(`${address}events`);
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
}

function ofType<Type extends LiveEvent["type"]>(told: readonly Told[], type: Type) {
  return told.filter((event): event is Told & { type: Type } => event.type === type);
}

const start = (name: string, flags: readonly string[], out: string) =>
  startCommand(name, [...flags, "--watch", "--watch-port", PORT, "--out", join(folder, out)]);

test("the weights are the same bits as without, with a page that asks for all it can", async () => {
  const flags = [...FLAGS, "--epochs", "3", "--json"];
  const plain = await runToEnd("train", [...flags, "--out", join(folder, "plain")]);
  const running = startCommand("train", [
    ...[...flags, "--out", join(folder, "watched"), "--watch-port", PORT, "--stats", "5"],
  ]);
  // With --json everything for people is on stderr.
  while (!ADDRESS.test(running.stderr())) await new Promise((resolve) => setTimeout(resolve, 20));
  const address = ADDRESS.exec(running.stderr())?.[1] ?? "";
  const events = toldBy(address);
  assert.is((await post(`${address}measure`, {})).status < 500, true);
  const told = await events;
  assert.is(await running.ended, 0, running.stderr());
  const result = JSON.parse(running.stdout());
  assert.is(result.weightsSha256, JSON.parse(plain.stdout).weightsSha256);
  const csv = (name: string) => readFileSync(join(folder, name, "history.csv"), "utf8");
  assert.is(csv("watched"), csv("plain"));
  assert.is(told[0]?.type, "run");
  assert.is(told.at(-1)?.type, "end");
  assert.equal(
    ofType(told, "epoch").map(({ epoch }) => epoch),
    [1, 2, 3],
  );
  assert.is(ofType(told, "statistics").length, 5);
  const pictures = ofType(told, "pictures");
  assert.is(pictures.length, 3);
  for (const { epoch, answers, rows, of } of pictures) {
    if (answers.kind !== "classes") throw new Error(`pictures: must be of classes, got ${of}`);
    const { confusion, mistakes } = answers;
    const counts = confusion.flat().reduce((sum, count) => sum + count, 0);
    const right = confusion.reduce((sum, counted, label) => sum + (counted[label] ?? 0), 0);
    assert.equal([rows, of, counts], [30, "held-out", 30]);
    assert.is(mistakes.length, Math.min(18, 30 - right));
    const logs = ofType(told, "epoch").find((one) => one.epoch === epoch)?.logs ?? {};
    assert.ok(
      Math.abs(right / 30 - (logs["val_accuracy"] ?? 0)) < 1e-6,
      "the same rows as Keras's",
    );
    for (const { share, label, predicted } of mistakes) {
      assert.ok(share > 0 && share <= 1 && label !== predicted);
    }
  }
  assert.equal(
    pictures[0]?.maps.map(({ layer, maps }) => [layer, maps.height, maps.planes.length]),
    [
      ["conv2d", 28, 6],
      ["max_pooling2d", 14, 6],
      ["conv2d_1", 10, 16],
      ["max_pooling2d_1", 5, 16],
    ],
  );
  assert.is(pictures[0]?.filters?.planes.length, 6);
  const [times] = ofType(told, "layerTimes");
  assert.ok(times && times.stepMs > 0 && times.layers.some(({ layer }) => layer === "conv2d"));
});

test("stop does what Ctrl-C does: between steps, the run is saved, 130", async () => {
  const running = start("train", [...FLAGS, "--epochs", "100000", "--patience", "0"], "stopped");
  const address = await addressOf(running);
  const events = toldBy(address);
  assert.ok(await running.prints(/Epoch 3\/100000/));
  assert.is((await post(`${address}stop`, {})).status, 204);
  // Again and again: a second press is not the second Ctrl-C, which would not save.
  for (let press = 0; press < 5; press++) await post(`${address}stop`, {}).catch(() => null);
  const told = await events;
  assert.is(await running.ended, 130, running.stderr());
  assert.match(
    running.stdout(),
    /interrupted after \d+ epochs?; the weights of epoch \d+ are kept/,
  );
  assert.equal(
    ofType(told, "stopping").map(({ isByPage }) => isByPage),
    [true],
  );
  assert.is(ofType(told, "end")[0]?.ended, "interrupted");
  const metrics = JSON.parse(readFileSync(join(folder, "stopped", "metrics.json"), "utf8"));
  assert.is(metrics.ended, "interrupted");
  assert.is(metrics.epochs, ofType(told, "epoch").length);
});

test("the rate set from the page is trained with, logged and recorded", async () => {
  const flags = [...FLAGS, "--epochs", "100000", "--patience", "0"];
  const running = start("train", flags, "steered");
  const address = await addressOf(running);
  assert.ok(await running.prints(/Epoch 2\/100000/));
  const bad = await post(`${address}rate`, { rate: -1 });
  assert.equal([bad.status, bad.text], [400, "rate: must be a number above 0, got -1\n"]);
  assert.is((await post(`${address}rate`, { rate: 0.0003 })).status, 204);
  assert.ok(await running.prints(/lr: 3\.0000e-04/), "Keras's line has it");
  await post(`${address}stop`, {});
  assert.is(await running.ended, 130);
  const out = join(folder, "steered");
  const lines = readFileSync(join(out, "history.csv"), "utf8").trim().split(/\r?\n/);
  assert.match(lines[0] ?? "", "lr");
  const rates = lines.slice(1).map((line) => Number(line.split(",").at(-1)));
  assert.is(rates[0], Math.fround(0.001));
  assert.is(rates.at(-1), Math.fround(0.0003));
  const { training } = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  const [change, ...more] = training.rateChanges;
  assert.equal(more, []);
  assert.equal([change.from, change.to], [Math.fround(0.001), Math.fround(0.0003)]);
  assert.ok(change.epoch >= 2);
});

test("--watch-stay serves what was told until Ctrl-C; browsers that go away end nothing", async () => {
  const flags = [...FLAGS, "--epochs", "2", "--watch-stay"];
  const running = start("train", flags, "stays");
  const address = await addressOf(running);
  for (let page = 0; page < 5; page++) await ask(`${address}events`, { until: /id: 1\n/ });
  assert.ok(await running.prints(/the page stays at its address until Ctrl-C/));
  const late = await ask(`${address}events`, { until: /"type":"end".*\n\n/ });
  assert.match(late.text, '"stays":true');
  assert.is((await post(`${address}rate`, { rate: 0.1 })).status, 400);
  running.child.kill("SIGINT");
  assert.is(await running.ended, 130);
});

test("kfold tells of every fold, and of those that an earlier run finished", async () => {
  const flags = ["--data", data, "--folds", "2", "--epochs", "2", "--batch-size", "10"];
  const told = await toldBy(await addressOf(start("kfold", flags, "folds")));
  const ends = ofType(told, "partEnd");
  assert.equal(
    ends.map(({ part, history }) => [part, history]),
    [
      ["fold 1", null],
      ["fold 2", null],
    ],
  );
  assert.ok(ends.every(({ score, figures }) => score !== null && "test_accuracy" in figures));
  assert.equal(
    ofType(told, "epoch").map(({ curve, epoch }) => [curve, epoch]),
    [
      ["fold 1", 1],
      ["fold 1", 2],
      ["fold 2", 1],
      ["fold 2", 2],
    ],
  );
  const again = start("kfold", flags, "folds");
  const retold = ofType(await toldBy(await addressOf(again)), "partEnd");
  assert.equal(
    retold.map(({ part, score, history }) => [
      part,
      score,
      Object.values(history ?? {})[0]?.length,
    ]),
    ends.map(({ part, score }) => [part, score, 2]),
  );
  assert.is(await again.ended, 0);
});

test("tune tells of every trial: values, places on the axes, score", async () => {
  const flags = ["--data", data, "--trials", "2", "--epochs", "1", "--validation", "0.1"];
  const running = start("tune", flags, "trials");
  const address = await addressOf(running);
  const refused = await post(`${address}rate`, { rate: 0.1 });
  assert.is(refused.status, 400, "a trial's rate is what is searched for");
  const told = await toldBy(address);
  assert.is(await running.ended, 0, running.stderr());
  const [first] = told;
  const axes = first?.type === "run" ? (first.parts?.axes ?? []) : [];
  assert.ok(axes.some(({ name }) => name === "learning_rate"));
  for (const { places } of ofType(told, "part")) {
    assert.equal(Object.keys(places).sort(), axes.map(({ name }) => name).sort());
  }
  assert.equal(
    ofType(told, "partEnd").map(({ part, score }) => [part, typeof score]),
    [
      ["trial 1", "number"],
      ["trial 2", "number"],
    ],
  );
});

test("of trials and folds in other processes it tells how far they are, and their epochs at the end", async () => {
  const tune = ["--trials", "2", "--epochs", "6", "--validation", "0.1"];
  const kfold = ["--folds", "2", "--epochs", "6", "--batch-size", "10"];
  for (const [name, own] of [["tune", tune] as const, ["kfold", kfold] as const]) {
    const flags = ["--data", data, ...own, "--workers", "2"];
    const running = start(name, flags, `${name}-workers`);
    const told = await toldBy(await addressOf(running));
    assert.is(await running.ended, 0, running.stderr());
    const kind = name === "tune" ? "trial" : "fold";
    const parts = [`${kind} 1`, `${kind} 2`];
    const namesOf = (events: readonly { readonly part: string }[]) =>
      [...new Set(events.map(({ part }) => part))].sort();
    assert.equal(namesOf(ofType(told, "part")), parts);
    const progress = ofType(told, "partProgress");
    assert.equal(namesOf(progress), parts);
    assert.ok(progress.every(({ epoch, epochs, share }) => epoch <= epochs && share <= 1));
    const ends = ofType(told, "partEnd");
    assert.equal(namesOf(ends), parts);
    for (const { part, history } of ends) assert.is(history?.[part]?.length, 6);
  }
});

test("a port that is taken: the next one, and said so", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const flags = [...FLAGS, "--epochs", "1", "--watch-port", String(port)];
  const run = await runToEnd("train", [...flags, "--out", join(folder, "taken")]);
  other.close();
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, new RegExp(`^watch {6}http:.* \\(port ${port} is taken\\)$`, "m"));
});

test("--quiet still says where the page is, on stderr", async () => {
  const flags = [...FLAGS, "--epochs", "1", "--quiet", "--watch-port", PORT];
  const run = await runToEnd("train", [...flags, "--out", join(folder, "quiet")]);
  assert.is(run.stdout, "");
  assert.match(run.stderr, ADDRESS);
});

for (const [value, message] of [
  ["0", /error: --watch-port: must be .*got 0\n/],
  ["65536", /error: --watch-port: must be .*got 65536\n/],
  ["x", /error: --watch-port: .*x/],
  ["80.5", /error: --watch-port: /],
] as const) {
  test(`--watch-port ${value} is one line and 2`, async () => {
    const flags = ["--watch-port", value, "--out", join(folder, "refused")];
    const { code, stderr } = await runToEnd("train", [...FLAGS, ...flags]);
    assert.is(code, 2);
    assert.match(stderr, message);
  });
}

test.run();
