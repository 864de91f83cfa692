// A setting of a model as data: what it may be, its default, and what it is called on a command line. Flags, their help,
// and the check of a saved configuration all follow from it.

/** Inclusive `min` and `max`, exclusive `above` and `below`. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

interface Described<Value> {
  /** Half a sentence, without the default. */
  readonly help: string;
  readonly default: Value;
  /** Without dashes; a setting that has none cannot be given on the command line. */
  readonly flag?: string;
}

export interface ChoiceSetting<Value> extends Described<Value> {
  readonly type: "choice";
  readonly choices: readonly Value[];
}

export interface NumberSetting<Value> extends Described<Value>, Bounds {
  readonly type: "integer" | "number";
}

/** Two whole numbers from 1. */
export interface PairSetting<Value> extends Described<Value> {
  readonly type: "pair";
}

/** Anything that has a spelling of its own; the help says the default, where there is one. */
export interface TextSetting<Value> extends Described<Value> {
  readonly type: "text";
  /** What --help calls the value: `file`. */
  readonly placeholder: string;
  /** `must be a sha256 or null` */
  readonly rule: string;
  holds(value: unknown): boolean;
  /** Throws UsageError, naming the flag as the argument. */
  parse(text: string): Value;
}

export type Setting<Value = unknown> =
  | ChoiceSetting<Value>
  | NumberSetting<Value>
  | PairSetting<Value>
  | TextSetting<Value>;

/** One for each field of a configuration. */
export type Settings<Config> = {
  readonly [Key in keyof Config]-?: Setting<NonNullable<Config[Key]> | NullOf<Config[Key]>>;
};

type NullOf<Value> = null extends Value ? null : never;

/** The configuration that nothing is said about. */
export function defaultsOf<Config extends object>(settings: Settings<Config>): Required<Config> {
  const entries = Object.entries<Setting>(settings).map(([key, setting]) => [key, setting.default]);
  return Object.fromEntries(entries) as Required<Config>;
}

/** What a value of a saved configuration must be, and whether it is. */
export function ruleOf(
  setting: Setting,
): readonly [rule: string, holds: (value: unknown) => boolean] {
  switch (setting.type) {
    case "choice":
      return [
        `must be one of ${setting.choices.join(", ")}`,
        (value) => setting.choices.includes(value),
      ];
    case "pair":
      return ["must be two counts", isPair];
    case "text":
      return [setting.rule, setting.holds];
    default:
      return [numberRule(setting), (value) => isNumber(setting, value)];
  }
}

function isPair(value: unknown): boolean {
  const count = { type: "integer", min: 1 } as const;
  return Array.isArray(value) && value.length === 2 && value.every((one) => isNumber(count, one));
}

type Kind = Pick<NumberSetting<unknown>, "type" | keyof Bounds>;

function isNumber({ type, ...bounds }: Kind, value: unknown): boolean {
  if (typeof value !== "number") return false;
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = bounds;
  const isKind = type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isKind && value >= min && value <= max && value > above && value < below;
}

function numberRule({ type, min, max, above, below }: Kind): string {
  if (type === "integer" && max === undefined && min === 1) return "must be a count";
  if (type === "integer" && max === undefined && min === 0) return "must be a count or 0";
  if (type === "number" && min === 0 && below === 1) return "must be a share below 1";
  const bounds = [
    min === undefined ? "" : `at least ${min}`,
    above === undefined ? "" : `above ${above}`,
    max === undefined ? "" : `at most ${max}`,
    below === undefined ? "" : `below ${below}`,
  ];
  const kind = type === "integer" ? "a whole number" : "a number";
  return `must be ${[kind, ...bounds.filter((text) => text !== "")].join(", ")}`;
}

/** Of the kernels of convolutions and dense layers, in models that regularise them. */
export const L2_SETTING: NumberSetting<number> = {
  type: "number",
  flag: "l2",
  default: 0,
  min: 0,
  help: "adds so many times the squares of the kernels to the loss: of all layers, or of the head alone (imagenet networks)",
};

/** Of the file that a model's first weights are from; null where they are random. */
export const PRETRAINED_SETTING = {
  ...{ type: "text", placeholder: "sha256", default: null, rule: "must be a sha256 or null" },
  help: "of the file that the first weights are from",
  holds: (value: unknown) =>
    value === null || (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)),
  parse: (text: string) => text,
} as const satisfies TextSetting<string | null>;

/** Of the classifier; the data says how many there are. */
export const CLASSES_SETTING: NumberSetting<number> = {
  ...{ type: "integer", default: 10, min: 1, help: "that are told apart" },
};
