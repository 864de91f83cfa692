// Edits of kernels as the page asks for them: tried on copies while a training waits between two steps, put into the running step when
// they hold, and taken away again.

import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { shaderFrom } from "../../engine/core/kernel.ts";
import { entriesOf, type Shader } from "../../engine/core/wgsl.ts";
import type { EditTrial } from "../../inspect/edit/edit-trial.ts";
import { gradeLeakyRelu, LEAKY_RELU } from "../../inspect/edit/exercises/leaky-relu.ts";
import { shaderUses } from "../../inspect/edit/shader-uses.ts";
import type { LiveStep } from "../../inspect/edit/step-checks.ts";
import { tryEdit } from "../../inspect/edit/try-edit.ts";
import type { EditChoice, ShaderView } from "../../page/web/protocol.ts";
import type { Stage } from "./open-data.ts";

/** What is trained, for whoever looks at it between two steps. */
export interface Live {
  readonly device: Device;
  readonly step: LiveStep;
}

export interface EditHost {
  /** Opened where it was not. */
  device(): Promise<Device>;
  /** Null where nothing is trained yet. */
  readonly between: (<Result>(work: (live: Live) => Promise<Result>) => Promise<Result>) | null;
  readonly stage: Stage;
}

/** So that a try takes seconds, not minutes, where the processor computes. */
const ON_A_PROCESSOR = { most: 9, rounds: 5, hostWork: 2e5 } as const;

export class KernelEdits {
  readonly #host: () => EditHost;
  /** Texts that have held, by the model in whose step; before there is one, by the device. */
  readonly #held = new WeakMap<object, Set<string>>();

  constructor(host: () => EditHost) {
    this.#host = host;
  }

  shaders(): Promise<readonly ShaderView[]> {
    return this.#between(async ({ device, step }) => {
      const { edits } = device.kernels;
      const views = shaderUses(device, step).map(({ shader: { file, text }, entries, uses }) => ({
        ...{ file, text, entries, uses, taken: edits.get(file)?.text ?? null },
        isExercise: false,
      }));
      const { file, text } = LEAKY_RELU;
      const entries = entriesOf(text);
      return [...views, { file, text, entries, uses: [], taken: null, isExercise: true }];
    });
  }

  /** Files whose edit every training here computes with, until it is taken out. */
  async taken(): Promise<readonly string[]> {
    const { kernels } = await this.#host().device();
    return [...kernels.edits.keys()];
  }

  /** Throws UsageError for a file that there is not. */
  tryEdit(choice: EditChoice): Promise<EditTrial> {
    const { stage } = this.#host();
    return this.#between(async (at) => {
      const { device, step } = at;
      const { file, text } = choice;
      if (file === LEAKY_RELU.file) return gradeLeakyRelu(device, shaderFrom(file, text));
      const shader = editOf(device, step, choice);
      const limits = device.isSoftware ? ON_A_PROCESSOR : {};
      const trial = await tryEdit(device, { shader, step, ...limits, onStage: stage });
      if (trial.verdict === "holds") this.#heldIn(at).add(keyOf(choice));
      return trial;
    });
  }

  /** Into every program that is compiled, and those that will be. Throws UsageError for a text that has not held here. */
  takeEdit(choice: EditChoice): Promise<null> {
    return this.#between(async (at) => {
      const { device, step } = at;
      if (!this.#heldIn(at).has(keyOf(choice))) {
        throw new UsageError(
          `${choice.file}: must hold before a step takes it, got an untried text`,
          {
            help: "try it first",
          },
        );
      }
      await device.kernels.edit(editOf(device, step, choice));
      return null;
    });
  }

  restore({ file }: Pick<EditChoice, "file">): Promise<null> {
    return this.#between(async ({ device }) => {
      await device.kernels.restore(file);
      return null;
    });
  }

  async #between<Result>(work: (at: At) => Promise<Result>): Promise<Result> {
    const { between, device } = this.#host();
    return between ? between(work) : work({ device: await device(), step: null });
  }

  #heldIn({ device, step }: At): Set<string> {
    const where = step?.model ?? device.handle;
    const held = this.#held.get(where) ?? new Set<string>();
    this.#held.set(where, held);
    return held;
  }
}

interface At {
  readonly device: Device;
  readonly step: LiveStep | null;
}

function keyOf({ file, text }: EditChoice): string {
  return `${file}\n${text}`;
}

function editOf(device: Device, step: LiveStep | null, { file, text }: EditChoice): Shader {
  const files = shaderUses(device, step).map(({ shader }) => shader.file);
  if (files.includes(file)) return shaderFrom(file, text);
  throw new UsageError(`edit: must be of a file that a kernel here is from, got ${file}`, {
    help: "train a model whose step has it first",
  });
}
