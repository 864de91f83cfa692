// What the course of docs/learn leaves to the reader, as far as it is a kernel's text: a shipped kernel with a piece cut out, or a shader
// of one's own. The grader is that of every edit.

import type { Shader } from "../../../engine/core/wgsl.ts";

export interface Exercise {
  readonly title: string;
  /** Of docs/learn. */
  readonly chapter: number;
  readonly task: string;
  /** The shader that it is in. */
  readonly file: string;
  /** What is cut out of the shipped text, and what stands there at first; null: it begins with the shader as it is. */
  readonly hole: { readonly from: string; readonly to: string } | null;
}

export const EXERCISES: readonly Exercise[] = [
  {
    title: "A window times a filter",
    chapter: 1,
    task: "In forward, the sum over the channels is gone: add what x has from from_x on, times what w has from from_w on, p.o apart.",
    file: "conv2d/naive",
    hole: {
      from: `      for (var i = 0u; i < p.i; i++) {
        sum += x[from_x + i] * w[from_w + i * p.o];
      }`,
      to: "      // yours: sum += …",
    },
  },
  {
    title: "The gradient of a filter",
    chapter: 3,
    task: "In weight_gradient, each window's pixel times the gradient of what it made is gone. x_index and y_index say where both lie.",
    file: "conv2d/naive",
    hole: {
      from: "        row += x[x_index(n, h, column) + i] * dy[y_index(n, oh, ow) + o];",
      to: "        // yours: row += …",
    },
  },
  {
    title: "A step of Adam",
    chapter: 6,
    task: "The rule of chapter 6 is gone: new means of the gradient and of its square, and the weight's step. The numbers 1 − β come ready in params.",
    file: "adam",
    hole: {
      from: `    let m_new = m_old + (g - m_old) * params.one_minus_beta1;
    let v_new = v_old + (g * g - v_old) * params.one_minus_beta2;
`,
      to: `    let m_new = m_old;  // yours
    let v_new = v_old;  // yours
`,
    },
  },
  {
    title: "Leaky ReLU",
    chapter: 8,
    task: "Let params.slope of what is negative pass, forward and backward. What does it do with a NaN, and with a slope above 1?",
    file: "exercises/leaky-relu",
    hole: null,
  },
];

/** What the exercise begins with; null where the shader has changed since it was written. */
export function startOf({ hole }: Exercise, { text }: Pick<Shader, "text">): string | null {
  if (!hole) return text;
  return text.includes(hole.from) ? text.replace(hole.from, () => hole.to) : null;
}
