// The value of a calculation as docs/learn prints it: + − · / ^ √ and parentheses, over numbers.

import { numberOf } from "./chapter.ts";

/** Throws Error for what is no such calculation. */
export function calculate(text: string): number {
  const tokens = text.match(/\d[\d,]*(?:\.\d+)?(?:e[-−]?\d+)?|NaN|inf|[()+−\-·/^√]/g) ?? [];
  if (tokens.join("") !== text.replaceAll(/\s/g, "")) throw new Error(`no calculation: ${text}`);
  let at = 0;
  const take = (...wanted: readonly string[]) => {
    const token = tokens[at] ?? "";
    if (!wanted.includes(token)) return null;
    at++;
    return token;
  };
  const atom = (): number => {
    if (take("(")) {
      const value = sum();
      if (!take(")")) throw new Error(`an open parenthesis: ${text}`);
      return value;
    }
    if (take("√")) return Math.sqrt(atom());
    const word = tokens[at++];
    if (word === undefined) throw new Error(`ends early: ${text}`);
    return numberOf(word);
  };
  const power = (): number => {
    if (take("−", "-")) return -power();
    const base = atom();
    return take("^") ? base ** power() : base;
  };
  const product = (): number => {
    let value = power();
    for (let sign = take("·", "/"); sign; sign = take("·", "/")) {
      value = sign === "·" ? value * power() : value / power();
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let sign = take("+", "−", "-"); sign; sign = take("+", "−", "-")) {
      value = sign === "+" ? value + product() : value - product();
    }
    return value;
  };
  const value = sum();
  if (at < tokens.length) throw new Error(`goes on after its end: ${text}`);
  return value;
}
