// A file of Keras weights, of any format that Keras has written, described in one way, wherever its bytes are. Data are read weight
// by weight, when asked for. Which variable of a model a weight belongs to is assign-weights.ts's business.

import type { JsonRecord } from "../../models/architecture/json-record.ts";
import { parseConfig } from "../../models/architecture/model-config.ts";
import type { Hdf5File } from "../hdf5/file.ts";
import { describeArchive, describeKeras3 } from "./keras3-weights.ts";
import { describeLegacy, LEGACY_ROOTS } from "./legacy-weights.ts";
import { archiveCompilation, legacyCompilation } from "./saved-compilation.ts";
import type { WeightFile } from "./saved-weights.ts";

/** Of a `.keras` file, which is a zip of this and of the two below. */
export const ARCHIVE_WEIGHTS = "model.weights.h5";
const CONFIG = "config.json";
const METADATA = "metadata.json";

/** Of any but a `.keras` file. Throws FormatError for what holds no weights of Keras. */
export function describeWeightFile(path: string, file: Hdf5File): WeightFile {
  const close = () => file.close();
  for (const { root, format } of LEGACY_ROOTS) {
    const legacy = describeLegacy(file, root);
    if (!legacy) continue;
    const text = file.text("/", "model_config");
    const modelConfig = text === undefined ? null : parseConfig(text, `${file.name}: model_config`);
    const compilation = () => modelConfig && legacyCompilation(file);
    return { path, format, ...legacy, modelConfig, compilation, close };
  }
  const layers = describeKeras3(file);
  if (layers.length > 0) {
    const none = { kerasVersion: null, modelConfig: null, compilation: () => null };
    return { path, format: "keras3-weights", ...none, layers, close };
  }
  const found = file.children("/").slice(0, 5).join(", ");
  throw file.error("", `must hold Keras weights, got ${found === "" ? "nothing" : found}`);
}

/** The entries of a zip, as far as they are short. */
export interface ArchiveTexts {
  readonly path: string;
  text(name: string): Promise<string>;
}

export interface ArchiveDescription {
  readonly path: string;
  readonly modelConfig: JsonRecord;
  readonly kerasVersion: string | null;
}

/** What a `.keras` file says of its model. Throws FormatError for what is no JSON, and as `zip` does. */
export async function readArchiveTexts(zip: ArchiveTexts): Promise<ArchiveDescription> {
  const json = async (name: string) => parseConfig(await zip.text(name), `${zip.path}: ${name}`);
  const modelConfig = await json(CONFIG);
  const { keras_version: version } = await json(METADATA);
  return {
    path: zip.path,
    modelConfig,
    kerasVersion: typeof version === "string" ? version : null,
  };
}

/** Of a `.keras` file, whose weights are `file`. */
export function describeArchiveFile(
  { path, modelConfig, kerasVersion }: ArchiveDescription,
  { file, close }: { readonly file: Hdf5File; readonly close: () => Promise<void> },
): WeightFile {
  const layers = describeArchive(file, modelConfig);
  const compilation = () => archiveCompilation(file, modelConfig);
  const format = "keras3-archive";
  return { path, format, kerasVersion, layers, modelConfig, compilation, close };
}
