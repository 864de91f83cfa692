// Who may talk to the server of a page: who knows the token, by an address of this machine, and is no page of another origin. A name that
// somebody else's DNS points here (rebinding) fails by its Host, a form or a script of another site by its Origin.

import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Allowed {
  /** The path below the token: `events`; empty for the page. */
  readonly path: string;
}

/** Null for what is to be refused. */
export function allowedRequest(
  { headers, url = "" }: Pick<IncomingMessage, "headers" | "url">,
  { token, port }: { readonly token: string; readonly port: number },
): Allowed | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host = "", origin } = headers;
  if (!hosts.includes(host)) return null;
  // A page's own requests have the origin of its address.
  if (origin !== undefined && origin !== `http://${host}`) return null;
  const site = headers["sec-fetch-site"];
  const isNavigation = headers["sec-fetch-mode"] === "navigate";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isNavigation) return null;
  const [, given = "", path, ...more] = url.split("/");
  if (path === undefined || more.length > 0 || !isEqual(given, token)) return null;
  return { path };
}

/** Takes as long wherever they differ. */
function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
