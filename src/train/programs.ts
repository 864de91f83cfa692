// The programs of a model, each recorded for one batch size: a step of training or of evaluation, the prediction of class
// probabilities, and the features of a base.

import { UsageError, VitrineError } from "../engine/core/errors.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Model } from "../engine/layers/model.ts";
import { Net } from "../engine/layers/net.ts";
import type { Variables } from "../engine/layers/variables.ts";
import { countNonFinite } from "../engine/ops/count-non-finite.ts";
import { joinDenseAndLoss } from "../engine/ops/dense-cross-entropy.ts";
import { advanceClock, type Feed, gatherBatch, gatherFeatures } from "../engine/ops/gather.ts";
import { joinResiduals } from "../engine/ops/gemm/residual.ts";
import { recordGradients } from "../engine/ops/gradients.ts";
import { categoricalCrossentropy } from "../engine/ops/loss/categorical-crossentropy.ts";
import type { Loss, LossRequest, LossResults, Targets } from "../engine/ops/loss/loss.ts";
import { recordRowWeights } from "../engine/ops/loss/row-weights.ts";
import { type Meters, recordMeters } from "../engine/ops/metrics.ts";
import { mixRows } from "../engine/ops/mixup.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { joinCounters } from "../engine/optim/adam.ts";
import type { OptimizerState } from "../engine/optim/optimizer-state.ts";
import type { Capabilities, Program } from "../engine/program/program.ts";
import { Recorder } from "../engine/program/recorder.ts";
import { apply } from "../engine/program/tape.ts";
import { type Augment, recordAugment, recordMixup } from "./augment.ts";
import {
  recordStepStatistics,
  recordWeightsBefore,
  type StatisticsPlan,
} from "./step-statistics.ts";

export interface StepRequest {
  readonly model: Model;
  readonly variables: Variables;
  readonly feed: Feed;
  readonly batch: number;
  readonly capabilities: Capabilities;
  /** Default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  readonly rungs?: Readonly<Record<string, string>>;
  /** See RecorderOptions; the bits are the same either way. */
  readonly fuses?: boolean | undefined;
  /** Whether products add what residual connections add; default true. Whoever measures their problems wants them as they were. */
  readonly joinsResiduals?: boolean | undefined;
}

/** A step also counts what its rows came to. */
export interface ScoredRequest extends StepRequest {
  readonly meters: Meters;
  /** What a training step does to its images first; default nothing. */
  readonly augment?: Augment | undefined;
}

/** Records gather, forward, loss, backward, metrics and the optimiser's update of one batch. */
export function recordTrainStep(
  request: ScoredRequest,
  optimizer: OptimizerState,
  watch: StepWatch = {},
): Program {
  return recordStep(request, optimizer, watch).program;
}

/** The same step, which also measures what it computes; it trains to the same bits. */
export function recordMeasuredStep(
  request: ScoredRequest,
  optimizer: OptimizerState,
  watch: StepWatch = {},
): { readonly program: Program; readonly statistics: StatisticsPlan } {
  // Every layer's own gradient is there to be measured.
  const unfused = { ...request, fuses: false };
  const { program, statistics } = recordStep(unfused, optimizer, { ...watch, measures: true });
  if (!statistics) throw new Error("programs: a step that measures has a plan of it");
  return { program, statistics };
}

/** What a training step does beside training. */
export interface StepWatch {
  /** (1) u32: the number of weights that are not finite after the update is added to it; null counts none. */
  readonly nonFinite?: Tensor | null;
}

function recordStep(
  request: ScoredRequest,
  optimizer: OptimizerState,
  { nonFinite = null, measures = false }: StepWatch & { readonly measures?: boolean },
) {
  const { variables, feed, batch } = request;
  const { rec, net, result } = recordForward(request, "train", true);
  recordMeters(rec, request.meters, { ...result, penalty: net.penalty() }, { confusion: false });
  const gradients = recordGradients(rec);
  const before = measures ? recordWeightsBefore(rec, variables) : null;
  optimizer.record(rec, variables, gradients);
  if (nonFinite) countWeights(rec, variables, nonFinite);
  const step = { net, variables, gradients };
  const statistics = before && recordStepStatistics(rec, { ...step, before });
  advanceClock(rec, feed, batch);
  return { program: joined(rec, request), statistics };
}

/** What was recorded, with dispatches joined that only the whole step tells can be. */
function joined(rec: Recorder, { joinsResiduals = true }: StepRequest): Program {
  const program = rec.finish();
  if (!rec.fuses) return program;
  const step = joinCounters(joinDenseAndLoss(program));
  return joinsResiduals ? joinResiduals(step) : step;
}

/** One reduction over all weights, an arena at a time. */
function countWeights(rec: Recorder, { arenas }: Variables, nonFinite: Tensor): void {
  rec.inPass("metric", () => {
    for (const { tensor } of arenas) countNonFinite(rec, tensor, nonFinite);
  });
}

/** Records gather, forward, loss, metrics and the confusion matrix of one batch; no weight changes. */
export function recordEvaluationStep(request: ScoredRequest): Program {
  const { rec, net, result } = recordForward(request, "evaluate", false);
  recordMeters(rec, request.meters, { ...result, penalty: net.penalty() }, { confusion: true });
  advanceClock(rec, request.feed, request.batch);
  return joined(rec, request);
}

/** Records gather and forward of one batch, and keeps the class probabilities. */
export function recordPrediction(request: StepRequest): {
  program: Program;
  probabilities: Tensor;
} {
  const { rec, y: probabilities } = recordModel(request, "predict", false);
  rec.keep(probabilities);
  return { program: joined(rec, request), probabilities };
}

