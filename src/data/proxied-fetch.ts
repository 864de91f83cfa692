// The two ways to fetch: from elsewhere, through the proxy that the environment names (https_proxy, http_proxy and no_proxy, in either
// case, as curl reads them; the fetch within Node 20 does not look), and from this machine, past all of them.

export interface FetchInit {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

export async function proxiedFetch(url: string, init: FetchInit): Promise<Response> {
  const proxy = proxyFor(new URL(url), process.env);
  if (proxy === null) return fetch(url, init);
  const { ProxyAgent, fetch: undiciFetch } = await import("undici");
  // Its Response is the platform's in all but the type.
  const response: unknown = await undiciFetch(url, { ...init, dispatcher: new ProxyAgent(proxy) });
  return response as Response;
}

/**
 * fetch of a URL of this machine: straight to it, whatever proxies the environment names (Node's own fetch looks where
 * NODE_USE_ENV_PROXY is set), and never on to where it redirects to.
 */
export async function localFetch(url: string, signal: AbortSignal): Promise<Response> {
  const init = { signal, redirect: "error" } as const;
  if (!process.env["NODE_USE_ENV_PROXY"]) return fetch(url, init);
  const { Agent, fetch: undiciFetch } = await import("undici");
  const response: unknown = await undiciFetch(url, { ...init, dispatcher: new Agent() });
  return response as Response;
}

/** Null: none is named, or `no_proxy` names the host, a domain that it is in, or `*`. */
export function proxyFor(
  { protocol, hostname }: URL,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const named = (name: string): string | undefined => env[name] || env[name.toUpperCase()];
  const proxy = named(protocol === "https:" ? "https_proxy" : "http_proxy");
  if (proxy === undefined) return null;
  const direct = (named("no_proxy") ?? "").split(/[\s,]+/).map((name) => name.replace(/^\./, ""));
  const isDirect = direct.some(
    (name) => name === "*" || (name !== "" && (hostname === name || hostname.endsWith(`.${name}`))),
  );
  return isDirect ? null : proxy;
}
