// What to use in Keras instead of an option that is not here, so that a refusal helps.

const SMOOTH = "bilinear and nearest are what images are resized with here";
const QUANTISED =
  "save the model before model.quantize, or load it in Keras with a policy of floats and copy the weights";

/** By class and option, or by the option alone. */
const REMEDIES: Readonly<Record<string, string>> = {
  "Concatenate.axis": "one axis from 1, or -1 for the last",
  "Conv2DTranspose.dilation_rate": "UpSampling2D and a Conv2D of that dilation_rate come close",
  "Conv2DTranspose.groups":
    "a Conv2DTranspose of one group, or UpSampling2D and a Conv2D of groups",
  "DepthwiseConv2D.groups": "it has a group for every channel anyway",
  "LayerNormalization.rms_scaling": "LayerNormalization without it comes close",
  "Normalization.axis": "Permute before and after it, so that the axis is the last one",
  "Resizing.antialias": `${SMOOTH}, without smoothing; AveragePooling2D before it smooths`,
  "Resizing.interpolation": SMOOTH,
  "Resizing.pad_to_aspect_ratio": "ZeroPadding2D before it does the same for images of one size",
  "UpSampling2D.interpolation": SMOOTH,
  activation: "put a layer of one of these after it",
  axis: "Permute before and after it, so that the axis is the last one",
  data_format:
    "build the model with data_format='channels_last': kernels are the same there, and Permute turns the images",
  dtype: QUANTISED,
  quantization_config: QUANTISED,
  noise_shape: "SpatialDropout2D drops whole channels",
};

/** Of what a layer has beyond what it can be told here. */
export const KEEP = "leave it as Keras has it by default";

/** Undefined where the rule says all. */
export function remedyFor(className: string, option: string): string | undefined {
  const own = `${className}.${option}`;
  if (Object.hasOwn(REMEDIES, own)) return REMEDIES[own];
  return Object.hasOwn(REMEDIES, option) ? REMEDIES[option] : undefined;
}
