// Serves the page of a run to this machine only: the page itself, its events as they come (server-sent events, the kept ones first), and
// what its buttons ask for. Whatever browsers do, the run goes on.

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { UsageError } from "../engine/core/errors.ts";
import { policy } from "../page/page.ts";
import type { Entry, EventLog } from "./event-log.ts";
import { LOOPBACK, listenFrom } from "./listen.ts";
import { allowedRequest } from "./request-guard.ts";

export interface LiveServerOptions {
  /** The first to try; those after it follow while somebody else has it. */
  readonly port: number;
  readonly log: EventLog;
  readonly html: string;
  /** By path: gets the JSON that was posted. Throws UsageError for what makes no sense. */
  readonly actions: Readonly<Record<string, (body: unknown) => void>>;
}

export interface LiveServer {
  /** With the token, without which nothing is answered. */
  readonly address: string;
  readonly port: number;
  /** Has the pages told what was told so far, and ends; within half a second, however they are. */
  close(): Promise<void>;
}

const MOST_BODY = 1000;
/** Bytes that wait for a browser that does not read; it is cut off, and comes back for what it missed. */
const MOST_WAITING = 16 * 2 ** 20;
const CLOSE_MS = 500;
/** Between signs of life, so that a page knows that silence is not the end. */
const PING_MS = 15_000;

/** Throws UsageError, naming `port`, where none can be had. */
export async function serveLive(options: LiveServerOptions): Promise<LiveServer> {
  const token = randomBytes(16).toString("base64url");
  const streams = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 5000 });
  const port = await listenFrom(server, options.port);
  server.on("request", (request, response) => {
    // A browser that goes away within an answer is no affair of the run.
    for (const end of [request, response]) end.on("error", () => undefined);
    void answer({ request, response, options, token, port, streams });
  });
  const stop = options.log.listen((entry) => {
    for (const response of streams) send(response, [entry]);
  });
  const ping = setInterval(() => {
    for (const response of streams) response.write(": still here\n\n");
  }, PING_MS);
  ping.unref();
  return {
    address: `http://${LOOPBACK}:${port}/${token}/`,
    port,
    close: async () => {
      stop();
      clearInterval(ping);
      await closeAll(server, streams);
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: LiveServerOptions;
  readonly token: string;
  readonly port: number;
  readonly streams: Set<ServerResponse>;
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, options } = exchange;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const allowed = allowedRequest(request, exchange);
  if (!allowed) return reply(response, 403, "this address is not known here");
  const { path } = allowed;
  if (path === "" || path === "events") {
    if (request.method !== "GET") return notAllowed(response, "GET");
    if (path === "events") return stream(exchange);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(options.html);
    return;
  }
  const action = Object.hasOwn(options.actions, path) ? options.actions[path] : undefined;
  if (!action) return reply(response, 404, "there is nothing here");
  if (request.method !== "POST") return notAllowed(response, "POST");
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return reply(response, 415, "JSON is expected");
  }
  try {
    action(JSON.parse(await bodyOf(request)));
    response.writeHead(204).end();
  } catch (error) {
    const isTold = error instanceof UsageError;
    reply(response, 400, isTold ? error.message : "JSON of at most a thousand bytes is expected");
  }
}

const HEADERS = {
  "content-security-policy": `${policy("served")}; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function notAllowed(response: ServerResponse, method: string): void {
  response.setHeader("allow", method);
  reply(response, 405, `${method} is expected`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MOST_BODY) throw new Error("too long");
  }
  return body;
}

function stream({ request, response, options, streams }: Exchange): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.write("retry: 1000\n\n");
  response.on("close", () => streams.delete(response));
  const seen = Number(request.headers["last-event-id"] ?? 0);
  send(response, options.log.after(Number.isFinite(seen) ? seen : 0));
  streams.add(response);
}

function send(response: ServerResponse, entries: Iterable<Entry>): void {
  let text = "";
  for (const { id, text: data } of entries) {
    text += id > 0 ? `id: ${id}\ndata: ${data}\n\n` : `data: ${data}\n\n`;
  }
  if (response.destroyed || text === "") return;
  // What a page gets on its first connection may be more than this, once.
  if (response.writableLength > MOST_WAITING) response.destroy();
  else response.write(text);
}

async function closeAll(server: Server, streams: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const ended = [...streams].map(
    (response) => new Promise<void>((resolve) => response.end(() => resolve())),
  );
  const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
  await Promise.race([Promise.all(ended), late]);
  server.closeIdleConnections();
  server.closeAllConnections();
  await Promise.race([closed, late]);
}
