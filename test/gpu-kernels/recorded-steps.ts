// Training steps of models as they are recorded for an adapter that is not here, and again on every rung that fits.

import { persistentTensor } from "../../src/engine/core/tensor.ts";
import { labelsOf, variablesOf } from "../../src/engine/layers/model.ts";
import { keyOfSolution, solveAgain, variantsOf } from "../../src/engine/ops/ladders.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import type { Capabilities, Dispatch, Program } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { createModel, type ModelName } from "../../src/models/models.ts";
import { recordTrainStep } from "../../src/train/programs.ts";

/** From a small net to one of 152 layers; all their weights are trained. */
export const STEP_MODELS: readonly ModelName[] = ["lenet5", "vgg19", "resnet152v2"];
const BATCH = 50;
const IMAGES = 60_000;

/** The step on Fashion-MNIST, batch 50, with Adam. */
export function recordedStep(name: ModelName, capabilities: Capabilities): Program {
  const model = createModel(name === "lenet5" ? { name } : { name, freeze: "none" });
  const labels = labelsOf(model);
  const feed = {
    source: { kind: "images", images: persistentTensor([IMAGES, 28, 28, 1], "images", "u8") },
    labels: persistentTensor([IMAGES], "labels", "u8"),
    order: persistentTensor([IMAGES], "order", "u32"),
    clock: persistentTensor([2], "clock", "u32"),
  } as const;
  const meters = {
    lossSum: persistentTensor([1], "lossSum"),
    counts: persistentTensor([2], "counts", "u32"),
    confusion: persistentTensor([labels, labels], "confusion", "u32"),
  };
  const request = { model, variables: variablesOf(model), feed, meters, batch: BATCH };
  return recordTrainStep({ ...request, capabilities }, new OptimizerState(adam(), 1e-3));
}

/** What every rung and every variant that fits would dispatch for each problem of the program, like ones once. */
export function onEveryRung({ solutions, capabilities }: Program): readonly Dispatch[] {
  const problems = new Map(solutions.map((solution) => [keyOfSolution(solution), solution]));
  return [...problems.values()].flatMap((solution) =>
    [...solution.fitting, ...variantsOf(solution, capabilities)].flatMap((rung) => {
      const rungs = { [solution.ladder]: rung };
      const rec = new Recorder({ name: `${solution.ladder} ${rung}`, capabilities, rungs });
      solveAgain(rec, solution);
      return rec.finish().dispatches;
    }),
  );
}
