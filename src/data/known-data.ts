// Data sets that come in the very files that Fashion-MNIST comes in, known by checksum: their classes are others.

import { createHash } from "node:crypto";
import { type Dataset, numberedClasses } from "./dataset.ts";
import { OFFICIAL_FILES, type TrainAndTest } from "./official-files.ts";

export interface KnownData {
  /** `mnist` */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** MD5 of the IDX files of labels, unpacked. */
  readonly labelsMd5: { readonly train: string; readonly test: string };
  readonly classNames: readonly string[];
}

export const KNOWN_DATA: readonly KnownData[] = [
  {
    ...{ name: "mnist", title: "MNIST's digits" },
    labelsMd5: {
      train: "a25bea736e30d166cdddb491f175f624",
      test: "27ae3e4e09519cfbb04c329615203637",
    },
    classNames: numberedClasses(10),
  },
];

/** The same rows under their own names, and what they are; null where nobody knows them. */
export function recognise<Data extends TrainAndTest>(
  data: Data,
  known: readonly KnownData[] = KNOWN_DATA,
): { readonly data: Data; readonly title: string } | null {
  const found = known.find(({ labelsMd5: { train, test } }) => {
    return md5OfLabels(data.train) === train || md5OfLabels(data.test) === test;
  });
  if (!found) return null;
  return { data: renamed(data, found), title: found.title };
}

/** The same rows as those of the data set of that name. */
export function renamed<Data extends TrainAndTest>(
  data: Data,
  { name, classNames }: Pick<KnownData, "name" | "classNames">,
): Data {
  const named = (part: "train" | "test"): Dataset => {
    return { ...data[part], name: `${name}/${part}`, classNames };
  };
  return { ...data, train: named("train"), test: named("test") };
}

/** Whether the labels of train or of test are those of the official Fashion-MNIST. */
export function isOfficial({ train, test }: TrainAndTest): boolean {
  const labels = OFFICIAL_FILES.filter(({ kind }) => kind === "labels").map(({ md5 }) => md5);
  return [train, test].some((dataset) => labels.includes(md5OfLabels(dataset)));
}

/** Of the labels as an IDX file has them: magic number, count, a byte each. */
function md5OfLabels({ labels }: Dataset): string {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(0x801, 0);
  header.writeUInt32BE(labels.length, 4);
  return createHash("md5").update(header).update(labels).digest("hex");
}
