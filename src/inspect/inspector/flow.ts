// Who computes what whom: dispatches by the bytes that they pass on, since a tensor may be a part of an arena that others
// read whole.

import { rootOf, type Storage, type Tensor } from "../../engine/core/tensor.ts";
import { type Dispatch, readsOf, writesOf } from "../../engine/program/program.ts";

export interface Flow {
  readonly producers: ReadonlyMap<number, readonly number[]>;
  readonly consumers: ReadonlyMap<number, readonly number[]>;
}

interface Region {
  readonly root: Storage;
  readonly from: number;
  readonly to: number;
}

interface Written extends Region {
  readonly by: number;
}

export function regionOf({ storage }: Tensor): Region {
  const { root, offset } = rootOf(storage);
  return { root, from: offset, to: offset + storage.bytes };
}

export function overlap(a: Region, b: Region): boolean {
  return a.root === b.root && a.from < b.to && b.from < a.to;
}

export function flowOf(dispatches: readonly Dispatch[]): Flow {
  const written = new Map<Storage, readonly Written[]>();
  const producers = new Map<number, readonly number[]>();
  const consumers = new Map<number, number[]>(dispatches.map(({ id }) => [id, []]));
  for (const dispatch of dispatches) {
    const { id } = dispatch;
    const from = new Set<number>();
    for (const region of readsOf(dispatch).map(regionOf)) {
      for (const one of written.get(region.root) ?? []) if (overlap(one, region)) from.add(one.by);
    }
    const sorted = [...from].sort((a, b) => a - b);
    producers.set(id, sorted);
    for (const producer of sorted) consumers.get(producer)?.push(id);
    for (const region of writesOf(dispatch).map(regionOf)) {
      const before = written.get(region.root) ?? [];
      written.set(region.root, [
        ...before.flatMap((one) => cut(one, region)),
        { ...region, by: id },
      ]);
    }
  }
  return { producers, consumers };
}

/** What stays of it where `over` is written over. */
function cut(one: Written, over: Region): Written[] {
  if (!overlap(one, over)) return [one];
  const left = { ...one, to: over.from };
  const right = { ...one, from: over.to };
  return [left, right].filter(({ from, to }) => from < to);
}
