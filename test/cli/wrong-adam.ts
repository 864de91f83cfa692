// Loaded before a command: Adam adds its epsilon within the square root.

import shader from "../../src/shaders/adam.wgsl";

const right = "(sqrt(v_new) + params.epsilon)";
if (!shader.text.includes(right)) throw new Error(`wrong-adam: adam.wgsl has no ${right}`);
Object.assign(shader, { text: shader.text.replace(right, "sqrt(v_new + params.epsilon)") });
