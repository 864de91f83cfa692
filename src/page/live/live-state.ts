// What is known of a run after the events so far: the one place that reads them. It draws nothing.

import type { Logs } from "../../train/callbacks/callback.ts";
import type {
  CompileEvent,
  EndEvent,
  LayerTimesEvent,
  PartEndEvent,
  PartEvent,
  PartProgressEvent,
  PicturesEvent,
  ProgressEvent,
  RateEvent,
  RunEvent,
  StatisticsEvent,
  Told,
} from "./live-events.ts";

export type Point = readonly [x: number, y: number];

/** One training. Positions are epochs: 1.5 is half way through the second, 2 its end. */
export interface Curve {
  readonly name: string;
  readonly epochs: { readonly epoch: number; readonly logs: Logs }[];
  /** Of the steps between one report and the next, which the mean over the epoch hides. */
  readonly recentLoss: Point[];
  readonly recentAccuracy: Point[];
}

export interface Part {
  readonly begun: PartEvent;
  /** Of one that another process trains. */
  readonly progress: PartProgressEvent | null;
  readonly ended: PartEndEvent | null;
}

export type Phase = "waiting" | "preparing" | "training" | "scoring" | "stopping" | "ended";

export class LiveState {
  run: RunEvent | null = null;
  phase: Phase = "waiting";
  compile: CompileEvent | null = null;
  readonly curves = new Map<string, Curve>();
  /** The training under way, or the last one. */
  current: { curve: string; epoch: number; steps: number; step: number } | null = null;
  progress: ProgressEvent | null = null;
  /** Images per second, over seconds since the start. */
  readonly speeds: Point[] = [];
  readonly rates: RateEvent[] = [];
  readonly pictures: PicturesEvent[] = [];
  readonly statistics: StatisticsEvent[] = [];
  layerTimes: LayerTimesEvent | null = null;
  readonly parts = new Map<string, Part>();
  end: EndEvent | null = null;
  /** Milliseconds since the first event. */
  at = 0;
  #before: ProgressEvent | null = null;

  tell(event: Told): void {
    this.at = event.at;
    switch (event.type) {
      case "run":
        this.run = event;
        this.phase = "preparing";
        return;
      case "compile":
        this.compile = event;
        return;
      case "epochBegin":
        if (this.phase !== "stopping") this.phase = "training";
        this.compile = null;
        this.current = { ...event, step: 0 };
        this.#before = null;
        return;
      case "progress":
        this.#onProgress(event);
        return;
      case "epoch":
        this.curve(event.curve).epochs.push(event);
        if (this.current) this.current = { ...this.current, step: this.current.steps };
        return;
      case "rate":
        this.rates.push(event);
        return;
      case "pictures":
        this.pictures.push(event);
        return;
      case "statistics":
        this.statistics.push(event);
        return;
      case "layerTimes":
        this.layerTimes = event;
        return;
      case "part":
        this.parts.set(event.part, { begun: event, progress: null, ended: null });
        return;
      case "partProgress": {
        const known = this.parts.get(event.part);
        if (known) this.parts.set(event.part, { ...known, progress: event });
        break;
      }
      case "partEnd":
        this.#onPartEnd(event);
        return;
      case "stopping":
        this.phase = "stopping";
        return;
      case "end":
        this.end = event;
        this.phase = "ended";
    }
  }

  /** Made when it is first asked for. */
  curve(name: string): Curve {
    const known = this.curves.get(name);
    if (known) return known;
    const made = { name, epochs: [], recentLoss: [], recentAccuracy: [] };
    this.curves.set(name, made);
    return made;
  }

  /** The part whose training this is; folds of a trial belong to the trial. */
  partOf(curve: string): string {
    return curve.split(", ")[0] ?? curve;
  }

  get learningRate(): number | null {
    return this.rates.at(-1)?.learningRate ?? null;
  }

  #onProgress(event: ProgressEvent): void {
    this.progress = event;
    if (!this.current) return;
    this.current = { ...this.current, step: event.step };
    const [before, own] = [this.#before, this.curve(event.curve)];
    const rows = event.rows - (before?.rows ?? 0);
    // Means over the first rows, times their number, are sums; their differences are what lies between.
    const recent = (of: "loss" | "accuracy") =>
      ((event[of] ?? 0) * event.rows - (before?.[of] ?? 0) * (before?.rows ?? 0)) / rows;
    if (rows > 0) {
      const x = event.epoch - 1 + event.step / this.current.steps;
      own.recentLoss.push([x, recent("loss")]);
      if (event.accuracy !== null) own.recentAccuracy.push([x, recent("accuracy")]);
    }
    this.#before = event;
    if (event.imagesPerSecond !== null) this.speeds.push([this.at / 1000, event.imagesPerSecond]);
  }

  #onPartEnd(event: PartEndEvent): void {
    const begun = this.parts.get(event.part)?.begun;
    const unknown = { type: "part", part: event.part, values: {}, places: {} } as const;
    this.parts.set(event.part, { begun: begun ?? unknown, progress: null, ended: event });
    for (const [name, history] of Object.entries(event.history ?? {})) {
      const curve = this.curve(name);
      curve.epochs.length = 0;
      for (const [index, logs] of history.entries()) {
        curve.epochs.push({ epoch: logs["epoch"] ?? index + 1, logs });
      }
    }
  }
}
