// A board to draw on with a finger, a pen, a mouse or the arrow keys: white on black.

import { element } from "../client/dom.ts";

const SIDE = 224;
const BRUSH = 16;
/** Pixels that a press of an arrow key goes. */
const KEY_STEP = 8;
const ARROWS: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};
/** After the last stroke. */
const PAUSE_MS = 250;

/** Hands out what is drawn whenever the reader pauses. */
export function drawingElement(take: (picture: Blob) => void): HTMLElement {
  const board = element("canvas", { width: SIDE, height: SIDE, class: "board", tabindex: "0" });
  const words = "a board to draw on; arrow keys draw from its middle on, with Shift they only move";
  board.setAttribute("aria-label", words);
  const context = board.getContext("2d");
  let due: ReturnType<typeof setTimeout> | undefined;
  const clear = (): void => {
    if (!context) return;
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
  };
  const at = ({ clientX, clientY }: PointerEvent): readonly [number, number] => {
    const { left, top, width, height } = board.getBoundingClientRect();
    return [((clientX - left) * SIDE) / width, ((clientY - top) * SIDE) / height];
  };
  const ready = (): void => board.toBlob((picture) => picture && take(picture));
  const readySoon = (): void => {
    clearTimeout(due);
    due = setTimeout(ready, PAUSE_MS);
  };
  const begin = (): void => {
    if (!context) return;
    Object.assign(context, { strokeStyle: "#fff", lineWidth: BRUSH, lineCap: "round" });
    context.beginPath();
  };
  let pen: readonly [number, number] = [SIDE / 2, SIDE / 2];
  board.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!context || !step) return;
    event.preventDefault();
    const inside = (value: number): number => Math.min(Math.max(value, 0), SIDE);
    const next = [inside(pen[0] + step[0]), inside(pen[1] + step[1])] as const;
    if (!event.shiftKey) {
      begin();
      context.moveTo(...pen);
      context.lineTo(...next);
      context.stroke();
      readySoon();
    }
    pen = next;
  });
  board.addEventListener("pointerdown", (event) => {
    if (!context) return;
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    begin();
    context.moveTo(...at(event));
    context.lineTo(...at(event));
    context.stroke();
  });
  board.addEventListener("pointermove", (event) => {
    if (!context || !board.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...at(event));
    context.stroke();
    clearTimeout(due);
  });
  board.addEventListener("pointerup", readySoon);
  clear();
  return element(
    "div",
    { class: "drawing" },
    board,
    element("button", { type: "button", onclick: clear }, "Clear"),
  );
}
