// What is shown where there is no WebGPU: why, which browsers have it, and a step that was recorded elsewhere.

import { element } from "../client/dom.ts";

const BROWSERS: readonly (readonly [name: string, how: string])[] = [
  [
    "Chrome and Edge, from 113",
    "Windows, macOS and ChromeOS: nothing to do. Linux: chrome://flags, “Unsafe WebGPU Support” and “Vulkan”",
  ],
  ["Chrome on Android, from 121", "on Android 12 and later: nothing to do"],
  ["Safari, from 26", "macOS 26, iOS 26 and iPadOS 26: nothing to do"],
  [
    "Firefox, from 141",
    "Windows, and macOS on Apple silicon from 145: nothing to do. Elsewhere: about:config, dom.webgpu.enabled",
  ],
];

export function noWebGpu(): HTMLElement {
  const isSecure = window.isSecureContext;
  const why = isSecure
    ? "This browser offers this page no WebGPU adapter, and everything here is computed by one."
    : "Browsers offer WebGPU only to pages that come by https, or from this machine; this one came otherwise.";
  return element(
    "section",
    { class: "none" },
    element("h2", {}, "No WebGPU here"),
    element("p", {}, why),
    element(
      "dl",
      {},
      ...BROWSERS.flatMap(([name, how]) => [element("dt", {}, name), element("dd", {}, how)]),
    ),
    element("p", {}, "What a training step looks like inside needs none: this one was recorded."),
    element("iframe", {
      src: "inspector.html",
      title: "a recorded training step",
      class: "inspector",
    }),
  );
}
