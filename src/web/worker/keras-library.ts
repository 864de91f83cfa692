// libhdf5 for the worker: 1 MB packed, and so loaded from beside the page only when a file of Keras's is first opened or saved.

import { messageOf, VitrineError } from "../../engine/core/errors.ts";
import type { Hdf5Library } from "../../keras/hdf5/library.ts";
import { KERAS_SCRIPT } from "../../page/web/site-data.ts";

export class KerasLibrary {
  readonly #site: URL;
  #loaded: Hdf5Library | null = null;
  #count = 0;

  constructor(site: URL) {
    this.#site = site;
  }

  /** Throws VitrineError where the file is not there. */
  async loaded(): Promise<Hdf5Library> {
    if (this.#loaded && !this.#loaded.isBroken) return this.#loaded;
    const address = new URL(KERAS_SCRIPT, this.#site);
    // By another address, because a module is run once: one that a damaged file broke stays broken.
    if (this.#count > 0) address.search = `?${this.#count}`;
    try {
      this.#loaded = (await import(address.href)) as Hdf5Library;
    } catch (cause) {
      const rule = "must lie beside the page to read and write files of Keras";
      throw new VitrineError(`${KERAS_SCRIPT}: ${rule}, got ${messageOf(cause)}`, {
        ...{ cause, help: "put all of the site's files there" },
      });
    }
    this.#count++;
    return this.#loaded;
  }
}
