// Chapter 5: the plan of its small program, LeNet-5's in figures, and the layout of the arena.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberOf } from "../../bench/learn/chapter.ts";
import { planExample } from "../../bench/learn/plan-example.ts";
import { recordStep } from "../../bench/recorded-step.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { rootOf } from "../../src/engine/core/tensor.ts";
import { type Plan, plan, reasonOf } from "../../src/engine/program/planner.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: the planner");
const check = new ChapterCheck("05-the-planner.md");

const english = (n: number) => n.toLocaleString("en");
const own = ({ lives }: Plan) => [...lives.values()].filter(({ slot }) => slot !== null);
const bytesOf = ({ slotBytes }: Plan) => slotBytes.reduce((sum, bytes) => sum + bytes, 0);

test("the small program is planned as the table says", () => {
  const shared = planExample();
  const rows = own(shared).map(({ storage, first, last, slot }) => [
    storage.label.replace(".y", ""),
    ...[first, last, slot].map(String),
  ]);
  assert.equal(check.chapter.table("tensor"), rows);
  assert.equal(shared.dropped.map(reasonOf), ["nobody reads u"]);
  const [first] = own(shared);
  const { bytes = 0 } = first?.storage ?? {};
  check.says(`each tensor has ${bytes / 4} elements, ${english(bytes)} bytes`);
  const memory = new Map(check.chapter.sums.map(({ name, parts }) => [name, parts.at(-1)]));
  assert.is(memory.get("shared"), english(bytesOf(shared)));
  assert.is(memory.get("unshared"), english(bytesOf(planExample({ sharesSlots: false }))));
});

test("sums add up", () => check.sums());

test("LeNet-5's plan has the figures that are told", () => {
  const { program, plan: shared } = recordStep();
  const { dispatches } = program;
  check.says(`step ${shared.dropped.length} of ${dispatches.length} dispatches go`);
  assert.equal(
    shared.dropped.map(({ dispatch }) => dispatch.kernel.label),
    ["softmax/forward", "softmax-cross-entropy/mean"],
  );
  const unshared = plan(program, { sharesSlots: false });
  check.says(
    `at batch 50 has ${own(unshared).length} tensors of its own, ${english(bytesOf(unshared))} bytes`,
  );
  check.says(`${shared.slotBytes.length} slots of ${english(bytesOf(shared))} bytes`);
  const conv = own(shared).find(({ storage }) => storage.label === "conv2d.y");
  assert.ok((conv?.last ?? 0) - (conv?.first ?? 0) > dispatches.length / 2);
});

test("the arena is laid out as the table says", () => {
  const { program } = recordStep();
  const rows = program.variables.slice(0, 5).map(({ name, tensor }) => {
    return [name, english(sizeOf(tensor.shape)), english(rootOf(tensor.storage).offset)];
  });
  assert.equal(check.chapter.table("variable"), rows);
  const offsets = check.chapter.table("variable").map(([, , offset = ""]) => numberOf(offset));
  assert.ok(offsets.every((offset) => offset % 256 === 0));
  check.says("a multiple of 256 bytes");
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
