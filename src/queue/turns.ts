// Work side by side: how much of it at once, and what becomes of the rest when a part of it fails.

/** So many pieces of work at once, in the order in which they ask. */
export class Turns {
  /** At once. */
  readonly count: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(count: number) {
    this.count = count;
  }

  /** What comes of the work, when its turn has come. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.count) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place passes on, so that nobody who asks later gets it before.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** Waits for all of them. Where one fails, the others are told to stop, and the failure is thrown when they have. */
export async function sideBySide(
  works: readonly Promise<unknown>[],
  failing: AbortController,
): Promise<void> {
  const failures: unknown[] = [];
  const watched = works.map((work) =>
    work.catch((error: unknown) => {
      failures.push(error);
      failing.abort();
    }),
  );
  await Promise.all(watched);
  if (failures.length > 0) throw failures[0];
}
