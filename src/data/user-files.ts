// Data as a person has it: what --data names is shown to each kind of source, and the first that knows it reads it. Read without
// checksums, because any release, or a part of one, is welcome.

import { stat } from "node:fs/promises";
import { FormatError, UsageError } from "../engine/core/errors.ts";
import { CIFAR } from "./sources/cifar.ts";
import { CSV, CSV_NAMES } from "./sources/csv-files.ts";
import { IDX, partialIdx } from "./sources/idx-files.ts";
import { NPZ } from "./sources/npz.ts";
import { PICTURES } from "./sources/pictures.ts";
import { PROGRAM } from "./sources/program.ts";
import {
  type DataPlace,
  type DataSource,
  type Progress,
  placeOf,
  type SourceOptions,
  type UserData,
} from "./sources/source.ts";

const SOURCES: readonly DataSource[] = [IDX, CSV, CIFAR, NPZ, PROGRAM, PICTURES];
const WANTED = "the four IDX files of Fashion-MNIST (plain or .gz), or Kaggle's two CSVs";
const HELP = `also read: ${SOURCES.slice(2)
  .map(({ what }) => what)
  .join("; ")}`;

/** Reads what lies at `data`; the IDX files win where several kinds do. */
export async function readUserFiles(
  data: string,
  progress: (step: Progress) => void,
  options: SourceOptions = {},
): Promise<UserData> {
  const entry = await stat(data).catch((cause) => {
    const help = `give a folder with ${WANTED}`;
    const rule = "data: must be a file or a folder";
    throw new UsageError(`${rule}, got ${data}`, { argument: "data", help, cause });
  });
  const place = await placeOf(data, entry.isDirectory());
  for (const source of SOURCES) {
    if (await source.recognise(place)) return source.load(place, { ...options, progress });
  }
  throw await unknown(place);
}

async function unknown(place: DataPlace): Promise<FormatError> {
  const { path, isFolder, names } = place;
  if (!isFolder) {
    return new FormatError(`${path}: must be one of ${WANTED}, got another name`, { help: HELP });
  }
  const partial = await partialIdx(place);
  if (partial) return partial;
  const csvs = Object.values(CSV_NAMES);
  const got = csvs.filter((name) => names.includes(name));
  if (got.length === 0) {
    return new FormatError(`${path}: must hold ${WANTED}, got none of them`, { help: HELP });
  }
  const missing = csvs.filter((name) => !got.includes(name));
  return new FormatError(`${path}: lacks ${missing.join(", ")}, got only ${got.join(", ")}`);
}
