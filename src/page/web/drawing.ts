// A board to draw on with a finger, a pen or a mouse: white on black.

import { element } from "../client/dom.ts";

const SIDE = 224;
const BRUSH = 16;
/** After the last stroke. */
const PAUSE_MS = 250;

/** Hands out what is drawn whenever the reader pauses. */
export function drawingElement(take: (picture: Blob) => void): HTMLElement {
  const board = element("canvas", { width: SIDE, height: SIDE, class: "board", tabindex: "0" });
  board.setAttribute("aria-label", "a board to draw on");
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
  board.addEventListener("pointerdown", (event) => {
    if (!context) return;
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    Object.assign(context, { strokeStyle: "#fff", lineWidth: BRUSH, lineCap: "round" });
    context.beginPath();
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
  board.addEventListener("pointerup", () => {
    clearTimeout(due);
    due = setTimeout(ready, PAUSE_MS);
  });
  clear();
  return element(
    "div",
    { class: "drawing" },
    board,
    element("button", { type: "button", onclick: clear }, "Clear"),
  );
}
