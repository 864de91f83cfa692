// Does the steps of a study, each once: announces it, keeps what an earlier run has done, times it, marks it.

import type { StepLook } from "../report/story/study-record.ts";
import type { StudyContext } from "./context.ts";
import { type Spent, StudyClock } from "./step-clock.ts";
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

/** Of a step that consists of parts, and goes on after those that are done. */
export interface StepTime {
  /** Parts that an earlier process left took so long, one after another, where it said no more of its time. */
  keep(seconds: number): void;
  /** Till now. */
  spent(): Spent;
  /** A part is done: what was spent till then counts, whatever ends the process. */
  save(): Promise<void>;
}

export class StepRunner {
  readonly #context: StudyContext;
  readonly #clock = new StudyClock();
  readonly #looks: StepLook[] = [];

  constructor(context: StudyContext) {
    this.#context = context;
  }

  /**
   * The result of the step: of the work, or of an earlier run. `beside` names what it runs beside. Throws the signal's reason when
   * interrupted.
   */
  async run<Name extends StepKind>(
    name: Name,
    work: (folder: string, time: StepTime) => Promise<StepResults[Name]>,
    beside = "",
  ): Promise<StepResults[Name]> {
    const { store, signal } = this.#context;
    signal.throwIfAborted();
    const done = await store.finished(name, name);
    this.#announce(name, { isKept: done !== null, beside });
    if (done) {
      this.#remember(name, done);
      return done.result;
    }
    const folder = await store.begin(name);
    const clock = this.#clock.begin(name, await store.spent(name));
    try {
      const look = await work(folder, {
        keep: (seconds) => clock.keep(seconds),
        spent: () => clock.spent(),
        save: () => store.spend(name, clock.spent()),
      });
      const spent = clock.spent();
      // Also where it was interrupted meanwhile: what is done is kept.
      await store.finish(name, look, spent);
      this.#remember(name, spent);
      return look;
    } finally {
      clock.end();
    }
  }

  /** Of the steps that left a result, in order. */
  get looks(): readonly StepLook[] {
    return this.#looks.toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
  }

  /** A step that is done in any case. */
  announce(name: StepName): void {
    this.#context.signal.throwIfAborted();
    this.#announce(name, { isKept: false, beside: "" });
  }

  #announce(
    name: StepName,
    { isKept, beside }: { readonly isKept: boolean; readonly beside: string },
  ): void {
    const names = Object.keys(STEPS);
    const title = isKept || beside === "" ? STEPS[name] : `${STEPS[name]}, beside ${beside}`;
    const place = { number: names.indexOf(name) + 1, count: names.length, title };
    if (isKept) this.#context.screen.kept(place);
    else this.#context.screen.begin(place);
  }

  #remember(folder: StepName, { seconds, beside }: Spent): void {
    this.#looks.push({ folder, title: STEPS[folder], seconds, beside });
  }
}
