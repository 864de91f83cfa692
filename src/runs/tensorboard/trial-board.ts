// Trials of a study for TensorBoard's HParams page: what is searched in LOGDIR itself, and each trial's values, score and curves in a
// folder of its own.
// Source: tensorboard/plugins/hparams/summary_v2.py.

import { join } from "node:path";
import type { Logs } from "../../train/callbacks/callback.ts";
import type { Parameter } from "../../tune/parameter.ts";
import type { Space } from "../../tune/space.ts";
import type { Objective, Trial } from "../../tune/trial.ts";
import { EventFile } from "./event-file.ts";
import {
  experimentSummary,
  type HparamInfo,
  type SummaryValue,
  sessionEndSummary,
  sessionStartSummary,
} from "./summary.ts";

export class TrialBoard {
  readonly #logDir: string;
  readonly #objective: Objective;
  #written: Promise<void>;

  constructor(logDir: string, { space, objective }: { space: Space; objective: Objective }) {
    this.#logDir = logDir;
    this.#objective = objective;
    const experiment = new EventFile(logDir);
    const metrics = [{ tag: objective.name, group: "", name: objective.name }];
    experiment.add(0, [experimentSummary(space.map(infoOf), metrics)]);
    this.#written = experiment.flush();
    this.#written.catch(() => undefined);
  }

  /** Writes a finished trial, when those before are written; `name` is its folder's. */
  add(trial: Trial, name: string, now = Date.now()): void {
    this.#written = this.#written.then(() => this.#write(trial, { name, now }));
    // Told by `close`; until then it must not end the process as unhandled.
    this.#written.catch(() => undefined);
  }

  /** When everything is written. Throws what went wrong meanwhile. */
  close(): Promise<void> {
    return this.#written;
  }

  async #write(
    trial: Trial,
    { name, now }: { readonly name: string; readonly now: number },
  ): Promise<void> {
    const file = new EventFile(join(this.#logDir, name), now);
    const begun = now - 1000 * trial.seconds;
    file.add(0, [sessionStartSummary(name, trial.values, begun)], begun);
    for (const logs of trial.history) file.add((logs["epoch"] ?? 1) - 1, curveValues(logs), now);
    const { score, status, bestEpoch } = trial;
    if (score !== null) {
      const tag = this.#objective.name;
      file.add((bestEpoch ?? 1) - 1, [{ kind: "scalar", tag, value: score }], now);
    }
    file.add(0, [sessionEndSummary(status === "completed" ? "succeeded" : "failed", now)], now);
    await file.flush();
  }
}

/** Of folds there are several in one history; their curves are told apart. */
function curveValues({ epoch: _, fold, ...logs }: Logs): readonly SummaryValue[] {
  const prefix = fold === undefined ? "epoch_" : `fold_${fold}/epoch_`;
  return Object.entries(logs).map(([name, value]) => {
    const tag = `${prefix}${name === "lr" ? "learning_rate" : name}`;
    return { kind: "scalar", tag, value };
  });
}

function infoOf(parameter: Parameter): HparamInfo {
  const type = typeof parameter.default;
  return {
    name: parameter.name,
    type: type === "object" ? "string" : (type as HparamInfo["type"]),
  };
}
