// A study in workers: what it leaves is what one process leaves, bit for bit, whatever the order in which parts end, whoever
// interrupts it, and whoever goes on; and what fails in a worker fails the study.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VitrineError } from "../../src/engine/core/errors.ts";
import type { RemoteOptions } from "../../src/queue/remote-jobs.ts";
import { FolderExchange } from "../../src/queue/weights-exchange.ts";
import type { Trainings } from "../../src/study/context.ts";
import { RemoteTrainings } from "../../src/study/remote-trainings.ts";
import { DivergenceError } from "../../src/train/divergence-error.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { refusalOf } from "../io/folder.ts";
import { figuresOf, tinyStudy } from "./tiny-study.ts";
import { type WorkersHere, workersHere } from "./workers-here.ts";

const test = suite("study in workers");
const one = join(temporaryFolder(), "one");
const whole = await tinyStudy(one);

/** Every file of the steps, but for times, and for who ran a trial. */
function leftIn(out: string): Record<string, string> {
  const names = readdirSync(out, { recursive: true }).map(String).sort();
  const files = names.flatMap((name): [string, string][] => {
    if (!/^0\d-.*\.\w+$/.test(name) || name.endsWith(".lock")) return [];
    const text = readFileSync(join(out, name)).toString("latin1");
    const bare = text.replaceAll(/^ *"(seconds|beside|msPerStep|adapter|driver)": .*\n/gm, "");
    return [
      [name, name.endsWith(".json") ? bare : createHash("sha256").update(bare).digest("hex")],
    ];
  });
  return Object.fromEntries(files);
}

function inWorkers(out: string, workers: Partial<WorkersHere> = {}) {
  return workersHere(out, { count: 2, ...workers });
}

test("two workers leave what one process leaves, and no exchange", async () => {
  const out = join(temporaryFolder(), "two");
  const heard: string[] = [];
  const listener = (what: string): void => {
    heard.push(what);
  };
  const study = await tinyStudy(out, { listener, openWorkers: inWorkers(out, { listener }) });
  const { commands } = study.record;
  assert.equal(figuresOf(study), { ...figuresOf(whole), commands });
  const left = leftIn(out);
  assert.equal(left, leftIn(one));
  assert.ok(left["04-training/weights.safetensors"]);
  assert.ok(left["06-folds/fold-3/weights.safetensors"]);
  for (const name of ["exchange", "03-tuner/checkpoints", "03-tuner/time.json"]) {
    assert.is(existsSync(join(out, name)), false, name);
  }
  const at = (what: string): number => heard.indexOf(what);
  // The longest first, a fold beside it, and no third before one of the two is over.
  assert.ok(at("trial 2 begins") < Math.min(at("trial 1 ends"), at("trial 2 ends")));
  assert.ok(at("begin cross-validation, beside the training") < at("training ends"));
  assert.ok(at("training begins") < at("fold 1 begins"));
  assert.ok(at("fold 1 begins") < at("training ends"));
  assert.ok(at("fold 2 begins") > Math.min(at("training ends"), at("fold 1 ends")));
  assert.ok(at("begin evaluation") > at("training ends"));
  const folds = study.record.steps.find(({ folder }) => folder === "06-folds");
  assert.ok(folds && folds.beside > 0 && folds.beside <= folds.seconds);
  const markdown = readFileSync(study.report.markdown, "utf8");
  assert.match(markdown, /rows here, on .*, beside the folds; of 50 in the study/);
  assert.match(
    markdown,
    /Beside an earlier step ran cross-validation for .*: together, the steps took /,
  );
});

test("interrupted at any point, it goes on in workers or without, to the same end", async () => {
  const out = join(temporaryFolder(), "interrupted");
  const moments = [
    [/^trial 2 begins/, 2],
    [/^Trial \d Complete/, 2],
    [/^fold 1 begins/, 2],
    [/^fold \d: /, 2],
    [/^begin evaluation/, 3],
  ] as const;
  for (const [moment, count] of moments) {
    const controller = new AbortController();
    const { signal } = controller;
    const listener = (what: string): void => {
      if (moment.test(what)) controller.abort();
    };
    const openWorkers = inWorkers(out, { count, listener });
    const study = tinyStudy(out, { signal, listener, openWorkers });
    assert.match(await refusalOf(study), /abort/, `${moment}`);
    assert.is(existsSync(join(out, "exchange")), false);
  }
  const ended = await tinyStudy(out);
  assert.equal(figuresOf(ended), { ...figuresOf(whole), commands: ended.record.commands });
  assert.equal(leftIn(out), leftIn(one));
});

test("what fails in a worker is told as it would be here, and stops what runs beside it", async () => {
  const out = join(temporaryFolder(), "failing");
  const ended: string[] = [];
  const as = (own: Trainings): Trainings => ({
    ...{ turns: own.turns, trial: own.trial },
    best: async (signal) => {
      const look = await own.best(signal);
      ended.push(look ? "trained" : "stopped");
      return look;
    },
    fold: async () => {
      throw new DivergenceError({ epoch: 2, learningRate: 0.1 });
    },
    ...{ trialSaved: own.trialSaved, foldSaved: own.foldSaved, close: own.close },
  });
  const failure = await tinyStudy(out, { openWorkers: inWorkers(out, { as }) }).catch((e) => e);
  assert.instance(failure, VitrineError);
  assert.is(failure.message, "learningRate: the loss became NaN or infinite in epoch 2");
  assert.is(failure.help, "try a lower rate than 0.1");
  assert.is(failure.argument, "learningRate");
  assert.equal(ended, ["stopped"]);
  assert.is(existsSync(join(out, "04-training", "step.json")), false);
});

test("an answer that is no training's is refused", async () => {
  const options: RemoteOptions = {
    transport: {
      run: async () => ({ kind: "step", result: { history: "none" } }),
      recorded: async () => undefined,
    },
    exchange: new FolderExchange(one),
    onProgress: () => undefined,
  };
  const nothing = (): void => undefined;
  const close = async (): Promise<void> => undefined;
  const trainings = new RemoteTrainings({ count: 2, options, begin: nothing, end: nothing, close });
  const { signal } = new AbortController();
  assert.match(
    await refusalOf(trainings.best(signal)),
    /^worker: must answer a training with its result, got /,
  );
  assert.match(await refusalOf(trainings.fold(0, signal)), /job 1 with what it asks for, got step/);
});

test.run();
