// Networks of the examples, for pictures of any size: the examples of their names train them, and so does the web page.

import { autoencoder } from "./autoencoder.ts";
import { ownModel } from "./own-model.ts";
import { residual } from "./residual.ts";

/** By the name of the example. */
export const examples = { "own-model": ownModel, residual, autoencoder };
