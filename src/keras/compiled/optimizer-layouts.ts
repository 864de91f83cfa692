// Where an optimiser's variables lie in a file: by number in Keras's archive, by name in a Keras 2 `.h5`.

import type { WeightStream } from "../../models/architecture/exported-model.ts";
import type { Hdf5Dataset, Hdf5Group, Hdf5Layout, ValueStream } from "../hdf5/layout.ts";
import { parentsOf, stringList } from "../weights/weight-layouts.ts";
import type { OptimizerEntry } from "./optimizer-entries.ts";
import { ARCHIVE_VARS, LEGACY_WEIGHTS } from "./optimizer-places.ts";

const NOTHING: Hdf5Layout = { groups: [], variables: new Map() };

export function archiveOptimizerLayout(entries: readonly OptimizerEntry[]): Hdf5Layout {
  if (entries.length === 0) return NOTHING;
  return {
    groups: [{ path: "/optimizer" }, { path: ARCHIVE_VARS }],
    variables: places(entries, (_, index) => `${ARCHIVE_VARS}/${index}`),
  };
}

export function keras2OptimizerLayout(entries: readonly OptimizerEntry[]): Hdf5Layout {
  if (entries.length === 0) return NOTHING;
  const names = entries.map(({ name }) => name);
  const groups: readonly Hdf5Group[] = [
    { path: LEGACY_WEIGHTS, attributes: stringList("weight_names", names) },
    ...parentsOf(LEGACY_WEIGHTS, names),
  ];
  return { groups, variables: places(entries, ({ name }) => `${LEGACY_WEIGHTS}/${name}`) };
}

/** The values of the model, then those of the optimiser. */
export function* withEntries(
  weights: WeightStream,
  entries: readonly OptimizerEntry[],
): ValueStream & Generator<readonly [string, Float32Array | BigInt64Array]> {
  yield* weights;
  for (const [index, { data }] of entries.entries()) yield [keyOf(index), data];
}

/** No variable of a model is called so. */
function keyOf(index: number): string {
  return `optimizer:${index}`;
}

function places(
  entries: readonly OptimizerEntry[],
  pathOf: (entry: OptimizerEntry, index: number) => string,
): ReadonlyMap<string, Hdf5Dataset> {
  return new Map(
    entries.map((entry, index) => {
      const { shape, data } = entry;
      const path = pathOf(entry, index);
      const dtype = data instanceof BigInt64Array ? ({ dtype: "i64" } as const) : {};
      return [keyOf(index), { path, shape, ...dtype }];
    }),
  );
}
