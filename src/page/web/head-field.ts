// The last layer of a model that a file holds: kept, or a new one for the classes of the data; and in words why one is needed.

import { element, refill } from "../client/dom.ts";
import { field } from "./form.ts";
import { HEADS, type HeadChoice } from "./head-choice.ts";
import type { OpenedModelView } from "./protocol.ts";

export interface HeadField {
  /** The choice; hidden where there is none. */
  readonly element: HTMLElement;
  readonly words: HTMLElement;
  get value(): HeadChoice;
  /** Of this model, null for one of no file, on data of so many classes; null where there is no data yet. */
  fit(model: OpenedModelView | null, classes: number | null): void;
}

const HELP =
  "a new one has an output for each class of the data and begins with random weights; the rest begins with the file's";

export function headField(): HeadField {
  const choice = field({ label: "last layer", value: HEADS[0], choices: HEADS, help: HELP });
  const words = element("p", { class: "note head", role: "status" });
  let fitted = "";
  const value = (): HeadChoice => HEADS.find((head) => head === choice.value) ?? HEADS[0];
  choice.element.hidden = true;
  return {
    ...{ element: choice.element, words },
    get value() {
      return choice.element.hidden ? HEADS[0] : value();
    },
    fit(model, classes) {
      choice.element.hidden = !model?.takesHead;
      const why = model && classes !== null ? whyHead(model, classes) : null;
      refill(words, why);
      // What a person chose stays, while model and data do.
      const now = `${model?.file}\n${classes}\n${why}`;
      if (now !== fitted) choice.value = why === null ? HEADS[0] : "new";
      fitted = now;
    },
  };
}

/** Null where the model is one for such data as it is. */
function whyHead(
  { file, classes: known, predicts, needsHead, takesHead }: OpenedModelView,
  classes: number,
): string | null {
  if (!takesHead || known === classes || predicts === "picture") return null;
  const why = needsHead ?? `${file} tells ${known} classes apart, and this data has ${classes}`;
  return `${why}. So it gets a new last layer, for ${classes} classes, which begins with random weights: until it is trained, its answers are chance.`;
}
