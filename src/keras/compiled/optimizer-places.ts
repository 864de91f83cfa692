// Where an optimiser's variables lie.

/** By number, within model.weights.h5. */
export const ARCHIVE_VARS = "/optimizer/vars";
/** By name, within a whole model's `.h5`. */
export const LEGACY_WEIGHTS = "/optimizer_weights";
