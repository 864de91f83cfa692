// Safetensors: what is written is read back bit for bit, and every way to break a file is refused with its name.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  encodeSafetensors,
  type NamedTensor,
  readSafetensors,
  writeSafetensors,
} from "../../src/io/safetensors.ts";
import { inFolder, refusalOf } from "./folder.ts";

const test = suite("safetensors");

const TENSORS: NamedTensor[] = [
  { name: "step", dtype: "U32", shape: [], data: Uint32Array.of(1140) },
  { name: "mask", dtype: "U8", shape: [3], data: Uint8Array.of(1, 0, 1) },
  { name: "conv1/b", dtype: "F32", shape: [2], data: Float32Array.of(-0, Number.NaN) },
  { name: "conv1/w", dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 1e-45) },
  { name: "empty", dtype: "F32", shape: [0, 4], data: new Float32Array(0) },
  { name: "total", dtype: "F64", shape: [1], data: Float64Array.of(Math.PI) },
];

test("round trip, bit for bit", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const sha256 = await writeSafetensors(path, TENSORS, { epoch: "3", note: "größer" });
    const file = await readSafetensors(path);
    assert.is(file.sha256, sha256);
    assert.equal(file.metadata, { epoch: "3", note: "größer", sha256 });
    assert.is(file.tensors.size, TENSORS.length);
    for (const { name, dtype, shape, data } of TENSORS) {
      const read = file.tensors.get(name);
      assert.equal([read?.dtype, read?.shape], [dtype, shape], name);
      const bytes = Buffer.from(read?.data.buffer ?? new ArrayBuffer(0));
      assert.ok(bytes.equals(Buffer.from(data.buffer)), name);
    }
  });
});

test("equal tensors are equal files, whatever their order", () => {
  const bytes = (tensors: NamedTensor[]): Buffer =>
    Buffer.concat(encodeSafetensors(tensors).pieces);
  assert.ok(bytes(TENSORS).equals(bytes([...TENSORS].reverse())));
});

test("the layout is that of the format", () => {
  const { pieces, sha256 } = encodeSafetensors(TENSORS, { z: "1", a: "2" });
  const file = Buffer.concat(pieces);
  const length = Number(file.readBigUInt64LE(0));
  assert.is(length % 8, 0);
  const header = JSON.parse(file.subarray(8, 8 + length).toString("utf8"));
  const names = ["__metadata__", "conv1/b", "conv1/w", "empty", "mask", "step", "total"];
  assert.equal(Object.keys(header), names);
  assert.equal(Object.keys(header.__metadata__), ["a", "sha256", "z"]);
  const [start, end] = header["conv1/w"].data_offsets;
  assert.is(end - start, 24);
  assert.is(start % 4, 0);
  assert.is(file.readFloatLE(8 + length + start + 4), 2);
  const digest = createHash("sha256").update(file.subarray(8 + length));
  assert.is(digest.digest("hex"), sha256);
});

test("a part of a larger buffer is written as that part", () => {
  const whole = Float32Array.of(9, 1, 2, 9);
  const part = { name: "p", dtype: "F32", shape: [2], data: whole.subarray(1, 3) } as const;
  assert.equal(encodeSafetensors([part]).pieces[1], new Uint8Array(Float32Array.of(1, 2).buffer));
});

test("tensors that are not what they say are not written", () => {
  const one = { name: "a", dtype: "F32", shape: [1], data: Float32Array.of(1) } as const;
  assert.throws(() => encodeSafetensors([{ ...one, shape: [2] }]), /must hold all values, got/);
  assert.throws(() => encodeSafetensors([{ ...one, dtype: "U8" }]), "U8 needs Uint8Array");
  assert.throws(() => encodeSafetensors([one, one]), "names must be unique");
  assert.throws(() => encodeSafetensors([{ ...one, name: "__metadata__" }]), "reserved");
});

/** A file from a header as written down, and that many bytes of data. */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([prefix, Buffer.from(text), Buffer.alloc(dataBytes)]);
}

const f32 = (shape: unknown, start: unknown, end: unknown) => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});

const BROKEN: [file: Buffer, message: string][] = [
  [Buffer.alloc(0), "is too short for safetensors, got 0 bytes"],
  [Buffer.alloc(7), "is too short for safetensors, got 7 bytes"],
  [Buffer.alloc(16, 0xff), "header must end inside the file, got 18446744073709551615 bytes of 8"],
  [fileOf("not json", 0), "header must be JSON in UTF-8"],
  [fileOf("[]", 0), "header must be a JSON object"],
  [fileOf({ __metadata__: { a: 1 } }, 0), "__metadata__ must hold strings, got number in a"],
  [fileOf({ a: null }, 0), 'tensor "a": must be an object'],
  [fileOf({ a: { dtype: "F16", shape: [], data_offsets: [0, 2] } }, 2), 'got "F16"'],
  [fileOf({ a: f32([-1], 0, 4) }, 4), "shape must be whole numbers, got [-1]"],
  [fileOf({ a: f32([1], 4, 0) }, 4), "data_offsets must be [start, end], got [4,0]"],
  [fileOf({ a: f32([1], 0, "4") }, 4), "data_offsets must be [start, end]"],
  [
    fileOf({ a: f32([2], 0, 4) }, 4),
    "data_offsets must fit the shape, got (2) F32 of 8 bytes in 4",
  ],
  [fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), "data_offsets must fit the shape"],
  [fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8), 'tensor "b": overlaps'],
  [fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), 'tensor "b": leaves 4 bytes unused'],
  [fileOf({ a: f32([2], 0, 8) }, 4), 'tensor "a": must end inside the file, got 8 of 4 bytes'],
  [fileOf({ a: f32([1], 0, 4) }, 9), "nothing may follow the last tensor, got 5 bytes"],
];

test("broken files are refused, each with its name and reason", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "broken.safetensors");
    for (const [bytes, message] of BROKEN) {
      await writeFile(path, bytes);
      const refusal = await refusalOf(readSafetensors(path));
      assert.ok(refusal.startsWith(path) && refusal.includes(message), `${refusal} / ${message}`);
    }
  });
});

test("a flipped bit is noticed, and so is every truncation", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    await writeSafetensors(path, TENSORS);
    const good = await readFile(path);
    const flipped = Buffer.from(good);
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 5) ^ 1, flipped.length - 5);
    await writeFile(path, flipped);
    assert.match(await refusalOf(readSafetensors(path)), "must match the sha256 in the header");
    for (let length = 0; length < good.length; length += 37) {
      await writeFile(path, good.subarray(0, length));
      assert.match(await refusalOf(readSafetensors(path)), path);
    }
  });
});

test.run();
