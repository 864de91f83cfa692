// The planner: dead dispatches go, lives that do not meet share a slot, lives that meet never do. No device.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  persistentTensor,
  rootOf,
  type Storage,
  type Tensor,
} from "../../src/engine/core/tensor.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { type Plan, plan, reasonOf } from "../../src/engine/program/planner.ts";
import { type Program, tensorsOf, writesOf } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { recordTrainStep } from "../../src/train/programs.ts";
import { randomArray } from "../support/random.ts";

const test = suite("planner");

const recorder = () =>
  new Recorder({ name: "plan", capabilities: { subgroupSize: null, isSoftware: true } });

test("what nobody reads is not run", () => {
  const rec = recorder();
  const a = rec.allocate([8], "a");
  const kept = addTensors(rec, a, rec.allocate([8], "b"), "kept");
  const unused = addTensors(rec, kept, a, "unused");
  addTensors(rec, unused, unused, "unused too");
  rec.keep(kept);
  const { dispatches, dropped } = plan(rec.finish());
  assert.equal(
    dispatches.flatMap(writesOf).map(({ label }) => label),
    ["kept"],
  );
  assert.equal(dropped.map(reasonOf), [
    "unused is read by what is not run either: #2",
    "nobody reads unused too",
  ]);
});

test("what outlives a program is a fact of the recording", () => {
  const rec = recorder();
  const total = persistentTensor([4], "total");
  const program = recordInto(rec, total);
  assert.equal(program.persistent, [total.storage]);
  const { dispatches, lives, slotBytes } = plan(program);
  assert.is(dispatches.length, 1);
  assert.is(lives.get(total.storage)?.slot, null);
  assert.is(slotBytes.length, 2);
});

test("every life is told: first use, last use, slot, and whether it outlives", () => {
  const rec = recorder();
  const a = rec.allocate([8], "a");
  const b = addTensors(rec, a, a, "b");
  const c = addTensors(rec, b, a, "c");
  rec.keep(c);
  const told = (tensors: readonly Tensor[], { lives }: Plan) =>
    tensors.map(({ storage }) => {
      const { first = -1, last = -1, outlives = null, slot = null } = lives.get(storage) ?? {};
      return [first, last, outlives, slot];
    });
  const program = rec.finish();
  assert.equal(told([a, b, c], plan(program)), [
    [0, 1, false, 0],
    [0, 1, false, 1],
    [1, 1, true, 2],
  ]);
  assert.equal(told([a, b, c], plan(program, { sharesSlots: false })), [
    [0, 1, true, 0],
    [0, 1, true, 1],
    [1, 1, true, 2],
  ]);
});

test("LeNet-5's step, planned without a device, is the step that runs", async () => {
  const model = lenet5();
  const variables = variablesOf(model);
  const optimizer = new OptimizerState(adam(), 1e-3);
  const images = persistentTensor([100, 28, 28, 1], "images", "u8");
  const request = {
    ...{ model, variables, batch: 50, capabilities: { subgroupSize: 8, isSoftware: true } },
    feed: {
      source: { kind: "images", images } as const,
      labels: persistentTensor([100], "labels", "u8"),
      order: persistentTensor([100], "order", "u32"),
      clock: persistentTensor([2], "clock", "u32"),
    },
    meters: {
      lossSum: persistentTensor([1], "lossSum"),
      counts: persistentTensor([2], "counts", "u32"),
      confusion: persistentTensor([10, 10], "confusion", "u32"),
    },
  };
  const { dispatches, dropped } = plan(recordTrainStep(request, optimizer));
  assert.is(dispatches.length, 20);
  assert.equal(
    dropped.map(({ dispatch }) => dispatch.kernel.label),
    ["softmax/forward", "softmax-cross-entropy/mean"],
  );
});

/** Adds two tensors of the program's own into one that is there already. */
function recordInto(rec: Recorder, total: Tensor): Program {
  const [a, b] = [rec.allocate([4], "a"), rec.allocate([4], "b")];
  rec.alias(addTensors(rec, a, b, "y"), total.storage, 0);
  return rec.finish();
}

test("a program without results is empty", () => {
  const rec = recorder();
  addTensors(rec, rec.allocate([4], "a"), rec.allocate([4], "b"), "y");
  assert.is(plan(rec.finish()).dispatches.length, 0);
});

test("a chain of sums runs in two slots beside its inputs", () => {
  const rec = recorder();
  const step = rec.allocate([64], "step");
  let y = rec.allocate([64], "start");
  for (let i = 0; i < 10; i++) y = addTensors(rec, y, step, `sum${i}`);
  rec.keep(y);
  const { slotBytes } = plan(rec.finish());
  // step, and the two ends of the sum under way.
  assert.is(slotBytes.length, 3);
});

test("tensors that live at the same time never share a slot (random programs)", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomArray(400, seed);
    let next = 0;
    const below = (n: number) => Math.floor(((random[next++ % 400] ?? 0) + 1) * 0.5 * n) % n;
    const rec = recorder();
    const pool: Tensor[] = Array.from({ length: 3 }, (_, i) => rec.allocate([16], `in${i}`));
    for (let i = 0; i < 30; i++) {
      const [a, b] = [pool[below(pool.length)], pool[below(pool.length)]];
      if (a && b && a !== b) pool.push(addTensors(rec, a, b, `t${i}`));
    }
    const last = pool.at(-1);
    if (last) rec.keep(last);
    checkNoOverlap(rec);
  }
});

function checkNoOverlap(rec: Recorder): void {
  const program = rec.finish();
  const { dispatches, lives: planned, slotBytes } = plan(program);
  const slotOf = (storage: Storage) => planned.get(storage)?.slot ?? -1;
  const lives = new Map<Storage, { first: number; last: number }>();
  for (const [index, dispatch] of dispatches.entries()) {
    for (const tensor of tensorsOf(dispatch)) {
      const { root } = rootOf(tensor.storage);
      const life = lives.get(root) ?? { first: index, last: index };
      lives.set(root, { ...life, last: index });
    }
  }
  for (const tensor of program.kept) {
    const life = lives.get(rootOf(tensor.storage).root);
    if (life) life.last = dispatches.length;
  }
  const all = [...lives];
  for (const [i, [a, lifeA]] of all.entries()) {
    assert.ok((slotBytes[slotOf(a)] ?? 0) >= a.bytes, `${a.label} fits its slot`);
    for (const [b, lifeB] of all.slice(i + 1)) {
      const meet = lifeA.first <= lifeB.last && lifeB.first <= lifeA.last;
      if (meet) assert.is.not(slotOf(a), slotOf(b), `${a.label} and ${b.label} share a slot`);
    }
  }
}

test.run();
