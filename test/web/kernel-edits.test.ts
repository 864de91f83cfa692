// A training goes on with an edited kernel: taken between two of its steps, refused untried, and gone after it is restored, to the bits.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { HEADS } from "../../src/page/web/head-choice.ts";
import type { TrainingChoice } from "../../src/page/web/protocol.ts";
import adam from "../../src/shaders/adam.wgsl";
import { basisOf } from "../../src/web/worker/keras-models.ts";
import { KernelEdits } from "../../src/web/worker/kernel-edits.ts";
import { WebTraining } from "../../src/web/worker/web-training.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("kernel edits");

const CHOICE: TrainingChoice = {
  ...{ model: "lenet5", settings: {}, optimizer: "adam", learningRate: 0.001, batchSize: 5 },
  ...{ epochs: 3, seed: 1, validation: 0, patience: 0, limit: null, resume: false, head: HEADS[0] },
};
const LINE = "let m_new = m_old + (g - m_old) * params.one_minus_beta1;";
/** The same but for its rounding. */
const OTHER = "let m_new = m_old * params.beta1 + g * params.one_minus_beta1;";
const EDIT = { file: "adam", text: adam.text.replace(LINE, OTHER) };

interface Trained {
  readonly sha256: string;
  readonly edits: KernelEdits;
}

/** `during`: once, when the first epoch is over. */
async function trained(
  device: Device,
  during: (edits: KernelEdits) => Promise<unknown> = async () => null,
): Promise<Trained> {
  const stage = () => undefined;
  let done: Promise<unknown> | null = null;
  const training: WebTraining = new WebTraining({
    ...{ device, stage, keep: async () => undefined },
    data: { title: "small", train: smallDataset(20), test: smallDataset(10, 2), notes: [] },
    told: ({ type }) => {
      if (type === "epoch") done ??= during(edits);
    },
  });
  const host = () => ({ device: async () => device, between: training.between, stage });
  const edits = new KernelEdits(host);
  const { weightsSha256: sha256 } = await training.train(CHOICE, basisOf(CHOICE, null, 10), null);
  await done;
  return { sha256, edits };
}

test("a running training takes an edit, and another is the old one after it is restored", async () => {
  assert.ok(adam.text.includes(LINE));
  const device = (await gpu()).scope({ ownKernels: true });
  const before = await trained(device);
  const edited = await trained(device, async (edits) => {
    await edits.takeEdit(EDIT).then(
      () => assert.unreachable("an untried edit is taken"),
      (error) => assert.instance(error, UsageError),
    );
    const { verdict, message } = await edits.tryEdit(EDIT);
    assert.is(verdict, "holds", message);
    await edits.takeEdit(EDIT);
    const shader = (await edits.shaders()).find(({ file }) => file === "adam");
    assert.is(shader?.taken, EDIT.text);
    assert.is(shader?.text, adam.text);
  });
  assert.is.not(edited.sha256, before.sha256, "its later steps have the edit's bits");
  await edited.edits.restore(EDIT);
  const after = await trained(device);
  assert.is(after.sha256, before.sha256);
  await after.edits.tryEdit({ file: "none", text: "" }).then(
    () => assert.unreachable(),
    ({ message }) => assert.match(message, /^edit: must be of a file .*, got none$/),
  );
  device.destroy();
});

test.run();
