// Pictures from the camera, which is asked for only when the reader wants it, and let go afterwards.

import { element, refill } from "../client/dom.ts";
import { Refused } from "./link.ts";

export function cameraElement(
  take: (picture: Blob) => void,
  complain: (error: unknown) => void,
): HTMLElement {
  const video = element("video", { class: "camera", hidden: true, playsinline: true });
  video.muted = true;
  const button = element("button", { type: "button", onclick: press }, "Use the camera");
  let stream: MediaStream | null = null;
  function press(): void {
    if (stream) shoot();
    else open().catch((error: unknown) => complain(refusalOf(error)));
  }
  async function open(): Promise<void> {
    // Not there on a page that is not secure.
    const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices };
    if (!mediaDevices) {
      throw new Error("must be asked for by a page that comes by https or from this machine");
    }
    stream = await mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    refill(button, "Take the picture");
  }
  function shoot(): void {
    const side = Math.min(video.videoWidth, video.videoHeight);
    const canvas = element("canvas", { width: side, height: side });
    const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
    canvas.getContext("2d")?.drawImage(video, left, top, side, side, 0, 0, side, side);
    canvas.toBlob((picture) => picture && take(picture));
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    refill(button, "Use the camera");
  }
  return element("div", { class: "drawing" }, video, button);
}

/** By the names that the browser gives: its own words say neither what was wanted nor what would help. */
const REASONS: Readonly<Record<string, readonly [message: string, help: string]>> = {
  NotAllowedError: [
    "camera: must be allowed for this page, got a refusal",
    "allow it beside the page's address, or drop a picture here instead",
  ],
  NotFoundError: [
    "camera: must be on this machine, got none",
    "connect one, or drop a picture here instead",
  ],
  NotReadableError: [
    "camera: must be free, got one that cannot be read",
    "close the program that uses it, and try again",
  ],
};

function refusalOf(error: unknown): Refused {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const [words, help] = REASONS[name] ?? [`camera: ${message}`, null];
  return new Refused({ message: words, help, kind: "refused" });
}
