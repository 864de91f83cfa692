// Callbacks against what Keras's own do with the same logs: when they stop, what they restore, save, say and write.
// fixtures/callbacks.json is made by callbacks.py from the real ones.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { formatPattern } from "../../src/format/format-pattern.ts";
import { CSVLogger } from "../../src/runs/csv-logger.ts";
import type { Callback, Logs, TrainingControl } from "../../src/train/callbacks/callback.ts";
import { EarlyStopping } from "../../src/train/callbacks/early-stopping.ts";
import { History } from "../../src/train/callbacks/history.ts";
import { ModelCheckpoint } from "../../src/train/callbacks/model-checkpoint.ts";
import { ReduceLROnPlateau } from "../../src/train/callbacks/reduce-lr-on-plateau.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("keras callbacks");

interface Outcome {
  readonly ran: number;
  readonly restored: number | null;
  readonly rates: readonly number[];
  readonly logged: readonly (number | null)[];
  readonly saved: readonly (readonly [string, number])[];
  readonly messages: readonly string[];
}

type PlainLogs = Record<string, number | string>;

interface Case extends Outcome {
  readonly config: Readonly<Record<string, string | number | boolean>>;
  readonly epochs: readonly PlainLogs[];
}

interface Fixture {
  readonly earlyStopping: readonly Case[];
  readonly reduceLROnPlateau: readonly Case[];
  readonly modelCheckpoint: readonly Case[];
  readonly csvLogger: {
    readonly epochs: readonly PlainLogs[];
    readonly text: string;
    readonly appended: string;
  };
  readonly patterns: readonly (readonly [string, string])[];
  readonly patternLogs: Logs;
}

const path = new URL("../fixtures/callbacks.json", import.meta.url);
const fixture = JSON.parse(readFileSync(path, "utf8")) as Fixture;

const NUMBERS = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
]);

function logsOf(plain: PlainLogs): Logs {
  const entries = Object.entries(plain).map(
    ([key, value]) => [key, NUMBERS.get(String(value)) ?? Number(value)] as const,
  );
  return Object.fromEntries(entries);
}

/** `min_delta` to `minDelta`. */
function camelConfig(config: Case["config"]): Record<string, string | number | boolean> {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [camel(key), value]));
}

const epochOf = (weights: Weights | null) => weights?.get("w")?.[0] ?? null;

/** What a case's callback is made with. */
interface Hooks {
  readonly config: Record<string, string | number | boolean>;
  readonly say: (line: string) => void;
  readonly save: (path: string, weights: Weights) => void;
}

async function drive(make: (hooks: Hooks) => Callback, subject: Case): Promise<Outcome> {
  const messages: string[] = [];
  const saved: [string, number][] = [];
  const callback = make({
    config: camelConfig(subject.config),
    say: (line) => messages.push(line),
    save: (file, weights) => saved.push([file, epochOf(weights) ?? -1]),
  });
  const rates: number[] = [];
  const logged: (number | null)[] = [];
  let [stopped, rate] = [false, Math.fround(1e-3)];
  let weights: Weights = new Map();
  let restored: Weights | null = null;
  const control: TrainingControl = {
    get learningRate() {
      return rate;
    },
    set learningRate(value) {
      rate = Math.fround(value);
    },
    get weights() {
      return weights;
    },
    stop: () => {
      stopped = true;
    },
    restore: (value) => {
      restored = value;
    },
  };
  await callback.onTrainBegin?.(control);
  for (const [epoch, plain] of subject.epochs.entries()) {
    if (stopped) break;
    const logs = logsOf(plain);
    await callback.onEpochBegin?.(epoch, control);
    rates.push(rate);
    weights = new Map([["w", new Float32Array([epoch])]]);
    await callback.onEpochEnd?.(epoch, logs, control);
    logged.push(logs["lr"] ?? null);
  }
  await callback.onTrainEnd?.(control);
  return { ran: rates.length, restored: epochOf(restored), rates, logged, saved, messages };
}

async function compare(cases: readonly Case[], make: (hooks: Hooks) => Callback): Promise<void> {
  assert.ok(cases.length >= 24);
  for (const subject of cases) {
    const { ran, restored, rates, logged, saved, messages } = subject;
    const expected = { ran, restored, rates, logged, saved, messages };
    assert.equal(await drive(make, subject), expected, JSON.stringify(subject.config));
  }
}

test("EarlyStopping stops, restores and speaks as Keras's", () =>
  compare(fixture.earlyStopping, ({ config, say }) => new EarlyStopping({ ...config, say })));

test("ReduceLROnPlateau lowers and logs the rate as Keras's", () =>
  compare(
    fixture.reduceLROnPlateau,
    ({ config, say }) => new ReduceLROnPlateau({ ...config, say }),
  ));

test("ModelCheckpoint saves the same epochs under the same names", () =>
  compare(
    fixture.modelCheckpoint,
    ({ config, say, save }) => new ModelCheckpoint({ filepath: "", ...config, say, save }),
  ));

test("ReduceLROnPlateau refuses a factor that lowers nothing", () => {
  assert.throws(
    () => new ReduceLROnPlateau({ factor: 1 }),
    /^ReduceLROnPlateau: factor must be below 1, got 1$/,
  );
});

test("file names are Python's", () => {
  for (const [pattern, name] of fixture.patterns) {
    assert.is(formatPattern(pattern, fixture.patternLogs), name);
  }
  assert.throws(
    () => formatPattern("{val_acc:.2f}", { loss: 1 }),
    /\{val_acc:\.2f\} must be one of loss/,
  );
  assert.throws(() => formatPattern("{epoch!r}", { epoch: 1 }), /fields must be like/);
  assert.throws(() => formatPattern("{epoch", { epoch: 1 }), /fields must be like/);
});

async function logCsv(logger: CSVLogger, epochs: readonly PlainLogs[]): Promise<void> {
  await logger.onTrainBegin();
  for (const [epoch, logs] of epochs.entries()) await logger.onEpochEnd(epoch, logsOf(logs));
}

test("CSVLogger writes Keras's bytes, anew or appended", async () => {
  const file = join(temporaryFolder(), "log.csv");
  const { epochs, text, appended } = fixture.csvLogger;
  writeFileSync(file, "of an earlier run");
  await logCsv(new CSVLogger({ path: file }), epochs);
  assert.is(readFileSync(file, "utf8"), text);
  await logCsv(new CSVLogger({ path: file, append: true }), epochs.slice(0, 1));
  assert.is(readFileSync(file, "utf8"), appended);
});

test("CSVLogger: a separator, and a file that is not there to append to", async () => {
  const file = join(temporaryFolder(), "log.csv");
  const logger = new CSVLogger({ path: file, separator: ";", append: true });
  await logCsv(logger, [{ loss: 0.5 }]);
  assert.is(readFileSync(file, "utf8"), "epoch;loss\r\n0;0.5\r\n");
});

test("History gathers metrics epoch by epoch", () => {
  const history = new History();
  history.onTrainBegin();
  history.onEpochEnd(0, { loss: 0.5, val_loss: 0.6 });
  history.onEpochEnd(1, { loss: 0.4 });
  assert.equal(history.epoch, [0, 1]);
  assert.equal(history.history, { loss: [0.5, 0.4], val_loss: [0.6] });
});

test.run();