/** Records gather and forward of one batch through a model that ends in features, and keeps those. */
export function recordFeatures(request: StepRequest): {
  program: Program;
  features: Tensor;
} {
  const { rec, y: features } = recordModel(request, "features", false);
  rec.keep(features);
  advanceClock(rec, request.feed, request.batch);
  return { program: joined(rec, request), features };
}

export interface Sensitivity {
  readonly program: Program;
  /** The batch as the first layer takes it, and ∂loss/∂x. */
  readonly x: Tensor;
  readonly dx: Tensor;
  readonly probabilities: Tensor;
  readonly rowLoss: Tensor;
  /** What each layer gives, and ∂loss of it; null where the loss does not go through it. */
  readonly outputs: readonly {
    readonly layer: string;
    readonly y: Tensor;
    readonly dy: Tensor | null;
  }[];
}

/** Records gather, forward as in inference, loss, and the backward pass down to the batch itself; keeps all of it. */
export function recordSensitivity(request: StepRequest): Sensitivity {
  // Every layer's own gradient is asked for.
  const unfused = { ...request, fuses: false };
  const recorded = recordModel(unfused, "sensitivity", false, { watchesInput: true });
  const { rec, x, y: probabilities } = recorded;
  const outputs = new Map<string, Tensor>();
  for (const { origin, output } of rec.tape) {
    const [layer] = origin.layers;
    if (layer !== undefined) outputs.set(layer, output);
  }
  const { rowLoss } = recordLoss(request, recorded, { rowWeights: null });
  const gradients = recordGradients(rec);
  const dx = gradients.get(x);
  if (!dx) throw new VitrineError(`${rec.name}: the loss does not depend on the input`);
  const steps = rec.layers.flatMap(({ name }) => {
    const y = outputs.get(name);
    return y ? [{ layer: name, y, dy: gradients.get(y) ?? null }] : [];
  });
  const kept = [x, dx, probabilities, rowLoss, ...steps.flatMap(({ y, dy }) => [y, dy ?? y])];
  for (const tensor of new Set(kept)) rec.keep(tensor);
  return { program: rec.finish(), x, dx, probabilities, rowLoss, outputs: steps };
}

function recordForward(request: ScoredRequest, name: string, training: boolean) {
  const { augment } = request;
  const input = training && augment ? { augment } : {};
  const recorded = recordModel(request, name, training, input);
  const { rec, net, y, labels, mixed } = recorded;
  const { feed } = request;
  const [, classes = 0] = y.shape;
  const weights = recordRowWeights(rec, { feed, labels, classes, ofClasses: training });
  // A mixed row counts for what its two count for, in their shares.
  const rowWeights =
    weights && mixed ? rec.inPass("data", () => mixRows(rec, weights, mixed)) : weights;
  const sums = net.hasPenalty ? undefined : request.meters;
  return { rec, net, result: recordLoss(request, recorded, { rowWeights, sums }) };
}

type Recorded = ReturnType<typeof recordModel>;

function recordLoss(
  { feed, loss = categoricalCrossentropy() }: StepRequest,
  { rec, x, y: output, labels, mixed }: Recorded,
  more: Pick<LossRequest, "rowWeights" | "sums">,
): LossResults {
  const targets = recordTargets(rec, feed, { x, output, labels, mixed });
  if (mixed && targets.kind === "classes" && !loss.takesMixed) {
    throw new UsageError(`augment: mixup needs a loss that takes mixed classes, got ${loss.name}`, {
      ...{ argument: "augment", help: "leave mixup out, or let the loss heed what is mixed" },
    });
  }
  return rec.inLayer("loss", () => loss.record(rec, { output, targets, ...more }));
}

function recordTargets(
  rec: Recorder,
  feed: Feed,
  { x, output, labels, mixed }: Pick<Recorded, "x" | "labels" | "mixed"> & { output: Tensor },
): Targets {
  const { targets } = feed;
  if (targets === undefined) return { kind: "classes", labels, mixed };
  if (targets === "input") {
    const values = apply(rec, reshape, [x], { shape: output.shape });
    return { kind: "values", values };
  }
  const read = rec.allocate(output.shape, "targets");
  const values = rec.inPass("data", () => {
    gatherFeatures(rec, feed, targets, read);
    return mixed ? mixRows(rec, read, mixed) : read;
  });
  return { kind: "values", values };
}

interface InputPlan {
  /** Asks for the gradient of the batch itself. */
  readonly watchesInput?: boolean;
  readonly augment?: Augment;
}

function recordModel(
  request: StepRequest,
  name: string,
  training: boolean,
  { watchesInput = false, augment }: InputPlan = {},
) {
  const { model, variables, feed, batch, capabilities, rungs = {}, fuses } = request;
  const rec = new Recorder({
    name: `${model.name}.${name}.${batch}`,
    capabilities,
    rungs,
    ...(fuses === undefined ? {} : { fuses }),
  });
  const { inputShape, preprocessing } = model;
  const { x: read, y: labels } = gatherBatch(rec, feed, { batch, inputShape, preprocessing });
  const { seed } = variables;
  const { x, mixed } = augment
    ? recordMixup(rec, recordAugment(rec, read, augment, { feed, seed }), augment, { feed, seed })
    : { x: read };
  if (watchesInput) rec.watch(x);
  const net = new Net({ rec, variables, training, clock: feed.clock });
  return { rec, net, x, y: model.build(net, x), labels, mixed };
}
