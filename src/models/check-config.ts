// A model's configuration as a file has it, distrusted: every field checked before a model is built of it.

import { FormatError, VitrineError } from "../engine/core/errors.ts";
import { classesOf } from "../engine/layers/model.ts";
import type { Lenet5Config } from "./lenet5.ts";
import { createModel, MODEL_NAMES, type ModelConfig } from "./models.ts";
import type { TransferConfig } from "./transfer.ts";

type Rule = readonly [rule: string, holds: (value: unknown) => boolean];
type Rules<Config> = { readonly [K in keyof Required<Config>]: Rule };

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;
const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < 1;
const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isCount);
const oneOf = (...choices: readonly unknown[]): Rule => [
  `must be one of ${choices.join(", ")}`,
  (value) => choices.includes(value),
];

const CLASSES: Rule = ["must be a count", isCount];
const DROPOUT: Rule = ["must be a share below 1", isShare];

const LENET5_RULES: Rules<Lenet5Config> = {
  activation: oneOf("relu", "tanh"),
  pooling: oneOf("max", "average"),
  filters: ["must be two counts", isPair],
  kernelSize: ["must be a count", isCount],
  units: ["must be two counts", isPair],
  dropout: DROPOUT,
  classes: CLASSES,
};

const TRANSFER_RULES: Rules<TransferConfig> = {
  inputSize: ["must be a count", isCount],
  preprocessing: oneOf("imagenet", "unit"),
  pooling: oneOf("flatten", "average"),
  units: ["must be a count or 0", (value) => value === 0 || isCount(value)],
  dropout: DROPOUT,
  freeze: [
    "must be base, none or a number of blocks",
    (value) => value === "base" || value === "none" || isCount(value),
  ],
  pretrained: [
    "must be a sha256 or null",
    (value) => value === null || (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)),
  ],
  classes: CLASSES,
};

/** Throws FormatError, naming the file and the field, unless a model can be built of `value`. */
export function checkModelConfig(value: unknown, file: string): ModelConfig {
  const where = `${file}: model`;
  if (typeof value !== "object" || value === null) {
    throw new FormatError(`${where}: must be an object, got ${JSON.stringify(value)}`);
  }
  const { name, ...fields } = value as Record<string, unknown>;
  requireRule(`${where}.name`, oneOf(...MODEL_NAMES), name);
  const rules = new Map<string, Rule>(
    Object.entries(name === "lenet5" ? LENET5_RULES : TRANSFER_RULES),
  );
  for (const [field, held] of Object.entries(fields)) {
    const rule = rules.get(field) ?? ["is not a setting of this model", () => false];
    requireRule(`${where}.${field}`, rule, held);
  }
  const config = value as ModelConfig;
  try {
    classesOf(createModel(config));
  } catch (cause) {
    if (!(cause instanceof VitrineError)) throw cause;
    throw new FormatError(`${where}: cannot be built, got ${cause.message}`, { cause });
  }
  return config;
}

function requireRule(where: string, [rule, holds]: Rule, value: unknown): void {
  if (!holds(value)) throw new FormatError(`${where}: ${rule}, got ${JSON.stringify(value)}`);
}
