// Dropped files as the folders that they were in.

import type { FolderTree } from "../../data/sources/class-folders.ts";
import type { DroppedFile } from "../../page/web/protocol.ts";

export class DroppedFolder implements FolderTree {
  /** Where all of it is. */
  readonly root: string;
  readonly #files = new Map<string, File>();

  constructor(dropped: readonly DroppedFile[]) {
    for (const { path, file } of dropped) this.#files.set(`/${path}`, file);
    // One folder that was dropped is the place itself.
    const tops = new Set([...this.#files.keys()].map((path) => path.split("/")[1] ?? ""));
    const [top = ""] = tops;
    const isFolder = tops.size === 1 && !this.#files.has(`/${top}`);
    this.root = isFolder ? `/${top}` : "";
  }

  /** Throws Error for a path that is none of them. */
  file(path: string): File {
    const file = this.#files.get(path);
    if (file) return file;
    throw new Error(`dropped: ${path} is not there`);
  }

  async folders(path: string): Promise<readonly string[]> {
    return [
      ...new Set(this.#below(path).flatMap((rest) => (rest.length > 1 ? [rest[0] ?? ""] : []))),
    ];
  }

  async files(path: string): Promise<readonly string[]> {
    return this.#below(path).flatMap((rest) => (rest.length === 1 ? [rest[0] ?? ""] : []));
  }

  #below(path: string): readonly (readonly string[])[] {
    const start = `${path}/`;
    return [...this.#files.keys()]
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length).split("/"));
  }
}
