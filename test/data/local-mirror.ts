// A web server on the loopback that serves given files, and misbehaves on demand.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer =
  | { readonly body: Uint8Array }
  | { readonly status: number }
  /** Promises the whole body, sends half, and breaks the connection. */
  | { readonly cut: Uint8Array }
  /** Sends half and then nothing more. */
  | { readonly stall: Uint8Array }
  | { readonly silent: true };

export interface Mirror {
  readonly url: string;
  readonly answers: Map<string, Answer>;
  /** Names asked for, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function startMirror(): Promise<Mirror> {
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    requests.push(name);
    reply(response, answers.get(name) ?? { status: 404 });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, answers, requests, close: () => close(server) };
}

/** The address of a port where nothing listens. */
export async function refusingUrl(): Promise<string> {
  const mirror = await startMirror();
  await mirror.close();
  return mirror.url;
}

function reply(response: ServerResponse, answer: Answer): void {
  if ("silent" in answer) return;
  if ("status" in answer) {
    response.writeHead(answer.status).end();
    return;
  }
  if ("body" in answer) {
    response.writeHead(200, { "content-length": answer.body.length }).end(answer.body);
    return;
  }
  const body = "cut" in answer ? answer.cut : answer.stall;
  response.writeHead(200, { "content-length": body.length });
  response.write(body.subarray(0, body.length / 2), () => {
    if ("cut" in answer) response.destroy();
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => {
    server.close(() => done());
  });
}
