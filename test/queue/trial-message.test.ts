// What chief and workers tell each other: numbers that JSON does not know arrive as they were, what is no message is refused, and
// weights that are not those that were told of as well.

import { EventEmitter } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import { LocalWorkers } from "../../src/queue/local-workers.ts";
import { RemoteTrials, trialAnswer } from "../../src/queue/remote-trials.ts";
import { studyId } from "../../src/queue/study-id.ts";
import {
  readJob,
  readOutcome,
  readProgress,
  readSearch,
  type TrialMessage,
} from "../../src/queue/trial-message.ts";
import { FolderExchange } from "../../src/queue/weights-exchange.ts";
import { answerJob } from "../../src/queue/worker-answer.ts";
import type { TrialJob, TrialOutcome } from "../../src/tune/tuner.ts";
import { planOf } from "../../src/tune/tuner.ts";
import { inFolder, refusalOf } from "../io/folder.ts";
import { hyperModel, type Plan, SPACE, toyRun } from "../tune/toy-search.ts";
import { TOY_JOB, TOY_OUTCOME, weights } from "./toy-job.ts";

const test = suite("trial messages");

/** The chief's runner, over a worker of the same process; messages pass through JSON. */
function overJson(
  exchange: FolderExchange,
  run: (job: TrialJob<Plan>) => TrialOutcome | null,
): RemoteTrials<Plan> {
  const how = { exchange, adapter: "toy", driver: "toy 1", signal: undefined };
  const worker = {
    run: async (job: TrialJob<Plan>) => run(job),
    planOf: (values: TrialMessage["values"]) => planOf(hyperModel, SPACE, values),
  };
  const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return new RemoteTrials<Plan>({
    exchange,
    onProgress: () => undefined,
    transport: {
      run: async (job) =>
        readOutcome(
          through(
            await answerJob(
              (told, by) => trialAnswer(worker, told as TrialMessage, by),
              readJob(through(job)),
              how,
            ),
          ),
        ),
      recorded: async () => undefined,
    },
  });
}

test("job and outcome arrive as they were, to the last bit", async () => {
  await inFolder(async (folder) => {
    const exchange = await FolderExchange.open(join(folder, "exchange"));
    let seen: TrialJob<Plan> | null = null;
    const trials = overJson(exchange, (job) => {
      seen = job;
      return TOY_OUTCOME;
    });
    const outcome = await trials.run(TOY_JOB, undefined);
    assert.ok(outcome);
    const { models, ...figures } = outcome as TrialOutcome;
    const { models: own, ...expected } = TOY_OUTCOME;
    assert.equal(figures, { ...expected, adapter: "toy", driver: "toy 1" });
    assert.ok(Object.is(figures.history[0]?.["lr"], -0));
    const sorted = [...weights].sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.equal(models, [{ ...own[0], weights: sorted }]);
    assert.ok(Object.is(models[0]?.weights[1]?.data[0], -0));
    assert.equal(seen, { ...TOY_JOB, parentWeights: sorted });
    // A chief that is killed before it has written them must find them again.
    assert.is(readdirSync(join(folder, "exchange", "7")).length, 2);
    await trials.recorded("7");
    assert.equal(readdirSync(join(folder, "exchange")), []);
  });
});

test("values that cannot be run are refused there as here, and an interruption is one", async () => {
  await inFolder(async (folder) => {
    const exchange = await FolderExchange.open(join(folder, "exchange"));
    const refused = overJson(exchange, (job) => toyRun({ ...job, plan: wide(job.plan) }));
    assert.match(
      await refusalOf(refused.run(TOY_JOB, undefined)),
      /^toy: width must be below 9, got 9$/,
    );
    assert.is(await overJson(exchange, () => null).run(TOY_JOB, undefined), null);
  });
});

const wide = (plan: Plan): Plan => ({ ...plan, model: { ...plan.model, width: 9 } });

