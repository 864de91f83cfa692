// A text file in pieces of bytes, whatever wrote it: UTF-16 with its mark becomes Latin-1 and UTF-8 stays; where lines end with a
// carriage return alone, as on old Macs, they end with a newline.

import { createReadStream } from "node:fs";

const [NEWLINE, RETURN] = [10, 13];

export async function* textChunks(file: string, bytes: number): AsyncGenerator<Buffer> {
  let decode: ((chunk: Buffer) => Buffer) | null = null;
  let endsWithReturns: boolean | null = null;
  for await (const chunk of createReadStream(file, { highWaterMark: bytes })) {
    decode ??= decoderOf(chunk);
    const text = decode(chunk);
    endsWithReturns ??= text.includes(RETURN) && !text.includes(NEWLINE);
    yield endsWithReturns
      ? Buffer.from(text.map((byte) => (byte === RETURN ? NEWLINE : byte)))
      : text;
  }
}

function decoderOf(first: Buffer): (chunk: Buffer) => Buffer {
  const mark = first.subarray(0, 2).toString("hex");
  const encoding = { fffe: "utf-16le", feff: "utf-16be" }[mark];
  if (encoding === undefined) return (chunk) => chunk;
  const decoder = new TextDecoder(encoding);
  return (chunk) => Buffer.from(decoder.decode(chunk, { stream: true }), "latin1");
}
