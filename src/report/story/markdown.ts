// A story as Markdown with tables, as GitHub renders it. Figures are links to their files, which lie beside it.

import { sureShare } from "./numbers.ts";
import type { Block, Code, Gallery, Scores, Story, Table } from "./story.ts";

export function storyMarkdown(story: Story): string {
  const { title, subtitle, facts, blocks } = story;
  const head = [
    `# ${safe(title)}`,
    `**${safe(subtitle)}**`,
    facts.map((fact) => `- ${safe(fact)}`).join("\n"),
  ];
  return `${[...head, ...blocks.map(renderBlock)].join("\n\n")}\n`;
}

/** Names of files and classes are not ours: outside of code, nothing in them is a tag, nor a line of its own. */
function safe(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((piece) => (piece.startsWith("`") ? piece : piece.replaceAll(/<(?=[a-z/!?])/gi, "&lt;")))
    .join("");
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${safe(block.text)}`;
    case "text":
      return safe(block.text);
    case "note":
      return `> ${safe(block.text)}`;
    case "list":
      return block.items.map((item) => `- ${safe(item)}`).join("\n");
    case "table":
      return table(block);
    case "figure":
      return withCaption(
        `![${block.alt.replaceAll(/[[\]]/g, "")}](${encodeURI(block.file)})`,
        block,
      );
    case "code":
      return withCaption(fence(block), block);
    case "scores":
      return scores(block);
    case "details":
      return [
        `<details><summary>${safe(block.summary)}</summary>`,
        ...block.blocks.map(renderBlock),
        "</details>",
      ].join("\n\n");
    case "tabs":
      return block.items
        .flatMap(({ title, blocks }) => [`**${safe(title)}**`, ...blocks.map(renderBlock)])
        .join("\n\n");
    case "strips":
      return block.items
        .map(
          ({ title, detail, alt, file }) =>
            `- ${safe(title)}, ${safe(detail)}: ![${safe(alt)}](${encodeURI(file)})`,
        )
        .join("\n");
    case "grid":
      return block.blocks.map(renderBlock).join("\n\n");
    case "gallery":
      return gallery(block);
  }
}

function withCaption(content: string, { caption }: { readonly caption?: string }): string {
  return caption === undefined ? content : `${content}\n\n*${safe(caption)}*`;
}

/** Longer than any run of backticks within. */
function fence({ text, type }: Code): string {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length);
  const marks = "`".repeat(Math.max(2, ...runs) + 1);
  return `${marks}${type === "commands" ? "sh" : "text"}\n${text.trimEnd()}\n${marks}`;
}

function table({ columns, rows, caption }: Table): string {
  const rule = columns.map(({ type }) => (type === "number" ? "---:" : "---"));
  const lines = [
    line(columns.map(({ title }) => title)),
    line(rule),
    ...rows.map(({ cells, strong }) => line(strong ? cells.map(embolden) : cells)),
  ];
  return withCaption(lines.join("\n"), caption === undefined ? {} : { caption });
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => safe(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function embolden(cell: string): string {
  return cell === "" || cell.includes("**") ? cell : `**${cell}**`;
}

function gallery({ items, caption }: Gallery): string {
  const rows = items.map(({ file, alt, title, details, bars }) => ({
    cells: [
      `![${alt.replaceAll(/[[\]]/g, "")}](${encodeURI(file)})`,
      [title, ...details].join(", "),
      bars.map(({ label, share }) => `${label} ${sureShare(share)}`).join(", "),
    ],
  }));
  const columns = [{ title: "picture" }, { title: "row" }, { title: "probabilities" }];
  const grid: Table = { kind: "table", columns, rows };
  return table(caption === undefined ? grid : { ...grid, caption });
}

function scores({ items }: Scores): string {
  const rows = items.map(({ name, value, detail }) => ({ cells: [name, `**${value}**`, detail] }));
  const columns = [
    { title: "figure" },
    { title: "value", type: "number" as const },
    { title: "on" },
  ];
  return table({ kind: "table", columns, rows });
}
