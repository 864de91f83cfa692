// What is trained and how, as a form: a model with its settings, and what its training goes by.

import { element } from "../client/dom.ts";
import { type Field, field, numberOf } from "./form.ts";
import { headField } from "./head-field.ts";
import type { DatasetView, OpenedModelView, TrainingChoice } from "./protocol.ts";
import type { House } from "./room.ts";

export interface TrainingForm {
  readonly element: HTMLFormElement;
  /** Throws Error, naming the field, for what is no number. */
  read(): Omit<TrainingChoice, "resume">;
  /** Chooses the model of a file, and trains it as it was trained. */
  goOn(model: OpenedModelView): void;
  /** Data is there: a model of a file may need another last layer for it. */
  fitTo(data: DatasetView | null): void;
  /** What is said of that. */
  readonly words: HTMLElement;
}

export function trainingForm({ adapter }: House): TrainingForm {
  const [first] = adapter.models;
  if (!first) throw new Error("page: the worker knows no model");
  const settings = new Map<string, Field>(
    first.settings.map(({ key, label, help, choices, value }) => [
      key,
      field({ label, help, choices, value }),
    ]),
  );
  // On a processor, all rows would take an hour.
  const isSlow = adapter.isSoftware;
  const fields = {
    model: field({
      ...{ label: "model", value: first.name, choices: adapter.models.map(({ name }) => name) },
    }),
    limit: field({
      ...{ label: "training pictures", value: isSlow ? "5000" : "all", inputmode: "numeric" },
      help: "all, or the first so many",
    }),
    epochs: field({ label: "epochs, at most", value: isSlow ? "3" : "10", inputmode: "numeric" }),
    batch: field({ label: "batch size", value: "50", inputmode: "numeric" }),
    rate: field({ label: "learning rate", value: "0.001", inputmode: "decimal" }),
    optimizer: field({ label: "optimiser", value: "adam", choices: adapter.optimizers }),
    validation: field({
      ...{ label: "held out", value: "0.05", inputmode: "decimal" },
      help: "share of the training pictures that is scored after every epoch, and not trained on",
    }),
    patience: field({
      ...{ label: "patience", value: "5", inputmode: "numeric" },
      help: "epochs without a better val_loss before training stops; 0 never stops early",
    }),
    seed: field({
      ...{ label: "seed", value: "42", inputmode: "numeric" },
      help: "of weights, shuffling, dropout and of what is held out",
    }),
  };
  let opened: OpenedModelView | null = null;
  let data: DatasetView | null = null;
  const head = headField();
  const show = (): void => {
    const { value } = fields.model;
    const own = adapter.models.find(({ name }) => name === value)?.settings ?? [];
    for (const [key, one] of settings) one.element.hidden = own.every((each) => each.key !== key);
    head.fit(opened?.file === value ? opened : null, data?.classNames.length ?? null);
  };
  fields.model.element.addEventListener("change", show);
  const all = [fields.model, head, ...Object.values(fields).slice(1), ...settings.values()];
  return {
    element: element("form", { class: "fields" }, ...all.map((one) => one.element)),
    words: head.words,
    read: () => ({
      model: fields.model.value,
      head: head.value,
      settings: Object.fromEntries([...settings].map(([key, { value }]) => [key, value])),
      optimizer: fields.optimizer.value,
      learningRate: numberOf("learning rate", fields.rate),
      batchSize: numberOf("batch size", fields.batch),
      epochs: numberOf("epochs", fields.epochs),
      seed: numberOf("seed", fields.seed),
      validation: numberOf("held out", fields.validation),
      patience: numberOf("patience", fields.patience),
      limit:
        fields.limit.value.trim() === "all" ? null : numberOf("training pictures", fields.limit),
    }),
    goOn(model) {
      const { file, optimizer, learningRate } = model;
      opened = model;
      fields.model.offer(file);
      if (optimizer !== null) fields.optimizer.value = optimizer;
      if (learningRate !== null) fields.rate.value = String(learningRate);
      show();
    },
    fitTo(read) {
      data = read;
      show();
    },
  };
}
