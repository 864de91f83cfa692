// One file over HTTP, checked, and under its name only when complete and right. What a broken attempt has brought stays
// beside it as `<path>.part`, and the next attempt goes on from there. Fails within seconds where there is no way through,
// and does not try again by itself.
import { VitrineError } from "../engine/core/errors.ts";
import { boundedPieces } from "./bounded-pieces.ts";
import { PartialFile } from "./partial-file.ts";
import { proxiedFetch } from "./proxied-fetch.ts";

export interface Download {
  readonly url: string;
  readonly path: string;
  /** Of the file as served; null where nobody publishes one: then the file is fetched whole, and only its length is checked. */
  readonly md5: string | null;
  /** Until the first byte of the answer; default 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Between two pieces of the answer; default 15 s. */
  readonly stallTimeoutMs?: number | undefined;
  /** A file that is longer is not fetched; default 2 GB. */
  readonly mostBytes?: number | undefined;
  /** Less, in every stretch of `paceMs`, is no download: default 1 kB a second over 30 s. */
  readonly leastBytesPerSecond?: number | undefined;
  readonly paceMs?: number | undefined;
  /** Stops the download; what has come is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the share that is there, where the server says how much there is. */
  progress?(fraction: number): void;
}

/** Twice the largest of Keras's weight files. */
const MOST_BYTES = 2e9;

interface Transfer {
  readonly download: Download;
  readonly file: PartialFile;
  readonly watchdog: Watchdog;
}

/**
 * @throws VitrineError that names the URL: refused, timed out, wrong status, cut short, wrong checksum; and the reason of
 * the signal, where that stopped it.
 */
export async function downloadFile(download: Download): Promise<void> {
  const { url, path, signal } = download;
  const watchdog = new Watchdog(signal);
  let file: PartialFile | undefined;
  try {
    signal?.throwIfAborted();
    file = await PartialFile.claim(path);
    await file.readBack(watchdog.signal);
    await fill({ download, file, watchdog });
    await file.complete();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof VitrineError) throw cause;
    const help = { help: "run again: the download goes on where it broke" };
    throw new VitrineError(`${url}: ${watchdog.expired ?? reasonOf(cause)}`, {
      cause,
      ...(file !== undefined && file.size > 0 ? help : {}),
    });
  } finally {
    watchdog.release();
    await file?.release();
  }
}

async function fill(transfer: Transfer): Promise<void> {
  const { url, md5 } = transfer.download;
  const { file } = transfer;
  if (md5 === null) {
    // Two pieces could be of two files, and nothing would tell.
    await file.empty();
    await receive(transfer);
    return;
  }
  // A process may have been killed between the last byte and the renaming.
  if (file.size > 0 && file.md5() === md5) return;
  const source = await receive(transfer);
  if (source === "resumed" && file.md5() !== md5) {
    // What was there may be damaged, or of another file: it must not stand in the way.
    await file.empty();
    await receive(transfer);
  }
  const got = file.md5();
  if (got === md5) return;
  await file.empty();
  throw new VitrineError(`${url}: the file must have md5 ${md5}, got ${got}`);
}

/**
 * Appends what the file lacks, or replaces all of it where the server sends the whole. No `If-Range`: the checksum tells
 * whether the two pieces belong together, whatever the server has by now.
 */
async function receive(transfer: Transfer): Promise<"whole" | "resumed"> {
  const { file, watchdog, download } = transfer;
  const { stallTimeoutMs = 15_000, progress, mostBytes = MOST_BYTES } = download;
  const response = await ask(transfer);
  if (!answersRange(response, file.size)) {
    await response.body?.cancel();
    return "resumed";
  }
  if (response.status === 200) await file.empty();
  const size = file.size + Number(response.headers.get("content-length") ?? Number.NaN);
  if (size > mostBytes) await refuseLonger(transfer, response, size);
  watchdog.expectWithin(stallTimeoutMs);
  watchdog.expectPace(download, () => file.size);
  const refuse = (bytes: number) => refuseLonger(transfer, null, bytes);
  const limit = { before: file.size, most: mostBytes, refuse };
  for await (const piece of boundedPieces(response, limit)) {
    watchdog.expectWithin(stallTimeoutMs);
    await file.append(piece);
    if (size > 0) progress?.(file.size / size);
  }
  return response.status === 200 ? "whole" : "resumed";
}

async function refuseLonger(
  { download: { url, mostBytes = MOST_BYTES }, file }: Transfer,
  response: Response | null,
  bytes: number,
): Promise<never> {
  await response?.body?.cancel();
  await file.empty();
  throw new VitrineError(`${url}: the file must have at most ${mostBytes} bytes, got ${bytes}`);
}

async function ask({ file, watchdog, download }: Transfer): Promise<Response> {
  const { url, connectTimeoutMs = 5000 } = download;
  // Offsets count bytes as stored, so nothing may be packed on the way.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (file.size > 0) headers["range"] = `bytes=${file.size}-`;
  watchdog.expectWithin(connectTimeoutMs);
  const response = await proxiedFetch(url, { headers, signal: watchdog.signal });
  const right = file.size > 0 ? [200, 206, 416] : [200];
  if (right.includes(response.status)) return response;
  await response.body?.cancel();
  const rule = file.size > 0 ? "206 or 200" : "200";
  throw new VitrineError(`${url}: the server must answer ${rule}, got ${response.status}`);
}

/** False where the server has no such bytes (416: what is there is too long), or sends others than asked for. */
function answersRange({ status, headers }: Response, from: number): boolean {
  if (status === 200) return true;
  const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
  return status === 206 && start === String(from);
}

/** Aborts the request when the next sign of life does not come in time, or when the caller's signal says so. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #stop = () => this.#controller.abort(this.#caller?.reason);
  #timer: NodeJS.Timeout | undefined;
  #pace: NodeJS.Timeout | undefined;
  expired: string | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    caller?.addEventListener("abort", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expectWithin(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = `no answer within ${ms / 1000} s`;
      this.#controller.abort();
    }, ms);
  }

  /** From now on, what `size` counts must grow as fast as the download asks. */
  expectPace({ leastBytesPerSecond: least = 1000, paceMs = 30_000 }: Download, size: () => number) {
    clearInterval(this.#pace);
    let before = size();
    this.#pace = setInterval(() => {
      const grown = size() - before;
      before += grown;
      if (grown >= (least * paceMs) / 1000) return;
      this.expired = `slower than ${least} bytes a second for ${paceMs / 1000} s`;
      this.#controller.abort();
    }, paceMs);
  }

  release(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#pace);
    this.#caller?.removeEventListener("abort", this.#stop);
  }
}

// fetch says "fetch failed" or "terminated"; what happened is in its cause.
function reasonOf(error: unknown): string {
  const { cause, message } = error as {
    cause?: { code?: string; message?: string };
    message: string;
  };
  if (cause?.code === "UND_ERR_SOCKET") return "the connection broke before the end of the file";
  if (cause?.code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return "the file came cut short";
  return cause?.code ?? cause?.message ?? message;
}
