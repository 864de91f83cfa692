// The networks that zoo-round-trip.py sends around: those of test/fixtures/zoo, and those that zoo.py has made anew.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zooInputs, zooNetworks } from "./zoo-cases.ts";

export interface ZooNetworkFile {
  readonly name: string;
  /** Of its files. */
  readonly base: string;
  /** The file of Keras's. */
  readonly path: string;
  readonly x: readonly number[];
  /** What Keras predicts for them. */
  readonly y: readonly number[];
  /** Whether it is one to train; the others have something odd about their layers alone. */
  readonly isTrained: boolean;
}

interface Made {
  readonly name: string;
  readonly files: readonly string[];
  readonly refused: boolean | null;
  readonly compiled: boolean;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export function networksOf(made: string | undefined): readonly ZooNetworkFile[] {
  const ofZoo = zooNetworks().map(({ record, path }) => {
    const x = [...zooInputs(record)];
    return { name: record.case, base: record.case, path, x, y: record.y, isTrained: true };
  });
  return [...ofZoo, ...(made ? madeNetworks(made) : [])];
}

/** Those that are not to be refused. */
function madeNetworks(folder: string): readonly ZooNetworkFile[] {
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".json"))
    .map((entry): Made => JSON.parse(readFileSync(join(folder, entry), "utf8")))
    .filter(({ refused, files }) => refused !== true && files.length > 0)
    .map(({ name, files, x, y, compiled: isTrained }) => {
      const base = name.replaceAll(/[^\p{L}\p{N}_]/gu, "-");
      return { name, base, path: join(folder, files[0] ?? ""), x, y, isTrained };
    });
}
