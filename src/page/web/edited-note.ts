// Says that kernels are edited, where trainings are started: an edit that was taken stays for every training of the page.

import { element, refill } from "../client/dom.ts";
import type { House } from "./room.ts";

export interface EditedNote {
  readonly element: HTMLElement;
  /** As it is now. */
  refresh(): void;
}

export function editedNote(house: House): EditedNote {
  const box = element("p", { class: "kept edited", role: "status" });
  const show = async (): Promise<void> => {
    const files = await house.link.ask("edits", null);
    if (files.length === 0) {
      refill(box);
      return;
    }
    const button = element("button", { type: "button", onclick: () => void takeOut(files) });
    refill(button, files.length === 1 ? "Take it out" : "Take them out");
    const words = `Every training here computes with your edit of ${files.join(", ")}, until it is taken out. `;
    refill(box, words, button, " ", element("a", { href: "#kernels" }, "Look at it"));
  };
  const takeOut = async (files: readonly string[]): Promise<void> => {
    house.complain(null);
    try {
      for (const file of files) await house.link.ask("restore", { file });
      await show();
    } catch (error) {
      house.complain(error);
    }
  };
  return { element: box, refresh: () => void show().catch(house.complain) };
}
