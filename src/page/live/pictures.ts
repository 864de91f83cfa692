// What the model makes of fixed rows, epoch by epoch: confusion, surest mistakes, filters and maps. A slider goes back to earlier epochs.

import { element, refill } from "../client/dom.ts";
import { valuePicture } from "../client/value-picture.ts";
import type { Answers, Given, LayerMaps, Mistake, PicturesEvent } from "./live-events.ts";
import type { LiveState } from "./live-state.ts";
import { imagePicture, planePictures } from "./packed-pictures.ts";
import { card, type Panel } from "./panel.ts";
import { count, percent } from "./words.ts";

export function picturesPanel(): Panel {
  const slider = element("input", { type: "range", min: 0, step: 1, id: "epoch-slider" });
  const said = element("output", { for: "epoch-slider" });
  const scrub = element(
    "div",
    { class: "scrub" },
    element("label", { for: "epoch-slider" }, "after epoch"),
    ...[slider, said],
  );
  const confusion = element("div", { class: "scrolls" });
  const mistakes = element("div", { class: "mistakes" });
  const given = element("div", { class: "given" });
  const insides = element("div", { class: "insides" });
  const panel = element("div", { class: "pictures", hidden: true }, scrub);
  const note = element("p", { class: "note" });
  const ofClasses = [
    card("Confusion", { className: "wide", note }, confusion),
    card("Surest mistakes", { className: "wide" }, mistakes),
  ];
  const ofPictures = card("Pictures, and what is given for them", { className: "full" }, given);
  const within = card("Filters and maps", { className: "full" }, insides);
  panel.append(...ofClasses, ofPictures, within);
  let known: LiveState | null = null;
  let drawn: PicturesEvent | null = null;
  /** Whether it stays at the newest epoch. */
  let follows = true;
  const show = (): void => {
    const all = known?.pictures ?? [];
    slider.max = String(all.length - 1);
    if (follows) slider.value = slider.max;
    const pictures = all[Number(slider.value)];
    if (!known?.run || !pictures || pictures === drawn) return;
    drawn = pictures;
    const { classNames } = known.run;
    said.textContent = String(pictures.epoch);
    note.textContent = `${count(pictures.rows)} ${pictures.of} rows`;
    const { answers } = pictures;
    const isOfClasses = answers.kind === "classes";
    for (const one of ofClasses) one.hidden = !isOfClasses;
    ofPictures.hidden = isOfClasses;
    if (isOfClasses) {
      refill(confusion, confusionTable(answers, classNames));
      refill(mistakes, ...mistakesOf(answers, classNames));
    } else refill(given, ...answers.given.map((one) => givenFigure(one, classNames)));
    refill(insides, ...insidesOf(pictures));
    within.hidden = !pictures.filters && pictures.maps.length === 0;
  };
  slider.addEventListener("input", () => {
    follows = slider.value === slider.max;
    show();
  });
  return {
    element: panel,
    hears: ["pictures"],
    draw(state) {
      known = state;
      panel.hidden = state.pictures.length === 0;
      scrub.hidden = state.pictures.length < 2;
      show();
    },
  };
}

type ClassAnswers = Extract<Answers, { kind: "classes" }>;

function givenFigure(
  { row, label, image, picture }: Given,
  classNames: readonly string[],
): HTMLElement {
  const name = classNames[label] ?? String(label);
  return element(
    "figure",
    { title: `row ${row}: ${name}, and what is given for it` },
    imagePicture(image, name),
    valuePicture(picture, `${name}, as it is given back`),
    element("figcaption", {}, name),
  );
}

/** Per cent: deeper, and the figures in the cells are hard to read, in light or in dark. */
const DEEPEST = 55;

/** Per cent of the colour in a cell of such a share of its row. */
export function depthOf(share: number): number {
  return Math.round(DEEPEST * Math.sqrt(share));
}

/** Rows are labels; the deeper the colour, the larger the share of the label's rows. */
function confusionTable(
  { confusion }: ClassAnswers,
  classNames: readonly string[],
): HTMLTableElement {
  const head = element(
    "tr",
    {},
    element("th", { scope: "col", class: "corner" }, "label"),
    ...classNames.map((name) => element("th", { scope: "col" }, element("span", {}, name))),
    element("th", { scope: "col", class: "recall" }, element("span", {}, "recall")),
  );
  const rows = confusion.map((counts, label) => {
    const total = counts.reduce((sum, value) => sum + value, 0);
    const share = (value: number) => (total > 0 ? value / total : 0);
    const cells = counts.map((value, predicted) => {
      const isRight = label === predicted;
      const colour = isRight ? "var(--blue)" : "var(--vermillion)";
      const style = `background: color-mix(in srgb, ${colour} ${depthOf(share(value))}%, transparent)`;
      const title = `${classNames[label]} taken for ${classNames[predicted]}: ${value} of ${total}`;
      return element("td", { style, title }, value > 0 ? value : "");
    });
    const recall = total > 0 ? percent(share(counts[label] ?? 0), 0) : "-";
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, classNames[label] ?? label),
      ...cells,
      element("td", { class: "recall" }, recall),
    );
  });
  return element(
    "table",
    { class: "confusion" },
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

function mistakesOf({ mistakes }: ClassAnswers, classNames: readonly string[]): readonly Node[] {
  if (mistakes.length === 0) return [element("p", { class: "empty" }, "none")];
  return mistakes.map((mistake) => mistakeFigure(mistake, classNames));
}

function mistakeFigure(mistake: Mistake, classNames: readonly string[]): HTMLElement {
  const [label = "?", predicted = "?"] = [classNames[mistake.label], classNames[mistake.predicted]];
  const title = `row ${mistake.row}: ${label} ${percent(mistake.shareOfLabel)}, taken for ${predicted} ${percent(mistake.share)}`;
  return element(
    "figure",
    { title },
    imagePicture(mistake.image, `${label} taken for ${predicted}`),
    element(
      "figcaption",
      {},
      element("b", {}, predicted),
      element("span", {}, percent(mistake.share, 0)),
      element("span", { class: "label" }, `is ${label}`),
    ),
  );
}

function insidesOf({ filters, maps }: PicturesEvent): readonly Node[] {
  const [first] = maps;
  return [
    ...(filters
      ? [strip("filters of the first convolution", planePictures(filters), "filters")]
      : []),
    ...(first ? [strip("a fixed image", [imagePicture(first.image, "the image")], "source")] : []),
    ...maps.map((layer) => mapsStrip(layer)),
  ];
}

function mapsStrip({ layer, maps }: LayerMaps): HTMLElement {
  const size = `${maps.height} × ${maps.width}`;
  return strip(`${layer}, ${size}`, planePictures(maps), "maps");
}

function strip(text: string, pictures: readonly HTMLElement[], kind: string): HTMLElement {
  return element(
    "div",
    { class: `strip ${kind}` },
    element("h3", {}, text),
    element("div", {}, ...pictures),
  );
}
