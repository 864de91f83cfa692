// The place of the study's two ImageNet networks. A model that can be transferred is trained and reported; one that
// cannot is skipped, and the report says why.

import type { TransferLook } from "../report/story/study-record.ts";
import type { StudyContext } from "./context.ts";
import type { TransferResult } from "./step-results.ts";
import type { StepStore } from "./step-store.ts";

export interface TransferModel {
  /** As `--model` and the study's printed numbers know it: `vgg19`. */
  readonly name: string;
  /** Why it cannot be trained now, such as weights that are not at hand, or null when it can. */
  obstacle(context: StudyContext): Promise<Obstacle | null>;
  /** Trains the head and scores it; what it leaves goes into `folder`. Throws the signal's reason when interrupted. */
  run(context: StudyContext, folder: string): Promise<TransferResult>;
}

export interface Obstacle {
  /** A sentence. */
  readonly reason: string;
  /** A sentence: what to do about it. */
  readonly enable: string;
}

/** In the order of the study's table. */
const STUDIED = [
  { name: "resnet152v2", title: "ResNet152V2, frozen" },
  { name: "vgg19", title: "VGG19, frozen" },
] as const;

const UNKNOWN: Obstacle = {
  reason: "this version does not know the network.",
  enable: "A newer one may.",
};

const FOLDER = "07-transfer";

/**
 * Each model is a step of its own, so that one whose weights arrive later is added to a study that is otherwise done.
 */
export async function transferStep(
  context: StudyContext,
  models: readonly TransferModel[],
): Promise<TransferLook[]> {
  const looks: TransferLook[] = [];
  for (const { name, title } of STUDIED) {
    const model = models.find((candidate) => candidate.name === name);
    const done = await context.store.finished(stepOf(name), FOLDER);
    if (done) {
      context.screen.say(`${title}: done before, kept`);
      looks.push({ name, title, ...done.result, reason: "", enable: "" });
      continue;
    }
    const obstacle = model ? await model.obstacle(context) : UNKNOWN;
    if (model && !obstacle) {
      context.screen.say(title);
      looks.push({ name, title, ...(await resultOf(context, model)), reason: "", enable: "" });
    } else {
      const { reason, enable } = obstacle ?? UNKNOWN;
      context.screen.say(`${title}: skipped, ${reason}`);
      looks.push({ name, title, figures: null, training: null, reason, enable });
    }
  }
  return looks;
}

export async function isTransferDone(store: StepStore, name: string): Promise<boolean> {
  return (await store.finished(stepOf(name), FOLDER)) !== null;
}

function stepOf(name: string): string {
  return `${FOLDER}/${name}`;
}

async function resultOf(context: StudyContext, model: TransferModel): Promise<TransferResult> {
  const { store } = context;
  const step = stepOf(model.name);
  const start = performance.now();
  const result = await model.run(context, await store.begin(step));
  const seconds = (performance.now() - start) / 1000;
  await store.finish(step, result, { seconds, beside: 0 });
  return result;
}
