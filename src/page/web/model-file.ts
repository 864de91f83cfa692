// A model in a file of Keras's, or of a saved run: one that was dropped becomes the model that is tried, looked into and trained on; and a trained
// one is saved as a file of Keras's.

import { element, refill } from "../client/dom.ts";
import { count } from "../live/words.ts";
import type { DroppedFile, OpenedModelView } from "./protocol.ts";
import type { House } from "./room.ts";
import { saveFile } from "./save-file.ts";

export interface ModelFile {
  /** What is said of the model that was opened. */
  readonly opened: HTMLElement;
  /** Saves the trained one. */
  readonly save: HTMLElement;
  /** Whether these are a file of a model, which is opened then. */
  take(files: readonly DroppedFile[]): boolean;
}

/** `open`: a file is the model now; resolves when it stands, to be asked. */
export function modelFile(house: House, open: (view: OpenedModelView) => Promise<void>): ModelFile {
  const { link } = house;
  const opened = element("p", { class: "note model", role: "status" });
  const read = async (file: DroppedFile): Promise<void> => {
    const view = await link.ask("openModel", file);
    const show = (more: string) =>
      refill(opened, element("b", {}, view.file), `, ${wordsOf(view)}${more}`);
    show("");
    await open(view);
    show(" · it can be tried and looked into");
  };
  const save = element("button", { type: "button", hidden: true }, "Save .keras");
  save.title = "the network, its weights and its optimiser, for keras.models.load_model";
  save.addEventListener("click", () => {
    house.complain(null);
    link.ask("kerasFile", null).then(saveFile, house.complain);
  });
  return {
    ...{ opened, save },
    take: (files) => {
      const [file, ...more] = files;
      if (!file || more.length > 0 || !/\.(keras|h5|hdf5|zip)$/i.test(file.path)) return false;
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
