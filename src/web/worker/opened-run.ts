// A run that was saved, here or by `npm run train`, as the .zip of its folder: the model that it left.

import { FormatError } from "../../engine/core/errors.ts";
import { findNonFinite } from "../../engine/layers/finite-weights.ts";
import { variablesOf } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { bytesOf, DIGEST_KEY, readSafetensorsBytes } from "../../io/safetensors-pieces.ts";
import { decodeJson, parseJson } from "../../io/saved-json.ts";
import { ZipBytes } from "../../io/zip-bytes.ts";
import { createModel, type ModelConfig } from "../../models/models.ts";
import { checkedRunConfig, RUN_FORMAT, RUN_SCHEMA } from "../../runs/run-record.ts";
import { sha256 } from "./digest.ts";

const SAVED = { what: "the record of a run", format: RUN_FORMAT } as const;
const RECORD = "config.json";
const WEIGHTS = "weights.safetensors";

/** Throws FormatError, naming the file, for a zip of anything else, and for damage. */
export async function readRunZip(
  path: string,
  bytes: Uint8Array,
): Promise<{ readonly config: ModelConfig; readonly weights: Weights }> {
  const zip = new ZipBytes(path, bytes, "is it the folder of a run, packed?");
  const folder = zip.names.find((name) => name.endsWith(RECORD))?.slice(0, -RECORD.length) ?? "";
  const name = `${path}: ${RECORD}`;
  const text = decodeJson(name, zip.unpacked(`${folder}${RECORD}`), SAVED);
  const record = parseJson(text, { schema: RUN_SCHEMA, name, saved: SAVED });
  const { model: config } = checkedRunConfig(record, name);
  const weights = await weightsOf(`${path}: ${WEIGHTS}`, zip.unpacked(`${folder}${WEIGHTS}`));
  checkShapes(`${path}: ${WEIGHTS}`, config, weights);
  return { config, weights };
}

async function weightsOf(place: string, bytes: Uint8Array): Promise<Weights> {
  const { tensors, metadata } = readSafetensorsBytes(bytes, place);
  const promised = metadata[DIGEST_KEY];
  const got = await sha256(tensors.map(({ data }) => bytesOf(data)));
  if (promised !== undefined && promised !== got) {
    throw new FormatError(`${place}: tensor bytes must match the sha256 in the header`);
  }
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, data } of tensors) {
    if (!(data instanceof Float32Array)) {
      throw new FormatError(`${place}: weights must be F32, got others in ${name}`);
    }
    weights.set(name, data as Float32Array<ArrayBuffer>);
  }
  const found = findNonFinite(weights);
  if (!found) return weights;
  throw new FormatError(
    `${place}: weights must be finite numbers, got ${found.value} in ${found.name}`,
  );
}

function checkShapes(place: string, config: ModelConfig, weights: Weights): void {
  for (const { name, tensor } of variablesOf(createModel(config))) {
    const size = tensor.shape.reduce((product, length) => product * length, 1);
    const got = weights.get(name)?.length ?? 0;
    if (got === size) continue;
    throw new FormatError(`${place}: ${name} must hold ${size} values, got ${got}`);
  }
}
