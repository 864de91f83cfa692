// Finds in a file how the model was compiled, and the variables of its optimiser: by number in Keras 3's formats, which 2.12 to
// 2.15 share, by name in an `.h5`. What it means is read-compiled.ts's business.

import { isRecord, type JsonRecord } from "../../models/architecture/json-record.ts";
import { parseConfig } from "../../models/architecture/model-config.ts";
import { ARCHIVE_VARS, LEGACY_WEIGHTS } from "../compiled/optimizer-places.ts";
import { type Hdf5File, join } from "../hdf5/file.ts";
import { savedWeight } from "./legacy-weights.ts";
import type { SavedCompilation } from "./saved-weights.ts";

/** Of a `.keras` file. */
export function archiveCompilation(
  file: Hdf5File,
  modelConfig: JsonRecord,
): SavedCompilation | null {
  const config = modelConfig["compile_config"];
  if (!isRecord(config)) return null;
  const names = () => {
    const numbers = file.hasGroup(ARCHIVE_VARS) ? file.children(ARCHIVE_VARS).length : 0;
    return Array.from({ length: numbers }, (_, number) => String(number));
  };
  return compilation(file, config, { group: ARCHIVE_VARS, names });
}

/** Of a whole model's `.h5`. Throws FormatError for settings that are no JSON. */
export function legacyCompilation(file: Hdf5File): SavedCompilation | null {
  const text = file.text("/", "training_config");
  if (text === undefined) return null;
  const config = parseConfig(text, `${file.name}: training_config`);
  const group = LEGACY_WEIGHTS;
  const names = () => (file.hasGroup(group) ? (file.texts(group, "weight_names") ?? []) : []);
  return compilation(file, config, { group, names });
}

interface Place {
  readonly group: string;
  readonly names: () => readonly string[];
}

function compilation(
  file: Hdf5File,
  config: JsonRecord,
  { group, names }: Place,
): SavedCompilation {
  return {
    config,
    variables: () => names().map((name) => savedWeight(file, group, name)),
    steps: () => file.readInteger(join(group, names()[0] ?? "")),
  };
}
