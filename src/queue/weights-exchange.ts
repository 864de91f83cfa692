// Where weights lie on their way between a chief and its workers: safetensors, each under a name that is given out once, so
// that a worker that was taken for dead writes over nobody's. They lie there by job, and go with it, because of a worker that
// dies between its weights and its answer nobody else knows the names. Here a folder that both see; redis-exchange.ts has a server.

import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../engine/core/errors.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { WeightsRef } from "./trial-message.ts";

export interface WeightsExchange {
  /** What a job begins with; before it is sent. */
  put(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef>;
  /** What a job came to. Of one that is over nothing is kept: this answer comes too late for anybody to ask after it. */
  putAnswer(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef>;
  /** Throws FormatError where they are not what was put there. */
  get(job: string, ref: WeightsRef): Promise<readonly NamedTensor[]>;
  /** The job is over, and all that lies there for it goes, whether it was told of or not. */
  clear(job: string): Promise<void>;
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

  async put(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    const place = placeFor(name);
    await mkdir(join(this.#folder, job), { recursive: true });
    return { place, sha256: await writeSafetensors(this.#file(job, place), tensors) };
  }

  /** No worker of the same machine outlives its chief, which removes the folder. */
  putAnswer(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    return this.put(job, name, tensors);
  }

  async get(job: string, { place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const file = await readSafetensors(this.#file(job, place));
    checkDigest(place, sha256, file.sha256);
    return [...file.tensors.values()];
  }

  async clear(job: string): Promise<void> {
    await rm(join(this.#folder, job), { recursive: true, force: true });
  }

  async removeAll(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #file(job: string, place: string): string {
    return join(this.#folder, job, `${place}.safetensors`);
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
