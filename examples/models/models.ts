// Networks of the examples, for pictures of any size: the examples of their names train them, and so does the web page.

import { autoencoder } from "./autoencoder.ts";
import { fusedOp } from "./fused-op.ts";
import { ownModel } from "./own-model.ts";
import { ownOp } from "./own-op.ts";
import { residual } from "./residual.ts";

/** By the name of the example. */
export const examples = {
  "own-model": ownModel,
  residual,
  autoencoder,
  "own-op": ownOp,
  "fused-op": fusedOp,
};