test("a server that does not answer does not outlast Ctrl-C", async () => {
  await inFolder(async (folder) => {
    const exchange = await FolderExchange.open(join(folder, "exchange"));
    const never = new Promise<never>(() => undefined);
    const transport = { run: () => never, recorded: () => never };
    const trials = new RemoteTrials<Plan>({
      ...{ transport, exchange, grace: 10 },
      onProgress: () => undefined,
    });
    assert.is(await trials.run(TOY_JOB, AbortSignal.abort()), null);
  });
});

test("what is no message is refused, and where it is wrong is said", () => {
  const job = { id: "3", values: { width: 3 }, initialEpoch: 0, epochs: 2, parent: null };
  assert.equal(readJob(job), job);
  const digest = "0".repeat(64);
  const cases: [() => unknown, RegExp][] = [
    [() => readJob(null), /must be a trial's, a fold's or a step's job, got all of it null/],
    [() => readJob({ ...job, id: "../3" }), /got id "..\/3"/],
    [() => readJob({ ...job, epochs: 1.5 }), /got epochs 1.5/],
    [() => readJob({ ...job, values: { width: {} } }), /got values.width Object/],
    [() => readJob({ ...job, parent: { place: "../../x", sha256: digest } }), /got parent.place/],
    [
      () => readOutcome({ kind: "outcome", score: "high" }),
      /must be a trial's, a fold's or a step's outcome, got score/,
    ],
    [() => readOutcome({ kind: "over" }), /got kind "over"/],
    [() => readProgress({ fold: null, epoch: 1, epochs: 2, share: 5 }), /got share 5/],
    [
      () => readSearch({ command: "tune", study: "a b" }),
      /must be a trial's, a fold's or a step's search, got study "a b"/,
    ],
  ];
  for (const [read, message] of cases) assert.throws(read, message);
});

test("weights other than those that were told of are refused", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "exchange");
    const exchange = await FolderExchange.open(path);
    const ref = await exchange.put("1", "trial-0", weights);
    assert.is((await exchange.get("1", ref)).length, 2);
    const other = { ...weights[1], data: Float32Array.of(0.2) } as (typeof weights)[number];
    await writeSafetensors(join(path, "1", `${ref.place}.safetensors`), [other]);
    assert.match(await refusalOf(exchange.get("1", ref)), /must be those that were told of/);
    await exchange.clear("1");
    await exchange.clear("1");
  });
});

test("a study keeps its name in the queue", async () => {
  await inFolder(async (folder) => {
    const id = await studyId(folder);
    assert.is(await studyId(folder), id);
    writeFileSync(join(folder, "queue.json"), '{ "study": "../x" }');
    assert.match(await refusalOf(studyId(folder)), /queue.json: must name a study in a queue/);
  });
});

/** A process that answers nothing and ends at its first trial. */
class DyingProcess extends EventEmitter {
  readonly connected = true;
  send({ type }: { readonly type: string }): void {
    if (type === "job") setImmediate(() => this.emit("exit", null, "SIGKILL"));
  }
}

test("a trial that ends three workers ends the search", async () => {
  let started = 0;
  const told: string[] = [];
  const workers = new LocalWorkers({
    start: () => {
      started++;
      return new DyingProcess() as unknown as ReturnType<
        ConstructorParameters<typeof LocalWorkers>[0]["start"]
      >;
    },
    search: {
      ...{ command: "tune", study: "local", flags: [], description: {} },
      ...{ checkpointMinutes: 5, kernels: null },
    },
    local: { out: ".", data: null, rows: {}, adapter: null, deviceMemory: null },
    tell: (line) => told.push(line),
  });
  const job = { id: "3", values: {}, initialEpoch: 0, epochs: 2, parent: null };
  const how = { signal: undefined, onProgress: () => undefined };
  const message = await refusalOf(workers.run(job, how));
  assert.match(message, /^worker: job #3 ended 3 workers, the last with SIGKILL, most likely/);
  assert.is(started, 3);
  assert.is(told.length, 2);
});

test.run();
