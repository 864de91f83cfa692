// Layers whose code is the user's own: in Python, in the file or not even there. No class here can stand for them.

import { FormatError } from "../../engine/core/errors.ts";
import type { JsonRecord } from "./json-record.ts";

const KERAS = /^(keras|tf_keras|tensorflow)(\.|$)/;

/** Throws FormatError for a Lambda and for classes that are not Keras's; `layer` is `{ class_name, config, … }`. */
export function refuseForeignLayer(layer: JsonRecord, where: string): void {
  const { class_name: className, registered_name: registered } = layer;
  const rule = `${where}: a layer must be of Keras's own code`;
  if (className === "Lambda") {
    throw new FormatError(`${rule}, got a Lambda, which is a function in Python`, {
      help: "replace it in Keras by a layer, such as Rescaling for x / 255, and save the model again",
    });
  }
  if (!isOwnClass(layer)) return;
  const got = typeof registered === "string" ? registered : String(className);
  throw new FormatError(`${rule}, got ${got}, a class of the model's author`, {
    help: "build the model of Keras's layers alone, give it these weights, and save it",
  });
}

/** Keras names the package of registered classes, `Custom>Mix`, and the module of all since 2.12. */
function isOwnClass({ class_name: className, registered_name: registered, module }: JsonRecord) {
  if (String(className).includes(">") || String(registered).includes(">")) return true;
  if (typeof module === "string") return !KERAS.test(module);
  return module === null && typeof registered === "string";
}
