// Requests to a page's server with headers that fetch does not let one set.

import { type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request once the answer has this in it. */
  readonly until?: RegExp;
}

export function ask(
  address: string,
  { method = "GET", headers = {}, body, until }: Question = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers, agent: false }, (response) => {
      let text = "";
      const end = () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        if (!until?.test(text)) return;
        end();
        sent.destroy();
      });
      response.on("end", end);
      response.on("error", () => undefined);
    });
    sent.on("error", (error) => reject(error));
    sent.end(body);
  });
}

export function post(address: string, body: unknown, headers = {}): Promise<Answer> {
  return ask(address, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
