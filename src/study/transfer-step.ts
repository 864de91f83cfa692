// The place of the study's two ImageNet networks. A model that can be transferred joins TRANSFER_MODELS, and the study
// trains and reports it; one that cannot is skipped, and the report says why.

import type { ThreeFigures, TransferLook } from "../report/study-record.ts";
import type { StudyContext } from "./context.ts";

export interface TransferModel {
  /** As `--model` and the study's printed numbers know it: `vgg19`. */
  readonly name: string;
  /** Why it cannot be trained now, such as weights that are not at hand, or null when it can. */
  obstacle(context: StudyContext): Promise<Obstacle | null>;
  /** Trains the head and scores it; what it leaves goes into `folder`. Throws the signal's reason when interrupted. */
  run(context: StudyContext, folder: string): Promise<ThreeFigures>;
}

export interface Obstacle {
  /** A sentence. */
  readonly reason: string;
  /** A sentence: what to do about it. */
  readonly enable: string;
}

export const TRANSFER_MODELS: readonly TransferModel[] = [];

/** In the order of the study's table. */
const STUDIED = [
  { name: "resnet152v2", title: "ResNet152V2, frozen" },
  { name: "vgg19", title: "VGG19, frozen" },
] as const;

const NOT_YET: Obstacle = {
  reason: "its ImageNet weights are not at hand, and this version cannot build the network.",
  enable:
    "A version that lists it under `npm run train -- --help` trains it when the same command is given again; all other steps are kept.",
};

const FOLDER = "07-transfer";

/**
 * Each model is a step of its own, so that one whose weights arrive later is added to a study that is otherwise done.
 */
export async function transferStep(
  context: StudyContext,
  models: readonly TransferModel[] = TRANSFER_MODELS,
): Promise<TransferLook[]> {
  const looks: TransferLook[] = [];
  for (const { name, title } of STUDIED) {
    const model = models.find((candidate) => candidate.name === name);
    const obstacle = model ? await model.obstacle(context) : NOT_YET;
    if (model && !obstacle) {
      looks.push({ name, title, figures: await figuresOf(context, model), reason: "", enable: "" });
    } else {
      const { reason, enable } = obstacle ?? NOT_YET;
      context.screen.say(`${title}: skipped, ${reason}`);
      looks.push({ name, title, figures: null, reason, enable });
    }
  }
  return looks;
}

async function figuresOf(context: StudyContext, model: TransferModel): Promise<ThreeFigures> {
  const { store } = context;
  const step = `${FOLDER}/${model.name}`;
  const done = await store.finished<ThreeFigures>(step);
  if (done) return done.result;
  const start = performance.now();
  const figures = await model.run(context, await store.begin(step));
  await store.finish(step, figures, (performance.now() - start) / 1000);
  return figures;
}
