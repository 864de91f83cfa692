// Fields of a form: a label above, the field below it, what it is about as its title.

import { element } from "../client/dom.ts";

export interface FieldOptions {
  readonly label: string;
  readonly help?: string;
  readonly value: string;
  /** Offers these, and nothing else. */
  readonly choices?: readonly string[] | null;
  readonly inputmode?: "numeric" | "decimal";
}

export interface Field {
  readonly element: HTMLElement;
  get value(): string;
  set value(value: string);
  /** One more choice, which is chosen; one that is there already is only chosen. */
  offer(choice: string): void;
}

export function field({ label, help, value, choices, inputmode }: FieldOptions): Field {
  const control = choices
    ? element("select", {}, ...choices.map((choice) => element("option", {}, choice)))
    : element("input", { type: "text", inputmode, autocomplete: "off" });
  control.value = value;
  if (help) control.title = help;
  const box = element("label", { class: "field" }, element("span", {}, label), control);
  return {
    element: box,
    get value() {
      return control.value;
    },
    set value(next) {
      control.value = next;
    },
    offer(choice) {
      control.value = choice;
      if (control.value !== choice) control.append(element("option", {}, choice));
      control.value = choice;
    },
  };
}

/** Throws Error, naming the field, for what is no number. */
export function numberOf(name: string, { value }: Field): number {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw new Error(`${name}: must be a number, got ${value.trim() === "" ? "nothing" : value}`);
}
