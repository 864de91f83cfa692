// Files that a person drops onto the page or chooses, with the folders that they are in.

import { element } from "../client/dom.ts";
import type { DroppedFile } from "./protocol.ts";

/** More than this many is a mistake, such as a home folder. */
const MOST_FILES = 200_000;

/** Buttons to choose files and a folder; whatever is dropped onto `target` counts as chosen too. */
export function dropZone(
  target: HTMLElement,
  words: string,
  take: (files: readonly DroppedFile[]) => void,
): HTMLElement {
  const files = element("input", { type: "file", multiple: true, hidden: true });
  const folder = element("input", {
    type: "file",
    multiple: true,
    hidden: true,
    webkitdirectory: true,
  });
  const chosen = (input: HTMLInputElement) => () => {
    const all = [...(input.files ?? [])];
    if (all.length > 0)
      take(all.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    // The same files may be chosen again, once they were mended.
    input.value = "";
  };
  for (const input of [files, folder]) input.addEventListener("change", chosen(input));
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    target.classList.add("over");
  });
  target.addEventListener("dragleave", () => target.classList.remove("over"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("over");
    const { items } = event.dataTransfer ?? {};
    if (items) void droppedFiles(items).then((all) => all.length > 0 && take(all));
  });
  const button = (text: string, input: HTMLInputElement) =>
    element("button", { type: "button", onclick: () => input.click() }, text);
  return element(
    "p",
    { class: "note drop" },
    ...[
      `${words} `,
      button("choose files", files),
      button("choose a folder", folder),
      files,
      folder,
    ],
  );
}

async function droppedFiles(items: DataTransferItemList): Promise<readonly DroppedFile[]> {
  // Asked for at once: the list is empty after the first pause.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found: DroppedFile[] = [];
  for (const entry of entries) await collect(entry, "", found);
  return found;
}

async function collect(
  entry: FileSystemEntry,
  within: string,
  found: DroppedFile[],
): Promise<void> {
  if (found.length >= MOST_FILES) return;
  const path = `${within}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A folder is told in portions, of which the last is empty.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const one of entries) await collect(one, `${path}/`, found);
  }
}
