// Damaged weight files, thousands of them: each is either refused with one line that names it, or loaded into exactly the
// model's variables. No crash, no hang, no gigabyte. (A damaged weight is still a weight: HDF5 has no checksum for it.)
// VITRINE_FUZZ_SEED and VITRINE_FUZZ_ROUNDS search on from where CI stops.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, VitrineError } from "../../src/engine/core/errors.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import { Hdf5Thread } from "../../src/keras/hdf5/thread.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import type { TargetLayer } from "../../src/keras/weights/layer-pair.ts";
import type { WeightFile } from "../../src/keras/weights/saved-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { fixture, NESTED_LAYERS, RESNET_LAYERS, TINY_LAYERS, VGG_LAYERS } from "./h5-fixtures.ts";
import { MUTATION_NAMES, mutate, randomStream } from "./mutations.ts";

const SEED = Number(process.env["VITRINE_FUZZ_SEED"] ?? 1);
/** Of every mutation of every file. */
const ROUNDS = Number(process.env["VITRINE_FUZZ_ROUNDS"] ?? 30);

const FILES: readonly (readonly [name: string, layers: readonly TargetLayer[]])[] = [
  ["keras1-weights.h5", VGG_LAYERS],
  ["keras2-weights.h5", RESNET_LAYERS],
  ["keras2-weights-fixed.h5", RESNET_LAYERS],
  ["keras2-weights-chunked-attributes.h5", RESNET_LAYERS],
  ["keras2-weights-deflated.h5", RESNET_LAYERS],
  ["keras2-weights-nested-trainable.h5", NESTED_LAYERS],
  ["keras2-model.h5", RESNET_LAYERS],
  ["keras3.weights.h5", TINY_LAYERS],
  ["keras3-model-deflated.keras", TINY_LAYERS],
  ["keras3-model.keras", TINY_LAYERS],
];

/** Sound files are opened in milliseconds. */
const PATIENCE_MS = 1500;
/** What libhdf5 leaks after an error ends with its thread. */
const FILES_A_THREAD = 60;
/** Beyond what the process held before, several threads' worth: none may take a gigabyte. */
const MOST_MEMORY = 2 ** 30;

const test = suite("damaged weight files");
let folder = "";
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-fuzz-"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

interface Tally {
  loaded: number;
  refused: number;
  /** Threads that were lost to a file. */
  lost: number;
  memory: number;
}

async function attempt(path: string, layers: readonly TargetLayer[], thread: Hdf5Thread) {
  const file = await openWeightFile(path, { thread });
  try {
    const wanted = new Map(layers.flatMap(({ weights }) => weights.map((w) => [w.name, w.shape])));
    let read = 0;
    for (const [variable, values] of assignWeights(file, layers)) {
      const shape = wanted.get(variable);
      if (!shape || values.length !== sizeOf(shape)) throw new Error(`silently wrong: ${variable}`);
      read++;
    }
    if (read !== wanted.size) throw new Error(`silently wrong: ${read} of ${wanted.size}`);
    buildOwnModel(file);
  } finally {
    await file.close();
  }
}

function buildOwnModel(file: WeightFile): void {
  if (file.modelConfig === null) return;
  try {
    describeModel(modelFromConfig(file.modelConfig, file.path));
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
  }
}

function checkRefusal(error: unknown, what: string, path: string): void {
  const isRight = error instanceof FormatError && error.message.startsWith(`${path}: `);
  if (isRight && !/\n|undefined|\[object/.test(error.message)) return;
  throw new Error(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
}

async function damage(name: string, layers: readonly TargetLayer[]): Promise<Tally> {
  const original = readFileSync(fixture(name));
  const tally: Tally = { loaded: 0, refused: 0, lost: 0, memory: 0 };
  const before = process.memoryUsage.rss();
  let thread = new Hdf5Thread(PATIENCE_MS);
  try {
    for (let i = 0; i < ROUNDS * MUTATION_NAMES.length; i++) {
      const kind = MUTATION_NAMES[i % MUTATION_NAMES.length] ?? "";
      const what = `${name}, ${kind} #${i} of seed ${SEED}`;
      // A name of its own: libhdf5 takes a file that it could not close for the next one of that name.
      const path = join(folder, `${i}-${name}`);
      writeFileSync(path, mutate(original, kind, randomStream(SEED * 1_000_003 + i)));
      await attempt(path, layers, thread).then(
        () => tally.loaded++,
        (error: unknown) => {
          checkRefusal(error, what, path);
          tally.refused++;
        },
      );
      const memory = process.memoryUsage.rss() - before;
      assert.ok(memory < MOST_MEMORY, `${what}: ${memory} bytes more than before`);
      tally.memory = Math.max(tally.memory, memory);
      if (!thread.isAlive) tally.lost++;
      if (thread.isAlive && i % FILES_A_THREAD !== FILES_A_THREAD - 1) continue;
      thread.stop();
      thread = new Hdf5Thread(PATIENCE_MS);
    }
  } finally {
    // Left alone after a failure, it would keep the whole run from ending.
    thread.stop();
  }
  return tally;
}

for (const [name, layers] of FILES) {
  test(name, async () => {
    const tally = await damage(name, layers);
    if (process.env["VITRINE_FUZZ_SEED"]) console.log(name, JSON.stringify(tally));
    // Damage is mostly noticed; but not all bytes of a file matter.
    assert.ok(tally.refused > 0 && tally.loaded > 0, JSON.stringify(tally));
  });
}

test.run();
