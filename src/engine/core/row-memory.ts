// What the rows of data sets may take on a device. WebGPU tells nobody how much memory is free, so it is a budget: what lies
// there is counted against it, by scope, and whoever would go beyond it keeps rows on the host.

/** 2 GiB: the least that a graphics card of today has to spare, and more than most sets of small pictures take. */
export const ROW_BUDGET = 2 ** 31;

export class RowMemory {
  readonly #parent: RowMemory | null;
  #budget: number;
  /** Of this scope and of those within it. */
  #used = 0;
  #own = 0;

  /** A scope has no budget of its own at first, but its parent's. */
  constructor(parent: RowMemory | null = null) {
    this.#parent = parent;
    this.#budget = parent ? Number.POSITIVE_INFINITY : ROW_BUDGET;
  }

  /** Bytes that rows of this scope and those within it may take together. */
  get budget(): number {
    return Math.min(this.#budget, this.#parent?.budget ?? this.#budget);
  }

  set budget(bytes: number) {
    this.#budget = bytes;
  }

  /** Bytes that they take. */
  get used(): number {
    return this.#used;
  }

  /** Whether so many bytes more stay within the budgets. */
  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.#budget && (this.#parent?.hasRoom(bytes) ?? true);
  }

  /** Counts bytes that were placed, until `release`. */
  take(bytes: number): void {
    this.#own += bytes;
    this.#add(bytes);
  }

  /** The scope's buffers are gone. */
  release(): void {
    this.#add(-this.#own);
    this.#own = 0;
  }

  #add(bytes: number): void {
    this.#used += bytes;
    if (this.#parent) this.#parent.#add(bytes);
  }
}
