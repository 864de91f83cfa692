// What the thread tells of an HDF5 file: plain values that can be sent between threads. No data of data sets among them.

export interface Hdf5Node {
  /** `/conv1/conv1/kernel:0` */
  readonly path: string;
  /** Links to elsewhere are told, not followed. */
  readonly kind: "group" | "dataset" | "link" | "other";
  readonly attributes: readonly (readonly [name: string, value: AttributeValue])[];
  /** Names, in stored order. */
  readonly children: readonly string[];
  readonly dataset?: DatasetInfo;
}

/** Text, or what it is instead. */
export type AttributeValue =
  | { readonly isList: boolean; readonly strings: readonly string[] }
  | { readonly problem: string };

export interface DatasetInfo {
  /** Null where there is no place for data. Not checked for sense. */
  readonly shape: readonly number[] | null;
  readonly type: "float" | "int" | "uint" | "other";
  /** Of an element. */
  readonly bytes: number;
  readonly littleEndian: boolean;
  /** Shape of the pieces that it is stored in, null where it is stored in one. */
  readonly chunks: readonly number[] | null;
  /** Its data lie in other files. */
  readonly isVirtual: boolean;
  /** Numbers of the HDF5 registry: 1 deflate, 2 shuffle, 3 Fletcher's checksum. */
  readonly filters: readonly number[];
}
