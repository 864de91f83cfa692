// The grader of edited kernels: a right edit holds and is timed beside the original, a wrong one is found whatever is wrong with it, and
// what does not compile is told at its line. The step that runs meanwhile sees nothing of it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { shaderFrom } from "../../src/engine/core/kernel.ts";
import type { EditTrial } from "../../src/inspect/edit/edit-trial.ts";
import { isRight } from "../../src/inspect/edit/edit-trial.ts";
import { type ShaderUse, shaderUses } from "../../src/inspect/edit/shader-uses.ts";
import type { LiveStep } from "../../src/inspect/edit/step-checks.ts";
import { tryEdit } from "../../src/inspect/edit/try-edit.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("edit");

const QUICK = { most: 3, rounds: 2, hostWork: 2e4 };

async function liveStep(): Promise<LiveStep> {
  return { model: lenet5(), data: uploadDataset(await gpu(), smallDataset(24)), batchSize: 10 };
}

async function textOf(file: string, step: LiveStep | null): Promise<string> {
  const use = shaderUses(await gpu(), step).find(({ shader }) => shader.file === file);
  assert.ok(use, `${file} is there to be edited`);
  return use?.shader.text ?? "";
}

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

async function tried({ file, from, to }: Edit, step: LiveStep | null): Promise<EditTrial> {
  const text = await textOf(file, step);
  assert.ok(text.includes(from), `${file} has ${from}`);
  const shader = shaderFrom(file, text.replace(from, to));
  return tryEdit(await gpu(), { shader, step, ...QUICK });
}

test("what there is to edit: files of the step first, with the dispatches that use them", async () => {
  const uses = shaderUses(await gpu(), await liveStep());
  const files = uses.map(({ shader }) => shader.file);
  const isUsed = (one: ShaderUse) => one.uses.length > 0;
  const used = uses.filter(isUsed).length;
  assert.ok(uses.slice(0, used).every(isUsed), files.join());
  for (const file of ["gather", "pool/pool2d", "adam", "softmax-cross-entropy"]) {
    assert.ok(files.indexOf(file) < used, file);
  }
  assert.ok(files.indexOf("conv2d/tiled") >= used, "a rung that the step does not take");
  const adam = uses.find(({ shader }) => shader.file === "adam");
  assert.equal(adam?.entries, ["advance", "update"]);
  assert.ok(adam?.uses.every(({ step, rung }) => step === "train" && rung === null));
});

test("a right edit of a rung holds on awkward shapes, against naive and float64, and is timed", async () => {
  const edit = { file: "conv2d/naive", from: "var sum = 0.0;", to: "var sum = 0.0 + 0.0;" };
  const found = await tried(edit, null);
  assert.is(found.verdict, "holds", found.message);
  assert.equal(found.faults, []);
  assert.equal([...new Set(found.checks.map(({ of }) => of))].sort(), [
    "conv2d.dw on naive",
    "conv2d.dx on naive",
    "conv2d.forward on naive",
  ]);
  const truths = new Set(found.checks.map(({ against }) => against));
  assert.equal([...truths].sort(), ["float64", "naive"]);
  assert.ok(found.times.length > 0);
  for (const { beforeMs, afterMs } of found.times) assert.ok(beforeMs > 0 && afterMs > 0);
});

test("a rung that is wrong at an edge, or leaves one element unwritten, is found", async () => {
  for (const [from, to] of [
    ["if (column >= p.w) { continue; }\n      let from_x", "let from_x"],
    [
      "if (index >= p.n * p.oh * p.ow * p.o) { return; }",
      "if (index + 1u >= p.n * p.oh * p.ow * p.o) { return; }",
    ],
  ] as const) {
    const { verdict, checks, times } = await tried({ file: "conv2d/naive", from, to }, null);
    assert.is(verdict, "wrong", to);
    const wrong = checks.filter((check) => !isRight(check));
    assert.ok(wrong.every(({ of }) => of === "conv2d.forward on naive"));
    assert.equal(times, []);
  }
});

test("what does not compile is told at its line of the text", async () => {
  const edit = {
    file: "conv2d/naive",
    from: "y[index] = activate(sum);",
    to: "y[index] = activate(sun);",
  };
  const text = await textOf(edit.file, null);
  const line = text.split("\n").findIndex((one) => one.includes(edit.from)) + 1;
  const { verdict, faults, message } = await tried(edit, null);
  assert.is(verdict, "compile");
  assert.match(message, /^kernel conv2d\/naive\/forward: does not compile/);
  assert.equal([...new Set(faults.map((fault) => fault.line))], [line]);
  assert.match(faults[0]?.message ?? "", "sun");
});

test("kernels of the step that are on no ladder are held against float64 within it", async () => {
  const step = await liveStep();
  const m = "let m_new = m_old + (g - m_old) * params.one_minus_beta1;";
  const same = "let m_new = m_old - (m_old - g) * params.one_minus_beta1;";
  const right = await tried({ file: "adam", from: m, to: same }, step);
  assert.is(right.verdict, "holds", right.message);
  assert.ok(right.checks.every(({ where, against }) => where === "step" && against === "float64"));
  assert.ok(right.times.some(({ of }) => of === "adam/update"));
  // In a first step, where all moments are 0, it would pass.
  const forgetful = "let m_new = g * params.one_minus_beta1;";
  const wrong = await tried({ file: "adam", from: m, to: forgetful }, step);
  assert.is(wrong.verdict, "wrong");
  assert.match(
    wrong.message,
    /^adam: arena0.m of adam\/update \(adam, train step of 7\) must be what the kernel is for, got /,
    wrong.message,
  );
  assert.is((await gpu()).kernels.edits.size, 0);
});

test("a kernel that makes nothing but NaN is found, and so is one that does nothing", async () => {
  const step = await liveStep();
  const file = "pool/pool2d";
  const text = await textOf(file, step);
  const [written = ""] = /^ +y\[.*;$/m.exec(text) ?? [];
  for (const to of ["", written.replace(/;$/, " * bitcast<f32>(params.images | 0x7fc00000u);")]) {
    const { verdict, checks } = await tried({ file, from: written, to }, step);
    assert.is(verdict, "wrong", to);
    const wrong = checks.filter((check) => !isRight(check)).map(({ of }) => of);
    assert.ok(wrong.includes("pool/pool2d/forward"), wrong.join());
  }
});

test.run();
