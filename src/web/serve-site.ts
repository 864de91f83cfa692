// Serves a site to this machine only. There is nothing secret in it, and nothing that a request could change.

import { createServer, type Server } from "node:http";
import { policy } from "../page/page.ts";
import { LOOPBACK, listenFrom } from "../watch/listen.ts";
import type { SiteFiles } from "./site.ts";

export interface SiteServer {
  readonly address: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  bin: "application/octet-stream",
};

const HEADERS = {
  "content-security-policy": `${policy("site")}; frame-ancestors 'self'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
} as const;

/** `port`: the first to try. Throws UsageError, naming `port`, where none can be had. */
export async function serveSite(files: SiteFiles, port: number): Promise<SiteServer> {
  const server = createServer();
  const own = await listenFrom(server, port);
  const hosts = [`${LOOPBACK}:${own}`, `localhost:${own}`];
  server.on("request", ({ method, url = "/", headers }, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = new URL(url, "http://site").pathname.slice(1) || "index.html";
    const bytes = hosts.includes(headers.host ?? "") ? files.get(path) : undefined;
    if (!bytes) {
      response.writeHead(404, { "content-type": "text/plain" }).end("there is nothing here\n");
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const type = TYPES[path.replace(/^.*\./, "")] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-length": bytes.length });
    response.end(method === "HEAD" ? undefined : bytes);
  });
  return { address: `http://${LOOPBACK}:${own}/`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
