// The networks of examples/models for the compiler of the package, whose sources they are none of: build.mjs bundles them into one file.

import type { Model } from "../engine/layers/model.ts";

export declare const examples: Readonly<
  Record<string, (shape: readonly number[], classes: number) => Model>
>;
