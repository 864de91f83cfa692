// A web server on the loopback that serves given files, and misbehaves on demand.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer =
  | { readonly body: Uint8Array }
  /** Sends all of it, whatever range is asked for: as a whole, or said to be a range from the first byte. */
  | { readonly body: Uint8Array; readonly ranges: "ignored" | "misplaced" }
  | { readonly status: number }
  /** Promises what is asked for, sends half, and breaks the connection. */
  | { readonly cut: Uint8Array }
  /** Sends half and then nothing more. */
  | { readonly stall: Uint8Array }
  /** Sends a byte every 20 ms, without saying how many there will be. */
  | { readonly trickle: Uint8Array }
  /** Sends all of it, without saying how much it is. */
  | { readonly unsized: Uint8Array }
  | { readonly silent: true };

export interface Mirror {
  readonly url: string;
  readonly answers: Map<string, Answer>;
  /** Names asked for, in order. */
  readonly requests: string[];
  /** The Range header of each request, in order. */
  readonly ranges: (string | undefined)[];
  close(): Promise<void>;
}

export async function startMirror(): Promise<Mirror> {
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    requests.push(name);
    ranges.push(request.headers.range);
    reply(response, answers.get(name) ?? { status: 404 }, request.headers.range);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  return { url, answers, requests, ranges, close: () => close(server) };
}

/** The address of a port where nothing listens. */
export async function refusingUrl(): Promise<string> {
  const mirror = await startMirror();
  await mirror.close();
  return mirror.url;
}

function reply(response: ServerResponse, answer: Answer, range: string | undefined): void {
  if ("silent" in answer) return;
  if ("status" in answer) {
    response.writeHead(answer.status).end();
    return;
  }
  if ("body" in answer) {
    const rest = startReply(response, answer.body, "ranges" in answer ? answer.ranges : range);
    response.end(rest);
    return;
  }
  if ("unsized" in answer) {
    response.writeHead(200);
    response.write(answer.unsized, () => response.end());
    return;
  }
  if ("trickle" in answer) {
    let at = 0;
    const timer = setInterval(() => response.write(answer.trickle.subarray(at, ++at)), 20);
    response.writeHead(200).on("close", () => clearInterval(timer));
    return;
  }
  const rest = startReply(response, "cut" in answer ? answer.cut : answer.stall, range);
  response.write(rest.subarray(0, rest.length / 2), () => {
    // Not at once: the client loses what it has not yet taken up.
    if ("cut" in answer) setTimeout(() => response.destroy(), 50);
  });
}

/** Sends the head for the range, or for `misplaced`, or for the whole; returns what has to follow. */
function startReply(response: ServerResponse, body: Uint8Array, range: string | undefined) {
  const start = /^bytes=(\d+)-$/.exec(range ?? "")?.[1];
  if (start === undefined && range !== "misplaced") {
    response.writeHead(200, { "content-length": body.length });
    return body;
  }
  const from = Number(start ?? 0);
  if (from >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` });
    return Buffer.alloc(0);
  }
  const rest = body.subarray(from);
  const contentRange = `bytes ${from}-${body.length - 1}/${body.length}`;
  response.writeHead(206, { "content-length": rest.length, "content-range": contentRange });
  return rest;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => {
    server.close(() => done());
  });
}
