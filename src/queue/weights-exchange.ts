// Where weights lie on their way between a chief and its workers: safetensors, each under a name that is given out once, so
// that a worker that was taken for dead writes over nobody's. Here a folder that both see; redis-exchange.ts has a server.

import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../engine/core/errors.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { WeightsRef } from "./trial-message.ts";

export interface WeightsExchange {
  put(name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef>;
  /** Throws FormatError where they are not what was put there. */
  get(ref: WeightsRef): Promise<readonly NamedTensor[]>;
  /** They were taken over. */
  remove(ref: WeightsRef): Promise<void>;
}

export class FolderExchange implements WeightsExchange {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Empty: what an earlier process left is gone. */
  static async open(folder: string): Promise<FolderExchange> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    return new FolderExchange(folder);
  }

  async put(name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    const place = placeFor(name);
    return { place, sha256: await writeSafetensors(this.#file(place), tensors) };
  }

  async get({ place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const file = await readSafetensors(this.#file(place));
    checkDigest(place, sha256, file.sha256);
    return [...file.tensors.values()];
  }

  async remove({ place }: WeightsRef): Promise<void> {
    await rm(this.#file(place), { force: true });
  }

  async removeAll(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #file(place: string): string {
    return join(this.#folder, `${place}.safetensors`);
  }
}

export function placeFor(name: string): string {
  return `${name}-${randomUUID()}`;
}

export function checkDigest(place: string, told: string, found: string): void {
  if (told === found) return;
  throw new FormatError(
    `worker: weights must be those that were told of, got sha256 ${found} for ${told} (${place})`,
  );
}
