// Every drawing of docs/learn, by the name of its file.

import { drawArenas } from "./arenas.ts";
import { drawGradients } from "./gradients.ts";
import { drawLadder } from "./ladder.ts";
import { drawLeakyRelu } from "./leaky-relu.ts";
import { drawNan } from "./nan.ts";
import { drawPixel } from "./pixel.ts";
import { drawSlots } from "./slots.ts";
import { drawTape } from "./tape.ts";

export const DRAWINGS: Readonly<Record<string, () => string>> = {
  "01-one-pixel": drawPixel,
  "02-the-tape": drawTape,
  "03-dx-and-dw": drawGradients,
  "04-the-ladder": drawLadder,
  "05-the-planner": drawSlots,
  "06-adam": drawArenas,
  "07-finding-a-nan": drawNan,
  "08-exercises": drawLeakyRelu,
};
