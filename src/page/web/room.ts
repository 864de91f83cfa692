// What every room of the page is, and what the rooms share: the link to the worker, and what is known by now.

import type { Told } from "../live/live-events.ts";
import type { Link } from "./link.ts";
import type { AdapterView, DatasetView, TrainedView } from "./protocol.ts";

export type RoomName = "train" | "inside" | "try" | "kernels" | "measure";

export interface Room {
  readonly name: RoomName;
  /** In the bar. */
  readonly title: string;
  readonly element: HTMLElement;
  /** It is the one that is seen from now on. */
  open?(): void;
  hear?(event: Told): void;
}

export interface House {
  readonly link: Link;
  readonly adapter: AdapterView;
  /** Null until it is read. */
  data: DatasetView | null;
  /** Of the last training that ended; null before there is one. */
  trained: TrainedView | null;
  /** Whether a model is there to be asked: its training has begun. */
  hasModel: boolean;
  /** Shows why something was not done; null takes it away. */
  complain(error: unknown): void;
  goTo(name: RoomName): void;
}
