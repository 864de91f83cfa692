// What a step took: over all the processes that worked at it, and how much of that while an earlier step was under way too, so that
// the time of a study is no sum of what ran at once.

/** In seconds. */
export interface Spent {
  readonly seconds: number;
  /** Of them, those beside an earlier step. */
  readonly beside: number;
}

interface Span {
  readonly start: number;
  end: number | null;
}

/** The steps of this process. Those before a step never overlap each other. */
export class StudyClock {
  readonly #spans = new Map<string, Span>();
  readonly #now: () => number;

  /** `now`: milliseconds; for tests. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** `before`: of earlier processes, where they left a word of it. */
  begin(step: string, before: Spent | null): StepClock {
    const span: Span = { start: this.#now(), end: null };
    this.#spans.set(step, span);
    return new StepClock(before, {
      spent: () => this.#spent(step, span),
      end: () => {
        span.end ??= this.#now();
      },
    });
  }

  #spent(step: string, span: Span): Spent {
    const end = this.#endOf(span);
    const earlier = [...this.#spans].filter(([name]) => name < step);
    const shared = earlier.map(([, other]) =>
      Math.max(0, Math.min(end, this.#endOf(other)) - Math.max(span.start, other.start)),
    );
    const beside = shared.reduce((sum, ms) => sum + ms, 0);
    return { seconds: (end - span.start) / 1000, beside: beside / 1000 };
  }

  #endOf({ end }: Span): number {
    return end ?? this.#now();
  }
}

interface OwnTime {
  readonly spent: () => Spent;
  readonly end: () => void;
}

export class StepClock {
  readonly #own: OwnTime;
  #before: Spent | null;

  constructor(before: Spent | null, own: OwnTime) {
    this.#before = before;
    this.#own = own;
  }

  /** Parts that are kept took so long, one after another, where nothing else says what was spent on them. */
  keep(seconds: number): void {
    this.#before ??= { seconds, beside: 0 };
  }

  spent(): Spent {
    const { seconds, beside } = this.#own.spent();
    const before = this.#before ?? { seconds: 0, beside: 0 };
    return { seconds: before.seconds + seconds, beside: before.beside + beside };
  }

  /** The step is over, or interrupted. */
  end(): void {
    this.#own.end();
  }
}
