// Finds Fashion-MNIST and loads it: what the person gave, else the cache, the system, the official
// download, Debian's package. Only brings the rows; cleaning and splitting are for the caller.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { messageOf, VitrineError } from "../engine/core/errors.ts";
import { fetchDebianPackage } from "../setup/apt.mjs";
import { downloadFile } from "./download.ts";
import { FASHION_MNIST_CLASSES, saysFashion } from "./fashion-mnist-classes.ts";
import { isOfficial, recognise, renamed } from "./known-data.ts";
import {
  isDownloaded,
  OFFICIAL_FILES,
  type OfficialFile,
  readOfficialFolder,
} from "./official-files.ts";
import type { Progress, SourceOptions, UserData } from "./sources/source.ts";
import { readUserFiles } from "./user-files.ts";

export const FASHION_MNIST = "Fashion-MNIST";
const OWN_NAMES = { name: "fashion-mnist", classNames: FASHION_MNIST_CLASSES };

export interface FashionMnistRequest {
  /** A folder or a file that the person gave; nothing else is looked at then. */
  readonly data?: string | undefined;
  /** Of given data. */
  readonly options?: SourceOptions | undefined;
  /** Where downloads are kept, such as `.cache/fashion-mnist`. */
  readonly cacheDir: string;
  /** Gets a line for whatever takes long or goes wrong on the way. */
  say(line: string): void;
  progress(step: Progress): void;
}

/** What was read: Fashion-MNIST, or what a person gave. Cleaning refuses or drops what the reader left out. */
export type FashionMnist = UserData;

/** Where the search goes. Given by tests; the product uses the default. */
export interface Sources {
  readonly files: readonly OfficialFile[];
  readonly systemFolder: string;
  readonly mirror: string;
  readonly connectTimeoutMs?: number;
  fetchPackage(request: { name: string; into: string; say(line: string): void }): Promise<void>;
}

const INSTALLED = "usr/share/datasets/fashion-mnist";
const PACKAGE = "dataset-fashion-mnist";
const SOURCES: Sources = {
  files: OFFICIAL_FILES,
  systemFolder: `/${INSTALLED}`,
  mirror: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  fetchPackage: fetchDebianPackage,
};

/**
 * Loads train and test. What is found without being given must be the official release, by
 * checksum; damaged files in the cache are fetched again.
 * @throws FormatError or UsageError for given data; VitrineError listing every source tried when
 * none works.
 */
export async function loadFashionMnist(
  request: FashionMnistRequest,
  sources: Sources = SOURCES,
): Promise<FashionMnist> {
  if (request.data !== undefined) {
    const { data, progress, options } = request;
    return named(await readUserFiles(data, progress, options), data, request);
  }
  const search = new Search(request, sources);
  const debianRoot = join(request.cacheDir, "debian");
  const debianFolder = join(debianRoot, INSTALLED);
  const found =
    (await search.look(request.cacheDir)) ??
    (await search.look(debianFolder)) ??
    (await search.look(sources.systemFolder)) ??
    (await search.afterFetching(sources.mirror, request.cacheDir, () => search.download())) ??
    (await search.afterFetching(`Debian's package ${PACKAGE}`, debianFolder, async () => {
      await mkdir(request.cacheDir, { recursive: true });
      await sources.fetchPackage({ name: PACKAGE, into: debianRoot, say: request.say });
    }));
  return { ...(found ?? search.giveUp()), title: FASHION_MNIST };
}

/**
 * Under its own name and classes: Fashion-MNIST where checksums or the path's name say so, another data set in the same files where
 * its checksum does; else what the folder or file is called.
 */
function named(data: UserData, path: string, { say, options }: FashionMnistRequest): FashionMnist {
  const isUnnamed = options?.classNames === undefined;
  const isFashion = isOfficial(data);
  if (isUnnamed && isFashion) return { ...renamed(data, OWN_NAMES), title: FASHION_MNIST };
  const known = isUnnamed ? recognise(data) : null;
  if (!known) {
    const title = isFashion || saysFashion(path) ? FASHION_MNIST : basename(resolve(path));
    return { ...data, title: data.title ?? title };
  }
  say(`data: by their checksum, these are ${known.title}, not Fashion-MNIST`);
  return { ...known.data, title: known.title };
}

class Search {
  readonly #request: FashionMnistRequest;
  readonly #sources: Sources;
  readonly #tried: string[] = [];

  constructor(request: FashionMnistRequest, sources: Sources) {
    this.#request = request;
    this.#sources = sources;
  }

  /**
   * The data set in a folder, if it is there and right. A wrong file is said, a missing one only
   * noted.
   */
  async look(folder: string): Promise<FashionMnist | undefined> {
    const { files } = this.#sources;
    const present = files.some((file) =>
      [file.name, `${file.name}.gz`].some((name) => existsSync(join(folder, name))),
    );
    if (!present) {
      this.#tried.push(`${folder}: not there`);
      return undefined;
    }
    try {
      return {
        ...(await readOfficialFolder(folder, files)),
        source: `official files in ${folder}`,
      };
    } catch (error) {
      this.#request.say(`data: passed over ${this.#note(error)}`);
      return undefined;
    }
  }

  /** Fetches, then looks into the folder. */
  async afterFetching(
    source: string,
    folder: string,
    fetchFiles: () => Promise<void>,
  ): Promise<FashionMnist | undefined> {
    this.#request.say(`data: fetching Fashion-MNIST (30 MB) from ${source}`);
    try {
      await fetchFiles();
      const data = await readOfficialFolder(folder, this.#sources.files);
      return { ...data, source: `official files in ${folder}, from ${source}` };
    } catch (error) {
      this.#request.say(`data: no luck, ${this.#note(error, source)}`);
      return undefined;
    }
  }

  /** The official files that the cache lacks, one after the other: the first failure ends it. */
  async download(): Promise<void> {
    const { cacheDir, progress } = this.#request;
    const { files, mirror, connectTimeoutMs } = this.#sources;
    for (const file of files) {
      if (await isDownloaded(cacheDir, file)) continue;
      const name = `${file.name}.gz`;
      await downloadFile({
        url: new URL(name, mirror).href,
        path: join(cacheDir, name),
        md5: file.gzipMd5,
        connectTimeoutMs,
        // The largest of them has 26 MB.
        mostBytes: 1e8,
        progress: (fraction) => progress({ label: `downloading ${name}`, fraction }),
      });
    }
  }

  #note(error: unknown, source?: string): string {
    const reason = messageOf(error);
    const line =
      source === undefined || reason.startsWith(source) ? reason : `${source}: ${reason}`;
    this.#tried.push(line);
    return line;
  }

  giveUp(): never {
    throw new VitrineError(
      `fashion-mnist: one source of the data must work, got\n  ${this.#tried.join("\n  ")}`,
      {
        help: "give a folder with the four IDX files or with Kaggle's two CSVs",
        remedies: ["data"],
      },
    );
  }
}
