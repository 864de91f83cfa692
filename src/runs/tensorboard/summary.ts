// Values of TensorBoard's summaries as protocol buffers: scalars, histograms, images, and what its HParams page wants.
// Sources: tensorflow/core/framework/summary.proto, tensorboard/plugins/hparams/{plugin_data,api}.proto.

import type { PbfWriter } from "pbf";
import { PbfWriter as Writer } from "pbf";

export type SummaryValue =
  | { readonly kind: "scalar"; readonly tag: string; readonly value: number }
  | { readonly kind: "histogram"; readonly tag: string; readonly histogram: Histogram }
  | { readonly kind: "image"; readonly tag: string; readonly image: Image }
  | { readonly kind: "hparams"; readonly tag: string; readonly content: Uint8Array };

/** Equal bins from min to max. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly bins: readonly number[];
}

export interface Image {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 RGB. */
  readonly colours: 1 | 3;
  readonly png: Uint8Array;
}

export type HparamValue = string | number | boolean;

export function writeSummaryValue(value: SummaryValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.tag);
  if (value.kind === "scalar") pbf.writeFloatField(2, value.value);
  else if (value.kind === "histogram") pbf.writeMessage(5, writeHistogram, value.histogram);
  else if (value.kind === "image") pbf.writeMessage(4, writeImage, value.image);
  else {
    pbf.writeMessage(8, writeNullTensor, null);
    pbf.writeMessage(9, writeHparamsMetadata, value.content);
  }
}

function writeHistogram(histogram: Histogram, pbf: PbfWriter): void {
  const { min, max, count, mean, deviation, bins } = histogram;
  const width = (max - min) / bins.length;
  pbf.writeDoubleField(1, min);
  pbf.writeDoubleField(2, max);
  pbf.writeDoubleField(3, count);
  pbf.writeDoubleField(4, mean * count);
  pbf.writeDoubleField(5, count * (deviation ** 2 + mean ** 2));
  // The first bucket is empty, because TensorBoard takes it to begin at minus infinity.
  pbf.writePackedDouble(6, [min, ...bins.map((_, i) => min + width * (i + 1))]);
  pbf.writePackedDouble(7, [0, ...bins]);
}

function writeImage({ height, width, colours, png }: Image, pbf: PbfWriter): void {
  pbf.writeVarintField(1, height);
  pbf.writeVarintField(2, width);
  pbf.writeVarintField(3, colours);
  pbf.writeBytesField(4, png);
}

/** TensorProto of one float32 0: the value of summaries whose content is in their metadata. */
function writeNullTensor(_: null, pbf: PbfWriter): void {
  pbf.writeVarintField(1, 1);
  pbf.writeMessage(
    2,
    (_shape, shape) => shape.writeMessage(2, (_dim, dim) => dim.writeVarintField(1, 1), null),
    null,
  );
  pbf.writePackedFloat(5, [0]);
}

function writeHparamsMetadata(content: Uint8Array, pbf: PbfWriter): void {
  pbf.writeMessage(
    1,
    (bytes, plugin) => {
      plugin.writeStringField(1, "hparams");
      plugin.writeBytesField(2, bytes);
    },
    content,
  );
}

export interface HparamInfo {
  readonly name: string;
  readonly type: "string" | "boolean" | "number";
}

/** What a study searches, and by what it is judged: one for the folder of all trials. */
export function experimentSummary(
  hparams: readonly HparamInfo[],
  metrics: readonly { readonly tag: string; readonly group: string; readonly name: string }[],
): SummaryValue {
  const content = hparamsData(2, (pbf) => {
    for (const { name, type } of hparams) {
      pbf.writeMessage(
        4,
        (_, info) => {
          info.writeStringField(1, name);
          info.writeVarintField(4, { string: 1, boolean: 2, number: 3 }[type]);
        },
        null,
      );
    }
    for (const metric of metrics) {
      pbf.writeMessage(
        5,
        (_, info) => {
          info.writeMessage(
            1,
            (_name, name) => {
              name.writeStringField(1, metric.group);
              name.writeStringField(2, metric.tag);
            },
            null,
          );
          info.writeStringField(3, metric.name);
        },
        null,
      );
    }
  });
  return { kind: "hparams", tag: "_hparams_/experiment", content };
}

/** The values of one trial. */
export function sessionStartSummary(
  name: string,
  values: Readonly<Record<string, HparamValue>>,
  now = Date.now(),
): SummaryValue {
  const content = hparamsData(3, (pbf) => {
    for (const [key, value] of Object.entries(values)) {
      pbf.writeMessage(
        1,
        (_, entry) => {
          entry.writeStringField(1, key);
          entry.writeMessage(2, writeStructValue, value);
        },
        null,
      );
    }
    pbf.writeStringField(4, name);
    pbf.writeDoubleField(5, now / 1000);
  });
  return { kind: "hparams", tag: "_hparams_/session_start_info", content };
}

const STATUS = { succeeded: 1, failed: 2 } as const;

export function sessionEndSummary(status: keyof typeof STATUS, now = Date.now()): SummaryValue {
  const content = hparamsData(4, (pbf) => {
    pbf.writeVarintField(1, STATUS[status]);
    pbf.writeDoubleField(2, now / 1000);
  });
  return { kind: "hparams", tag: "_hparams_/session_end_info", content };
}

/** google.protobuf.Value. */
function writeStructValue(value: HparamValue, pbf: PbfWriter): void {
  if (typeof value === "number") pbf.writeDoubleField(2, value);
  else if (typeof value === "string") pbf.writeStringField(3, value);
  else pbf.writeBooleanField(4, value);
}

/** HParamsPluginData of version 0 with one field. */
function hparamsData(field: number, fill: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new Writer();
  pbf.writeMessage(field, (_, inner) => fill(inner), null);
  return pbf.finish();
}
