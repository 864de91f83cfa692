// The planner: dead dispatches go, lives that do not meet share a slot, lives that meet never do. No device.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rootOf, type Storage, type Tensor } from "../../src/engine/core/tensor.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { plan } from "../../src/engine/program/planner.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
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
  const { dispatches } = plan(rec.finish());
  assert.equal(
    dispatches.map(({ writes }) => writes[0]?.label),
    ["kept"],
  );
});

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
  const { dispatches, slots, slotBytes } = plan(program);
  const lives = new Map<Storage, { first: number; last: number }>();
  for (const [index, { reads, writes }] of dispatches.entries()) {
    for (const tensor of [...reads, ...writes]) {
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
    assert.ok((slotBytes[slots.get(a) ?? -1] ?? 0) >= a.bytes, `${a.label} fits its slot`);
    for (const [b, lifeB] of all.slice(i + 1)) {
      const meet = lifeA.first <= lifeB.last && lifeB.first <= lifeA.last;
      if (meet) assert.is.not(slots.get(a), slots.get(b), `${a.label} and ${b.label} share a slot`);
    }
  }
}

test.run();
