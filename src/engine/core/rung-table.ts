// Which rung of a ladder solves which problem: what was measured on the adapter at hand, and what was taken. A device has one,
// and whoever opens the device fills it (see inspect/rungs); an empty one leaves every choice to the ladders' own order. As a
// problem that is not in it is solved as by an empty one, the same table gives the same kernels, and so the same bits.

/** Rungs by ladder and problem, as `keyOfProblem` has it. */
export type RungChoices = ReadonlyMap<string, string>;

/** The rungs that a device's programs are recorded with, and those that they were. */
export class RungTable {
  readonly #chosen = new Map<string, string>();
  readonly #taken = new Map<string, string>();

  constructor(choices: RungChoices = new Map()) {
    this.choose(choices);
  }

  /** From now on; programs that are recorded already keep theirs. */
  choose(choices: RungChoices): void {
    for (const [key, rung] of choices) this.#chosen.set(key, rung);
  }

  /** These and no others, from now on: for a device that serves one piece of work after another. */
  replace(choices: RungChoices): void {
    this.#chosen.clear();
    this.choose(choices);
  }

  /** Undefined where nothing was chosen. */
  choiceFor(key: string): string | undefined {
    return this.#chosen.get(key);
  }

  /** Says that a program solves the problem on that rung. */
  note(key: string, rung: string): void {
    this.#taken.set(key, rung);
  }

  get chosen(): RungChoices {
    return this.#chosen;
  }

  /** Of all problems that were recorded, but those whose rung was asked for by name. */
  get taken(): RungChoices {
    return this.#taken;
  }
}
