// A log that TensorBoard reads: records of TensorFlow's TFRecord form, each an Event message.
//   record: u64 length · masked CRC-32C of that · data · masked CRC-32C of the data, little-endian
//   masked = rotate right by 15, plus 0xa282ead8
// Sources: tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto. A record is appended whole; readers wait for the
// rest of one that a crash has cut.

import { appendFile, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { PbfWriter } from "pbf";
import { type SummaryValue, writeSummaryValue } from "./summary.ts";

export class EventFile {
  readonly path: string;
  #pending: Uint8Array[] = [];
  #isMade = false;
  readonly #folder: string;

  /** `now`: milliseconds since 1970. The file is made when something is first flushed. */
  constructor(folder: string, now = Date.now()) {
    this.#folder = folder;
    const seconds = Math.floor(now / 1000);
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.v2`);
    this.#pending.push(record(event(now, (pbf) => pbf.writeStringField(3, "brain.Event:2"))));
  }

  /** Values of one step, from 0. */
  add(step: number, values: readonly SummaryValue[], now = Date.now()): void {
    if (values.length === 0) return;
    const bytes = event(now, (pbf) => {
      if (step > 0) pbf.writeVarintField(2, step);
      pbf.writeMessage(
        5,
        (all, inner) => {
          for (const value of all) inner.writeMessage(1, writeSummaryValue, value);
        },
        values,
      );
    });
    this.#pending.push(record(bytes));
  }

  /** Appends what was added since the last time. */
  async flush(): Promise<void> {
    if (!this.#isMade) await mkdir(this.#folder, { recursive: true });
    this.#isMade = true;
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0) await appendFile(this.path, Buffer.concat(pending));
  }
}

function event(now: number, fill: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeDoubleField(1, now / 1000);
  fill(pbf);
  return pbf.finish();
}

/** An Event with its length and checksums. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, reflected: Node's zlib has the other one only. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
