// The networks of test/fixtures/zoo: what is told of each, and the inputs that Keras predicted for.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ZOO = fileURLToPath(new URL("../fixtures/zoo/", import.meta.url));

export interface ZooCase {
  readonly case: string;
  readonly need: "run" | "refuse";
  readonly files: readonly string[];
  readonly seed: number;
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly y: readonly number[];
  readonly yshape: readonly number[];
}

/** Folders, one a version. */
export function zooVersions(): readonly string[] {
  return readdirSync(ZOO).filter((name) => !name.includes("."));
}

export function zooCases(version: string): readonly ZooCase[] {
  const folder = `${ZOO}${version}/`;
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".json"))
    .map((entry) => JSON.parse(readFileSync(folder + entry, "utf8")) as ZooCase);
}

/** A linear congruence's upper bits. */
export function zooInputs({ seed, shape, low, high }: ZooCase): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  const count = shape.reduce((product, extent) => product * extent, 1);
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * (state >>> 8)) / 16777216;
  });
}

/** Whether a file of the case holds the whole model. */
export function isWholeModel(record: ZooCase, file: string): boolean {
  return file.endsWith(".keras") || file === `${record.case}.h5`;
}

export interface ZooNetwork {
  readonly record: ZooCase;
  /** A whole model, of the newest version that has the network. */
  readonly path: string;
}

/** Each network that runs, once. */
export function zooNetworks(): readonly ZooNetwork[] {
  const oldestFirst = ["tf115", "tf28", "tf213", "tf215", "k305", "k315"];
  const found = oldestFirst.flatMap((version) =>
    zooCases(version).flatMap((record) => {
      const file = record.files.find((name) => isWholeModel(record, name));
      if (record.need === "refuse" || !file) return [];
      return [[record.case, { record, path: `${ZOO}${version}/${file}` }] as const];
    }),
  );
  return [...new Map(found).values()];
}
