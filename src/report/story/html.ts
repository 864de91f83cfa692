// A story as one web page that needs nothing else: style and pictures are in it, scripts and links to elsewhere are not.
// Written so that an XML parser can read it too: every tag is closed.

import { escapeHtml } from "../../page/html.ts";
import { pageHtml } from "../../page/page.ts";
import { BLOCKS_CSS } from "./blocks-style.ts";
import { sureShare } from "./numbers.ts";
import {
  type Bar,
  type Block,
  type Figure,
  type Gallery,
  type GalleryItem,
  type Heading,
  narrowName,
  type Pictures,
  type Scores,
  type Story,
  type Strips,
  type Table,
  type Tabs,
} from "./story.ts";
import { STORY_CSS } from "./style.ts";

export function storyHtml(story: Story, pictures: Pictures): string {
  const { title, subtitle, facts, blocks } = story;
  const page = new Page(pictures);
  const body = `<header>
<h1>${inline(title)}</h1>
<p class="subtitle">${inline(subtitle)}</p>
<ul class="facts">${facts.map((fact) => `<li>${inline(fact)}</li>`).join("")}</ul>
</header>
${contents(blocks)}
<main>
${chapters(blocks, page)}
</main>`;
  return pageHtml({ title: `${title}: ${subtitle}`, style: STORY_CSS + BLOCKS_CSS, body });
}

function contents(blocks: readonly Block[]): string {
  const items = blocks.filter(isChapter).map(({ id, text }) => {
    return `<li><a href="#${id}">${inline(text)}</a></li>`;
  });
  return `<nav aria-label="Contents"><ul>${items.join("")}</ul></nav>`;
}

function isChapter(block: Block): block is Heading {
  return block.kind === "heading" && block.level === 2;
}

/** Every chapter, and what stands before the first, is a section of its own. */
function chapters(blocks: readonly Block[], page: Page): string {
  const sections: Block[][] = [[]];
  for (const block of blocks) {
    if (isChapter(block)) sections.push([]);
    sections.at(-1)?.push(block);
  }
  return sections
    .filter((section) => section.length > 0)
    .map((section) => `<section>\n${page.render(section)}\n</section>`)
    .join("\n");
}

class Page {
  readonly #pictures: Pictures;
  #drawn = 0;
  #switches = 0;

  constructor(pictures: Pictures) {
    this.#pictures = pictures;
  }

  render(blocks: readonly Block[]): string {
    return blocks.map((block) => this.#block(block)).join("\n");
  }

  #block(block: Block): string {
    switch (block.kind) {
      case "heading": {
        const id = block.id === undefined ? "" : ` id="${block.id}"`;
        return `<h${block.level}${id}>${inline(block.text)}</h${block.level}>`;
      }
      case "text":
        return `<p>${inline(block.text)}</p>`;
      case "note":
        return `<p class="note">${inline(block.text)}</p>`;
      case "list":
        return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join("")}</ul>`;
      case "table":
        return table(block);
      case "figure":
        return this.#figure(block);
      case "code": {
        const mark = block.type === "commands" ? ' class="commands"' : "";
        const code = `<pre${mark} tabindex="0"><code>${escapeHtml(block.text.trimEnd())}</code></pre>`;
        return block.caption === undefined ? code : figure(code, block.caption);
      }
      case "scores":
        return scores(block);
      case "details":
        return `<details><summary>${inline(block.summary)}</summary>\n${this.render(block.blocks)}\n</details>`;
      case "tabs":
        return this.#tabs(block);
      case "grid":
        return `<div class="grid">${this.render(block.blocks)}</div>`;
      case "gallery":
        return this.#gallery(block);
      case "strips":
        return this.#strips(block);
    }
  }

  /** A switch of radio buttons: style alone shows the panel of the chosen one, so that the page needs no script. */
  #tabs({ label, items }: Tabs): string {
    const name = `tabs${this.#switches++}`;
    const buttons = items.map(({ title }, i) => {
      const chosen = i === 0 ? ' checked="checked"' : "";
      return `<input type="radio" name="${name}" id="${name}-${i}"${chosen}/><label for="${name}-${i}">${inline(title)}</label>`;
    });
    const panels = items.map(
      ({ title, blocks }) =>
        `<div><p class="tab-title">${inline(title)}</p>\n${this.render(blocks)}\n</div>`,
    );
    return `<fieldset class="tabs"><legend>${inline(label)}</legend>${buttons.join("")}<div class="panels">${panels.join("\n")}</div></fieldset>`;
  }

  #gallery({ items, caption, isGrey = false }: Gallery): string {
    const cards = items.map((item) => `<li>${this.#thumbnail(item)}${cardText(item)}</li>`);
    const mark = isGrey ? ' class="gallery grey"' : ' class="gallery"';
    return figure(`<ul${mark}>${cards.join("\n")}</ul>`, caption);
  }

