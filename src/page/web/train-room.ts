// Where a model is trained: what and how above, what comes of it below, by the same view as a watched run's page.

import { element, refill } from "../client/dom.ts";
import { type LiveView, liveView } from "../live/live-view.ts";
import { imagePicture } from "../live/packed-pictures.ts";
import { count } from "../live/words.ts";
import { dropZone } from "./drop.ts";
import { editedNote } from "./edited-note.ts";
import { modelFile } from "./model-file.ts";
import type { DataChoice, DatasetView, DroppedFile, TrainingChoice } from "./protocol.ts";
import type { House, Room } from "./room.ts";
import { saveFile } from "./save-file.ts";
import { trainingForm } from "./train-form.ts";

export function trainRoom(house: House): Room {
  const { link } = house;
  const data = element("div", { class: "facts-of-data" });
  const place = element("div", {});
  const form = trainingForm(house);
  const edited = editedNote(house);
  const model = modelFile(house, (opened) => {
    form.goOn(opened);
    const now = stand();
    standing = now.catch(() => undefined);
    return now;
  });
  let view: LiveView | null = null;
  /** Of a model that was opened: Train may be pressed before it does. */
  let standing: Promise<unknown> = Promise.resolve();
  const ask = async (action: string, body: unknown): Promise<string | null> => {
    const question =
      action === "rate"
        ? link.ask("rate", body as { readonly rate: unknown })
        : link.ask(action === "stop" ? "stop" : "measure", null);
    return await question.then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  };
  const button = element("button", { type: "submit", class: "go" }, "Train");
  const save = element(
    "button",
    { type: "button", hidden: true, onclick: download },
    "Save the run",
  );
  save.title =
    "config, history, metrics and weights in a .zip; unpacked, npm run evaluate reads it";
  const saves = [save, model.save];
  async function download(): Promise<void> {
    try {
      saveFile(await link.ask("save", null));
    } catch (error) {
      house.complain(error);
    }
  }
  const start = async (resume: boolean): Promise<void> => {
    house.complain(null);
    let choice: TrainingChoice;
    try {
      choice = { ...form.read(), resume };
    } catch (error) {
      house.complain(error);
      return;
    }
    button.disabled = true;
    for (const one of saves) one.hidden = true;
    refill(kept);
    view = liveView(ask);
    refill(place, view.element);
    house.hasModel = true;
    edited.refresh();
    try {
      await standing;
      house.data ??= await readData({ from: "site" });
      house.trained = await link.ask("train", choice);
      for (const one of saves) one.hidden = false;
    } catch (error) {
      house.complain(error);
    } finally {
      button.disabled = false;
      edited.refresh();
    }
  };
  /** The model of a file can be tried before it is trained on. */
  const stand = async (): Promise<void> => {
    house.data ??= await readData({ from: "site" });
    // Nothing is held out of rows that are not trained on.
    await link.ask("stand", { ...form.read(), validation: 0, resume: false });
    house.hasModel = true;
  };
  const readData = async (choice: DataChoice): Promise<DatasetView> => {
    const read = await link.ask("data", choice);
    refill(data, ...dataElements(read));
    form.fitTo(read);
    return read;
  };
  const take = (files: readonly DroppedFile[]): void => {
    if (model.take(files)) return;
    house.complain(null);
    readData({ from: "files", files }).then((read) => {
      house.data = read;
    }, house.complain);
  };
  const box = element("div", { class: "data" });
  box.append(data, dropZone(box, DROP_WORDS, take), model.opened, form.words);
  form.element.append(button, ...saves);
  form.element.addEventListener("submit", (event) => {
    event.preventDefault();
    void start(false);
  });
  const kept = keptElement(house, () => void start(true));
  return {
    ...{ name: "train", title: "Train" },
    element: element("section", {}, box, kept, edited.element, form.element, place),
    open: () => {
      edited.refresh();
      if (house.data === null && data.childElementCount === 0) {
        refill(data, element("p", { class: "note" }, "Trains on the data beside this page."));
      }
    },
    hear: (event) => view?.hear(event),
  };
}

const DROP_WORDS =
  "Other data, or a model: drop IDX files, an .npz, a folder of pictures, a .keras file or a saved run's .zip here, or";

/** Offers to go on with what an earlier page did not finish. */
function keptElement({ adapter: { kept } }: House, goOn: () => void): HTMLElement {
  if (!kept) return element("p", {});
  const when = new Date(kept.at).toLocaleString();
  const words = `A training of ${kept.model} on ${kept.title} was left after epoch ${kept.epoch} of ${kept.epochs}, ${when}. `;
  const button = element("button", { type: "button", onclick: goOn }, "Go on with it");
  return element("p", { class: "kept" }, words, button);
}

function dataElements(data: DatasetView): readonly HTMLElement[] {
  const { name, trainRows, testRows, height, width, channels, classNames, notes } = data;
  const size = `${height}×${width}${channels === 1 ? "" : `×${channels}`}`;
  const facts = [
    `${count(trainRows)} training and ${count(testRows)} test pictures of ${size}`,
    `${classNames.length} classes`,
    ...notes,
  ];
  const samples = data.samples.slice(0, 12).map(({ label, image }) => {
    const words = classNames[label] ?? String(label);
    return element("figure", {}, imagePicture(image, words), element("figcaption", {}, words));
  });
  return [
    element("p", { class: "note" }, element("b", {}, name), ` ${facts.join(" · ")}`),
    element("div", { class: "samples" }, ...samples),
  ];
}
