// The weights that Keras publishes for its backbones, trained on ImageNet: found in our cache or in Keras's own, else
// fetched. Brings the file; what is in it is weight-file.ts's business.
// The cache's folder and names as in keras/src/utils/file_utils.py and keras/src/applications of Keras 3.15.
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { downloadFile } from "../../data/download.ts";
import type { Progress } from "../../data/sources/source.ts";
import { VitrineError } from "../../engine/core/errors.ts";
import { fileDigest } from "../../io/file-digest.ts";
import type { PublishedFile } from "../../models/backbone.ts";
import { BACKBONES, type BackboneName } from "../../models/backbones.ts";

export interface ImagenetRequest {
  readonly backbone: BackboneName;
  /** With the classifier of 1000 classes. */
  readonly top: boolean;
  /** Where downloads are kept, such as `.cache/weights`. */
  readonly cacheDir: string;
  /** Stops the search and the download; what has come is kept for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Gets a line for whatever takes long or goes wrong on the way. */
  say(line: string): void;
  progress(step: Progress): void;
}

/** Where the search goes. Given by tests; the product uses the defaults. */
export interface ImagenetSources {
  readonly published: (backbone: BackboneName, top: boolean) => PublishedFile;
  /** Looked into, never written. */
  readonly kerasFolders: () => readonly string[];
  readonly connectTimeoutMs?: number;
  readonly stallTimeoutMs?: number;
}

const SOURCES: ImagenetSources = {
  published: (backbone, top) => BACKBONES[backbone].weights[top ? "top" : "noTop"],
  kerasFolders,
};

/**
 * Path of the published file. Its md5, where Keras publishes one, is checked each time, and no note kept of it: that takes a second for the largest,
 * which is read as a whole right after, and a note would hide damage to the disk.
 * @throws VitrineError with address, md5 and folder, where the file is nowhere and cannot be fetched; the reason of the
 * signal, where that stopped it.
 */
export async function findImagenetWeights(
  request: ImagenetRequest,
  sources: Partial<ImagenetSources> = {},
): Promise<string> {
  const { published, kerasFolders, ...limits } = { ...SOURCES, ...sources };
  const found = await lookForImagenetWeights(request, { published, kerasFolders });
  if (found !== null) return found;
  const { cacheDir, signal, say } = request;
  const file = published(request.backbone, request.top);
  const name = nameOf(file);
  const path = join(cacheDir, name);
  const label = `downloading ${name}`;
  const progress = (fraction: number) => request.progress({ label, fraction });
  say(`weights: fetching ${file.url}`);
  await downloadFile({ ...file, ...limits, path, signal, progress }).catch((error) => {
    throw error instanceof VitrineError ? notToBeHad(error, file, request) : error;
  });
  return path;
}

/** The same without fetching: null where the file is nowhere on this machine. */
export async function lookForImagenetWeights(
  { backbone, top, cacheDir, signal, say }: Omit<ImagenetRequest, "progress">,
  sources: Partial<ImagenetSources> = {},
): Promise<string | null> {
  const { published, kerasFolders } = { ...SOURCES, ...sources };
  const file = published(backbone, top);
  for (const folder of new Set([cacheDir, ...kerasFolders()])) {
    const path = join(folder, nameOf(file));
    const found = await look(path, file.md5, signal);
    if (found.state === "right") return path;
    if (found.state === "wrong") say(`weights: passed over ${path}: ${found.problem}`);
  }
  return null;
}

function nameOf({ url }: PublishedFile): string {
  return basename(new URL(url).pathname);
}

/** Where Keras keeps such files itself. */
function kerasFolders(): readonly string[] {
  const chosen = process.env["KERAS_HOME"] ?? "";
  const homes = [...(chosen === "" ? [] : [chosen]), join(homedir(), ".keras")];
  return homes.map((home) => join(home, "models"));
}

type Found =
  | { readonly state: "right" | "missing" }
  | { readonly state: "wrong"; readonly problem: string };

async function look(
  path: string,
  md5: string | null,
  signal: AbortSignal | undefined,
): Promise<Found> {
  try {
    if (md5 === null) return await lookAtStart(path);
    const got = await fileDigest(path, "md5", signal);
    if (got === md5) return { state: "right" };
    return { state: "wrong", problem: `the published file has md5 ${md5}, got ${got}` };
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "missing" };
    return { state: "wrong", problem: message };
  }
}

const HDF5_SIGNATURE = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");

/** What can be said of a file without an md5: names and shapes of its weights are checked when they are read. */
async function lookAtStart(path: string): Promise<Found> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(HDF5_SIGNATURE.length), { position: 0 });
    if (buffer.equals(HDF5_SIGNATURE)) return { state: "right" };
    return { state: "wrong", problem: "the published file is HDF5, got something else" };
  } finally {
    await file.close();
  }
}

function notToBeHad(
  error: VitrineError,
  { url, md5 }: PublishedFile,
  { backbone, cacheDir }: ImagenetRequest,
): VitrineError {
  const again = error.help === undefined ? "" : `${error.help}; or `;
  const byHand = `put the file of ${url}${md5 === null ? "" : ` (md5 ${md5})`} into ${cacheDir}`;
  return new VitrineError(
    `weights: ${backbone} trained on ImageNet must be at hand or be fetched, got ${error.message}`,
    {
      help: `${again}${byHand}; or give any Keras file of ${backbone}`,
      remedies: ["weights"],
      cause: error,
    },
  );
}
