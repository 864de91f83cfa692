// A document as data: headings, paragraphs, tables, figures. Written once, rendered as a web page (html.ts) and as
// Markdown (markdown.ts). Texts may hold **bold** and `code`, the marks that mean the same in both; no other markup.

export interface Story {
  readonly title: string;
  readonly subtitle: string;
  /** Short facts under the title: when, where, with what. */
  readonly facts: readonly string[];
  readonly blocks: readonly Block[];
}

export interface Heading {
  readonly kind: "heading";
  /** 2 opens a chapter, 3 a part of one. */
  readonly level: 2 | 3;
  readonly text: string;
  /** Unique, for links within the document; chapters need one. */
  readonly id?: string;
}

export interface Paragraph {
  readonly kind: "text";
  readonly text: string;
}

/** A paragraph that must not be overlooked. */
export interface Note {
  readonly kind: "note";
  readonly text: string;
}

export interface List {
  readonly kind: "list";
  readonly items: readonly string[];
}

export interface Column {
  readonly title: string;
  /** Numbers are flush right; default text. */
  readonly type?: "number" | "text";
}

export interface Row {
  readonly cells: readonly string[];
  /** The row that the eye should find: the best trial, the mean. */
  readonly strong?: boolean;
}

export interface Table {
  readonly kind: "table";
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly caption?: string;
}

export interface Figure {
  readonly kind: "figure";
  /** Relative to the document, with forward slashes. */
  readonly file: string;
  /** What a reader who does not see it should know. */
  readonly alt: string;
  readonly caption?: string;
  /** A photograph keeps its colours in a dark scheme; a chart may be inverted. Default chart. */
  readonly type?: "chart" | "photograph";
}

export interface Code {
  readonly kind: "code";
  readonly text: string;
  /** Commands may be wrapped; other text is kept as it stands, such as a table drawn in characters. Default text. */
  readonly type?: "commands" | "text";
  readonly caption?: string;
}

/** A few large numbers side by side. */
export interface Scores {
  readonly kind: "scores";
  readonly items: readonly {
    readonly name: string;
    readonly value: string;
    readonly detail: string;
    /** A number that is shown but should not be believed. */
    readonly doubtful?: boolean;
  }[];
}

/** Shut until somebody wants it. */
export interface Details {
  readonly kind: "details";
  readonly summary: string;
  readonly blocks: readonly Block[];
}

/** Several views of one thing, of which a page shows one at a time and paper shows all. */
export interface Tabs {
  readonly kind: "tabs";
  /** What is chosen between, for those who do not see it. */
  readonly label: string;
  /** At most six. */
  readonly items: readonly { readonly title: string; readonly blocks: readonly Block[] }[];
}

/** A share as a bar, with what it is of. */
export interface Bar {
  readonly label: string;
  readonly share: number;
  /** The true class, or a wrong answer. */
  readonly mark?: "right" | "wrong";
}

export interface GalleryItem {
  /** A small picture, shown enlarged with its pixels kept. */
  readonly file: string;
  readonly alt: string;
  readonly title: string;
  /** A line each. */
  readonly details: readonly string[];
  readonly bars: readonly Bar[];
}

/** Small pictures, each with what is said about it. */
export interface Gallery {
  readonly kind: "gallery";
  readonly items: readonly GalleryItem[];
  readonly caption?: string;
  /** Pictures in shades of grey, dark on white, may be inverted in a dark scheme. Default false. */
  readonly isGrey?: boolean;
}

/** Lines of small pictures in one file each, with what they show beside them. */
export interface Strips {
  readonly kind: "strips";
  readonly items: readonly {
    readonly file: string;
    readonly alt: string;
    readonly title: string;
    readonly detail: string;
    /** Of the file in pixels: it is shown half as large again, and never larger. */
    readonly width: number;
  }[];
  readonly caption?: string;
  /** As a gallery's. Default false. */
  readonly isGrey?: boolean;
}

/** Side by side where the page is wide enough. */
export interface Grid {
  readonly kind: "grid";
  readonly blocks: readonly Block[];
}

export type Block =
  | Heading
  | Paragraph
  | Note
  | List
  | Table
  | Figure
  | Code
  | Scores
  | Details
  | Tabs
  | Grid
  | Strips
  | Gallery;

/** Pictures by the file name that figures give: the text of an SVG, or the bytes of a PNG. */
export type Pictures = ReadonlyMap<string, string | Uint8Array>;

/** The name under which a picture's variant for narrow pages lies among them, where it has one. */
export function narrowName(file: string): string {
  return `narrow ${file}`;
}

export function text(value: string): Paragraph {
  return { kind: "text", text: value };
}

export function chapter(id: string, title: string): Heading {
  return { kind: "heading", level: 2, text: title, id };
}

export function part(title: string): Heading {
  return { kind: "heading", level: 3, text: title };
}

/** Columns of numbers after a first column of text, which most tables are. */
export function columns(first: string, ...numbers: readonly string[]): Column[] {
  return [{ title: first }, ...numbers.map((title): Column => ({ title, type: "number" }))];
}
