// A picture's pixels, whatever its format: PNG by pngjs, JPEG by jpeg-js, WebP by libwebp as WebAssembly. Its header is looked at
// first. It is turned as its EXIF says, so that it is what every viewer shows.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { FormatError, messageOf } from "../engine/core/errors.ts";
import { decodePng } from "./decode-png.ts";
import { orientationOf, upright } from "./exif-orientation.ts";
import type { Picture } from "./picture.ts";
import { pictureHeader } from "./picture-header.ts";

/** What jpeg-js may take for the largest picture that png-check.ts lets through. */
const JPEG_LIMITS = { maxResolutionInMP: 40, maxMemoryUsageInMB: 1024 } as const;

/** Throws FormatError naming the file for what is damaged, or of a kind that is refused. */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<Picture> {
  const header = pictureHeader(bytes, name);
  const { format } = header;
  if (format === "PNG") return upright(decodePng(bytes, name), orientationOf(bytes, header));
  const { width, height } = header;
  const picture = await decode(format, bytes).catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw new FormatError(`${name}: must be a sound ${format}, got ${reason.toLowerCase()}`, {
      cause,
    });
  });
  if (picture.width === width && picture.height === height) {
    return upright(picture, orientationOf(bytes, header));
  }
  throw new FormatError(
    `${name}: must be a sound ${format}, got ${picture.width} x ${picture.height} pixels where the header says ${width} x ${height}`,
  );
}

async function decode(format: "JPEG" | "WebP", bytes: Uint8Array): Promise<Picture> {
  if (format === "JPEG") {
    const options = { ...JPEG_LIMITS, useTArray: true, tolerantDecoding: false } as const;
    // Loaded when they are needed: most commands meet no picture.
    const { default: jpeg } = await import("jpeg-js");
    const { width, height, data } = jpeg.decode(bytes, options);
    return { width, height, rgba: data };
  }
  const { default: webp } = await webpReady();
  // A copy: the decoder takes a whole ArrayBuffer.
  const { width, height, data } = await webp(Uint8Array.from(bytes).buffer);
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

type Webp = typeof import("@jsquash/webp/decode.js");

let ready: Promise<Webp> | undefined;

/** The package looks for its .wasm as a browser would, and hands out what only browsers have. */
function webpReady(): Promise<Webp> {
  ready ??= (async () => {
    const path = createRequire(import.meta.url).resolve("@jsquash/webp/codec/dec/webp_dec.wasm");
    if (!("ImageData" in globalThis)) Object.assign(globalThis, { ImageData: PlainImageData });
    const webp = await import("@jsquash/webp/decode.js");
    const init = webp.init as (module: WebAssembly.Module) => Promise<void>;
    await init(await WebAssembly.compile(await readFile(path)));
    return webp;
  })();
  return ready;
}

class PlainImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}