  #strips({ items, caption, isGrey = false }: Strips): string {
    const lines = items.map((item) => {
      const { title, detail, width } = item;
      const head = `<div><strong>${inline(title)}</strong><span>${inline(detail)}</span></div>`;
      const picture = `<div style="max-width:${1.5 * width}px">${this.#thumbnail(item)}</div>`;
      return `<li>${head}${picture}</li>`;
    });
    return figure(`<ul class="strips${isGrey ? " grey" : ""}">${lines.join("\n")}</ul>`, caption);
  }

  #thumbnail({ file, alt }: { readonly file: string; readonly alt: string }): string {
    const picture = this.#pictures.get(file);
    if (picture === undefined || typeof picture === "string") {
      return `<p class="note">${escapeHtml(`${file} is missing: ${alt}`)}</p>`;
    }
    return `<img alt="${escapeHtml(alt)}" src="${pngUrl(picture)}"/>`;
  }

  #figure({ file, alt, caption, type = "chart" }: Figure): string {
    const picture = this.#pictures.get(file);
    const label = `role="img" aria-label="${escapeHtml(alt)}"`;
    if (picture === undefined)
      return `<p class="note">${escapeHtml(`${file} is missing: ${alt}`)}</p>`;
    const narrow = this.#pictures.get(narrowName(file));
    const drawn =
      typeof picture === "string"
        ? [picture, ...(typeof narrow === "string" ? [narrow] : [])]
            .map((svg, i, { length }) => {
              const room = length === 1 ? "" : i === 0 ? " wide" : " narrow";
              return `<div class="picture ${type}${room}" ${label}>${embeddedSvg(svg, this.#drawn++)}</div>`;
            })
            .join("")
        : `<div class="picture ${type}"><img alt="${escapeHtml(alt)}" src="${pngUrl(picture)}"/></div>`;
    return figure(drawn, caption);
  }
}

function pngUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

function cardText({ title, details, bars }: GalleryItem): string {
  const lines = details.map((detail) => `<span>${inline(detail)}</span>`);
  const head = `<div><strong>${inline(title)}</strong>${lines.join("")}</div>`;
  return `${head}<ul>${bars.map(barHtml).join("")}</ul>`;
}

function barHtml({ label, share, mark }: Bar): string {
  const kind = mark === undefined ? "" : ` class="${mark}"`;
  const width = `width:${(100 * share).toFixed(2)}%`;
  return `<li${kind}><span>${inline(label)}</span><span>${escapeHtml(sureShare(share))}</span><i><b style="${width}"></b></i></li>`;
}

function figure(content: string, caption: string | undefined): string {
  const below = caption === undefined ? "" : `<figcaption>${inline(caption)}</figcaption>`;
  return `<figure>${content}${below}</figure>`;
}

function table({ columns, rows, caption }: Table): string {
  const align = columns.map(({ type }) => (type === "number" ? ' class="number"' : ""));
  const head = columns.map(({ title }, i) => `<th scope="col"${align[i]}>${inline(title)}</th>`);
  const body = rows.map(({ cells, strong }) => {
    const [first = "", ...rest] = cells.map(inline);
    const others = rest.map((cell, i) => `<td${align[i + 1]}>${cell}</td>`).join("");
    const mark = strong ? ' class="strong"' : "";
    return `<tr${mark}><th scope="row"${align[0]}>${first}</th>${others}</tr>`;
  });
  const kinds = [
    rows.some(({ cells }) => (cells[0] ?? "").length > 12) ? "named" : "",
    columns.length > 6 ? "dense" : "",
  ];
  const grid = `<table class="${kinds.join(" ").trim()}"><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
  return figure(`<div class="scroll" tabindex="0">${grid}</div>`, caption);
}

function scores({ items }: Scores): string {
  const cards = items.map(({ name, value, detail, doubtful }) => {
    const mark = doubtful ? ' class="doubtful"' : "";
    return `<div${mark}><dt>${inline(name)}</dt><dd><strong>${inline(value)}</strong> ${inline(detail)}</dd></div>`;
  });
  return `<dl class="scores">${cards.join("")}</dl>`;
}

/**
 * An SVG file as part of a page: no declaration or namespaces, which HTML has no use for, and identifiers that no other
 * picture of the page has.
 */
function embeddedSvg(svg: string, index: number): string {
  const ids = [...svg.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1] ?? "");
  let out = svg
    .slice(svg.indexOf("<svg"))
    .replaceAll(/\sxmlns(:xlink)?="[^"]*"/g, "")
    .replaceAll("xlink:href=", "href=")
    .trimEnd();
  for (const id of new Set(ids)) {
    out = out
      .replaceAll(` id="${id}"`, ` id="p${index}-${id}"`)
      .replaceAll(`url(#${id})`, `url(#p${index}-${id})`)
      .replaceAll(`href="#${id}"`, `href="#p${index}-${id}"`);
  }
  return out;
}

/** Escaped, with **bold** and `code`; within code nothing else is a mark. */
export function inline(value: string): string {
  return value
    .split(/(`[^`]+`)/)
    .map((piece) =>
      piece.length > 2 && piece.startsWith("`") && piece.endsWith("`")
        ? `<code>${escapeHtml(piece.slice(1, -1))}</code>`
        : escapeHtml(piece).replaceAll(/\*\*(.+?)\*\*/g, "<strong>$1</strong>"),
    )
    .join("");
}
