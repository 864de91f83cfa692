// Where a training stands between two of its steps: all that it takes to go on, on a new device or in another process, as if
// nothing had happened. Plain data; runs/checkpoint-file.ts makes a file of it.

import type { Device } from "../engine/core/device.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { OptimizerState } from "../engine/optim/optimizer-state.ts";
import type { Program } from "../engine/program/program.ts";
import type { Callback, CallbackState, Logs, Remembering } from "./callbacks/callback.ts";
import { captureState, restoreState, type StepState } from "./step-state.ts";

export interface TrainingState {
  /** Epochs that are finished, those of an earlier run included. */
  readonly epoch: number;
  /** Steps of whole batches that the epoch under way has had; 0 between epochs. */
  readonly stepsOfEpoch: number;
  /** Steps of the finished epochs of this run. */
  readonly steps: number;
  /** What a step leaves for the next: weights, moments, counters, order and place in it, running sums. */
  readonly step: StepState;
  readonly learningRate: number;
  /** Logs of this run's finished epochs. */
  readonly history: readonly Logs[];
  /** As the last finished epoch left them; null between epochs, where `step` has them. Without what never changes. */
  readonly weights: Weights | null;
  /** By the name of the callback. */
  readonly callbacks: ReadonlyMap<string, CallbackState>;
  /** A callback has stopped the run. */
  readonly isStopped: boolean;
}

/** Where the states of a training are kept, and the newest of those that an earlier run left. */
export interface CheckpointStore extends Checkpointing {
  readonly latest: TrainingState | null;
}

/** When states are handed out, and to whom. */
export interface Checkpointing {
  /** Within an epoch, this long after the last one; at an epoch's end, and where the run is interrupted, in any case. */
  readonly minutes: number;
  /** Awaited; the training waits as long. */
  readonly save: (state: TrainingState) => Promise<void>;
}

/** Tells when the next one is due. */
export class CheckpointClock {
  readonly #ms: number;
  #last = performance.now();

  constructor({ minutes }: Checkpointing) {
    this.#ms = 60_000 * minutes;
  }

  get isDue(): boolean {
    return performance.now() - this.#last >= this.#ms;
  }

  restart(): void {
    this.#last = performance.now();
  }
}

/** A training, as far as its state goes: a Trainer. */
export interface Training {
  readonly device: Device;
  readonly program: Program;
  readonly variables: Variables;
  readonly optimizerState: OptimizerState;
  readonly history: Logs[];
  steps: number;
  lastWeights: Weights;
}

export interface StatePlace {
  /** Epochs that are finished. */
  readonly epoch: number;
  /** Steps of whole batches that the next one has had. */
  readonly done: number;
  readonly isStopped: boolean;
}

/** Reads the state to the host; no step may be under way. */
export async function takeState(
  training: Training,
  callbacks: readonly Callback[],
  { epoch, done, isStopped }: StatePlace,
): Promise<TrainingState> {
  const { device, program, steps, optimizerState, history, lastWeights, variables } = training;
  return {
    ...{ epoch, steps, isStopped },
    stepsOfEpoch: done,
    step: await captureState(device, program),
    learningRate: optimizerState.learningRate,
    history: [...history],
    weights: done > 0 ? changing(variables, lastWeights) : null,
    callbacks: new Map(
      [...memoriesOf(callbacks)].map(([key, memory]) => {
        const { values, weights } = memory.save();
        const kept = weights && { weights: changing(variables, weights) };
        return [key, { values, ...kept }] as const;
      }),
    ),
  };
}

/** Puts a state into a training of the same settings that has had no step yet. Throws VitrineError for one of other settings. */
export async function putState(
  training: Training,
  callbacks: readonly Callback[],
  state: TrainingState,
): Promise<void> {
  const { device, program, optimizerState, history, variables } = training;
  restoreState(device, program, state.step);
  optimizerState.setLearningRate(device, state.learningRate);
  history.push(...state.history);
  training.steps = state.steps;
  const whole = (weights: Weights): Weights => new Map([...training.lastWeights, ...weights]);
  training.lastWeights = whole(state.weights ?? (await variables.snapshot(device)));
  for (const [key, memory] of memoriesOf(callbacks)) {
    const remembered = state.callbacks.get(key);
    if (!remembered) continue;
    const { values, weights } = remembered;
    memory.load({ values, ...(weights && { weights: whole(weights) }) });
  }
}

/** By name, from the second of a name on with its number: `early-stopping 2`. */
function memoriesOf(callbacks: readonly Callback[]): ReadonlyMap<string, Remembering> {
  const memories = new Map<string, Remembering>();
  for (const { memory } of callbacks) {
    if (!memory) continue;
    let key = memory.name;
    for (let number = 2; memories.has(key); number++) key = `${memory.name} ${number}`;
    memories.set(key, memory);
  }
  return memories;
}

/** Without what stays as it was initialised, or as a file had it. */
function changing(variables: Variables, weights: Weights): Weights {
  const constant = new Set([...variables].filter((v) => v.isConstant).map(({ name }) => name));
  return new Map([...weights].filter(([name]) => !constant.has(name)));
}
