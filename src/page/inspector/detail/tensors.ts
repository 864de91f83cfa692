// Inputs and outputs of a dispatch as cards: what each holds after its last writer, and who else sets and reads it.

import type { TensorView } from "../../../inspect/inspector/inspector-document.ts";
import { type Child, element } from "../../client/dom.ts";
import { dispatchLink, section } from "../parts.ts";
import type { Reader } from "../reader.ts";
import { boundBy, type Entry, tensorOf } from "../step-model.ts";
import { valuesElement } from "../tensors/values.ts";
import { ofBytes, ofShape } from "../words.ts";

/** An optimiser's arena is read by dozens. */
const MOST_LINKS = 8;

export function tensorSections(entry: Entry, reader: Reader): readonly HTMLElement[] {
  const cards = (side: "inputs" | "outputs"): readonly HTMLElement[] =>
    boundBy(entry, side).map((name) => tensorCard(entry, name, reader));
  return [
    section(
      {
        id: "outputs",
        title: "Outputs",
        note: "Each tensor as it is after its last writer of the step.",
      },
      ...cards("outputs"),
    ),
    section({ id: "inputs", title: "Inputs" }, ...cards("inputs")),
  ];
}

function tensorCard(entry: Entry, name: string, reader: Reader): HTMLElement {
  const bound = entry.facts.bindings[name];
  const tensor = tensorOf(reader.step.document, entry, name);
  const head = element(
    "header",
    {},
    element("code", {}, name),
    " ",
    element("b", {}, bound?.tensor ?? tensor?.label ?? ""),
    " ",
    element("span", { class: "muted" }, ofShape(bound?.shape ?? []), " ", bound?.dtype),
    element(
      "span",
      { class: "muted right" },
      `${bound?.access ?? ""} ${ofBytes(bound?.bytes ?? 0)}`,
    ),
  );
  if (!tensor) return element("article", { class: "tensor" }, head);
  const values = tensor.values
    ? valuesElement(tensor.values, tensor.label)
    : element(
        "p",
        { class: "note" },
        "A data set: too large to be looked at here, and never changed.",
      );
  return element("article", { class: "tensor" }, head, values, ...users(tensor, entry, reader));
}

function users(tensor: TensorView, { id }: Entry, reader: Reader): readonly Child[] {
  const line = (word: string, ids: readonly number[]): Child => {
    const others = ids.filter((other) => other !== id);
    if (others.length === 0) return null;
    return element("p", { class: "users" }, `${word} `, ...linksTo(others, reader));
  };
  return [line("set by", tensor.writers), line("read by", tensor.readers)];
}

export function linksTo(ids: readonly number[], reader: Reader): readonly Child[] {
  const entries = ids.flatMap((id) => reader.step.entry(id) ?? []);
  const shown = entries.slice(0, MOST_LINKS).map((entry) => dispatchLink(entry, reader));
  const rest = entries.slice(MOST_LINKS);
  if (rest.length === 0) return shown;
  const more = element("button", { type: "button", class: "more" }, `and ${rest.length} more`);
  more.addEventListener("click", () =>
    more.replaceWith(...rest.map((entry) => dispatchLink(entry, reader))),
  );
  return [...shown, more];
}
