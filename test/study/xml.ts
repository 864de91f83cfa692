// Reads markup strictly, as XML: every tag closed, attributes quoted and unique, text escaped. Not a parser for use.

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const TOKEN =
  /<!DOCTYPE html>|<style>[^<]*<\/style>|<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|[^<]+/gy;

/** All tags that are opened, in order. Throws at the first thing that is not well formed. */
export function readMarkup(text: string): Tag[] {
  const open: string[] = [];
  const tags: Tag[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    at = match.index + match[0].length;
    const [whole, closing, name, attributes = "", selfClosing] = match;
    if (name === undefined) checkText(whole);
    else if (closing === "/") {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}> at ${match.index}`);
    } else {
      tags.push({ name, attributes: readAttributes(attributes) });
      if (selfClosing !== "/") open.push(name);
    }
  }
  if (at !== text.length) throw new Error(`not well formed at ${at}: ${text.slice(at, at + 80)}`);
  if (open.length > 0) throw new Error(`<${open.join("> <")}> stay open`);
  return tags;
}

function checkText(text: string): void {
  if (text.startsWith("<")) return;
  const bare = /&(?!(amp|lt|gt|quot|apos|#\d+);)/.exec(text);
  if (bare) throw new Error(`a bare & in ${text.slice(bare.index, bare.index + 40)}`);
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} stands twice in ${text}`);
    checkText(value);
    attributes[name] = value;
  }
  return attributes;
}
