// Everything that was told of a run, kept so that a page opened late, or again, sees it from the beginning.

import type { LiveEvent, Told } from "../page/live/live-events.ts";

export interface Entry {
  /** From 1, rising; 0 for what is not kept. */
  readonly id: number;
  /** JSON of what is told. */
  readonly text: string;
}

type Type = LiveEvent["type"];

/** Told to who listens at the moment, and forgotten. */
const PASSING: ReadonlySet<Type> = new Set<Type>(["compile"]);

/** Of what comes without end, the newest are kept. */
const MOST: Readonly<Partial<Record<Type, number>>> = {
  progress: 20_000,
  pictures: 300,
  statistics: 300,
  partProgress: 300,
};

export class EventLog {
  readonly #entries = new Map<number, Entry>();
  readonly #idsByType = new Map<Type, number[]>();
  readonly #listeners = new Set<(entry: Entry) => void>();
  readonly #now: () => number;
  readonly #start: number;
  #last = 0;

  /** `now`: milliseconds; for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#start = now();
  }

  tell(event: LiveEvent): void {
    const told: Told = { ...event, at: Math.round(this.#now() - this.#start) };
    const isPassing = PASSING.has(event.type);
    const entry = { id: isPassing ? 0 : ++this.#last, text: JSON.stringify(told) };
    if (!isPassing) this.#keep(event.type, entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** What is kept and came after the entry of this id, in order. */
  *after(id: number): Iterable<Entry> {
    for (const entry of this.#entries.values()) if (entry.id > id) yield entry;
  }

  /** Returns what ends it. */
  listen(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keep(type: Type, entry: Entry): void {
    this.#entries.set(entry.id, entry);
    const most = MOST[type];
    if (most === undefined) return;
    const ids = this.#idsByType.get(type) ?? [];
    this.#idsByType.set(type, ids);
    ids.push(entry.id);
    if (ids.length > most) this.#entries.delete(ids.shift() ?? 0);
  }
}
