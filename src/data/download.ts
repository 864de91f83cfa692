// One file over HTTP, checked, and under its name only when complete and right. Fails within
// seconds where there is no way through. No retries and no resuming: running again starts the file
// again.
import { createHash } from "node:crypto";
import { VitrineError } from "../engine/core/errors.ts";
import { replaceFile } from "./replace-file.ts";

export interface Download {
  readonly url: string;
  readonly path: string;
  /** Of the file as served. */
  readonly md5: string;
  /** Until the first byte of the answer; default 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Between two pieces of the answer; default 15 s. */
  readonly stallTimeoutMs?: number | undefined;
  /** Called with the share received, where the server says how much there is. */
  progress?(fraction: number): void;
}

/**
 * @throws VitrineError that names the URL: refused, timed out, status not 200, cut short, wrong
 * checksum.
 */
export async function downloadFile(download: Download): Promise<void> {
  const { url, connectTimeoutMs = 5000 } = download;
  const watchdog = new Watchdog();
  try {
    watchdog.expectWithin(connectTimeoutMs);
    const response = await fetch(url, { signal: watchdog.signal });
    if (response.status !== 200 || response.body === null) {
      throw new VitrineError(`${url}: the server must answer 200, got ${response.status}`);
    }
    await replaceFile(download.path, checkedChunks(download, response, watchdog));
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    throw new VitrineError(`${url}: ${watchdog.expired ?? reasonOf(cause)}`, { cause });
  } finally {
    watchdog.rest();
  }
}

async function* checkedChunks(
  download: Download,
  response: Response,
  watchdog: Watchdog,
): AsyncGenerator<Uint8Array> {
  const { url, md5, stallTimeoutMs = 15_000, progress } = download;
  const hash = createHash("md5");
  const size = Number(response.headers.get("content-length") ?? 0);
  let received = 0;
  watchdog.expectWithin(stallTimeoutMs);
  const chunks = response.body as unknown as AsyncIterable<Uint8Array> | null;
  for await (const chunk of chunks ?? []) {
    watchdog.expectWithin(stallTimeoutMs);
    hash.update(chunk);
    received += chunk.length;
    if (size > 0) progress?.(received / size);
    yield chunk;
  }
  const got = hash.digest("hex");
  if (got !== md5) throw new VitrineError(`${url}: the file must have md5 ${md5}, got ${got}`);
}

/** Aborts the request when the next sign of life does not come in time. */
class Watchdog {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  expired: string | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expectWithin(ms: number): void {
    this.rest();
    this.#timer = setTimeout(() => {
      this.expired = `no answer within ${ms / 1000} s`;
      this.#controller.abort();
    }, ms);
  }

  rest(): void {
    clearTimeout(this.#timer);
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
