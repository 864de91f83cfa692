// Does the steps of a study one after another, each once: announces it, keeps what an earlier run has done, marks it.

import type { StepLook } from "../report/story/study-record.ts";
import type { StudyContext } from "./context.ts";
import type { StepKind, StepResults } from "./step-results.ts";

export const STEPS = {
  "01-data": "data look and cleaning",
  "02-split": "split",
  "03-tuner": "tuner",
  "04-training": "training of the best model",
  "05-evaluation": "evaluation",
  "06-folds": "cross-validation",
  "07-transfer": "transfer models",
  "08-report": "report",
} as const;

export type StepName = keyof typeof STEPS;

/** A result that knows what it took: a step that goes on from an earlier run counts that one too. */
export interface Timed<Result> {
  readonly look: Result;
  readonly seconds: number;
}

export class StepRunner {
  readonly #context: StudyContext;
  /** Of the steps that left a result. */
  readonly looks: StepLook[] = [];

  constructor(context: StudyContext) {
    this.#context = context;
  }

  /** The result of the step: of the work, or of an earlier run. Throws the signal's reason when interrupted. */
  run<Name extends StepKind>(
    name: Name,
    work: (folder: string) => Promise<StepResults[Name]>,
  ): Promise<StepResults[Name]> {
    return this.runTimed(name, async (folder) => {
      const start = performance.now();
      const look = await work(folder);
      return { look, seconds: (performance.now() - start) / 1000 };
    });
  }

  async runTimed<Name extends StepKind>(
    name: Name,
    work: (folder: string) => Promise<Timed<StepResults[Name]>>,
  ): Promise<StepResults[Name]> {
    const { store, signal } = this.#context;
    signal.throwIfAborted();
    const done = await store.finished(name, name);
    this.#announce(name, done !== null);
    if (done) {
      this.#remember(name, done.seconds);
      return done.result;
    }
    const { look, seconds } = await work(await store.begin(name));
    signal.throwIfAborted();
    await store.finish(name, look, seconds);
    this.#remember(name, seconds);
    return look;
  }

  /** A step that is done in any case. */
  announce(name: StepName): void {
    this.#context.signal.throwIfAborted();
    this.#announce(name, false);
  }

  #announce(name: StepName, kept: boolean): void {
    const names = Object.keys(STEPS);
    const place = { number: names.indexOf(name) + 1, count: names.length, title: STEPS[name] };
    if (kept) this.#context.screen.kept(place);
    else this.#context.screen.begin(place);
  }

  #remember(folder: StepName, seconds: number): void {
    this.looks.push({ folder, title: STEPS[folder], seconds });
  }
}
