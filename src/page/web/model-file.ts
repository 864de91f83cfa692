// A model in a file of Keras's: one that was dropped becomes the model that is trained, and a trained one is saved as one.

import { element, refill } from "../client/dom.ts";
import { count } from "../live/words.ts";
import type { DroppedFile, OpenedModelView, SavedFile } from "./protocol.ts";
import type { House } from "./room.ts";

/** What opens a file answers within a second; a damaged one can keep libhdf5 busy for ever. */
const PATIENCE_MS = 20_000;

export interface ModelFile {
  /** What is said of the model that was opened. */
  readonly opened: HTMLElement;
  /** Saves the trained one. */
  readonly save: HTMLElement;
  /** Whether these are a file of Keras's, which is opened then. */
  take(files: readonly DroppedFile[]): boolean;
}

/** `open`: a file is the model now. */
export function modelFile(house: House, open: (view: OpenedModelView) => void): ModelFile {
  const { link } = house;
  const opened = element("p", { class: "note model", role: "status" });
  const read = async (file: DroppedFile): Promise<void> => {
    const late = setTimeout(() => {
      const rule = `must be read within ${PATIENCE_MS / 1000} s, got no end yet`;
      house.complain(`${file.path}: ${rule}; where it stays so, reload the page`);
    }, PATIENCE_MS);
    try {
      const view = await link.ask("openModel", file);
      refill(opened, element("b", {}, view.file), `, ${wordsOf(view)}`);
      open(view);
    } finally {
      clearTimeout(late);
    }
  };
  const save = element("button", { type: "button", class: "save-keras" }, "Save .keras");
  save.addEventListener("click", () => {
    house.complain(null);
    link.ask("kerasFile", null).then(download, house.complain);
  });
  return {
    ...{ opened, save },
    take: (files) => {
      const [file, ...more] = files;
      if (!file || more.length > 0 || !/\.(keras|h5|hdf5)$/i.test(file.path)) return false;
      house.complain(null);
      read(file).catch(house.complain);
      return true;
    },
  };
}

function wordsOf({ parameters, notes }: OpenedModelView): string {
  const said = notes.map((note) => ` · ${note}`).join("");
  return `${count(parameters)} parameters; Train goes on with it${said}`;
}

function download({ name, bytes }: SavedFile): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  element("a", { href: address, download: name }).click();
  // The browser has begun by then, or never will.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
