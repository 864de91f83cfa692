// Networks of the examples, for pictures of any size: `own-model.ts` and `residual.ts` train them, and so does the web page.

import { ownModel } from "./own-model.ts";
import { residual } from "./residual.ts";

/** By the name of the example. */
export const examples = { "own-model": ownModel, residual };
