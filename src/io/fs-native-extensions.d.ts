// fs-native-extensions ships no types; of what it exports, what is used here.
declare module "fs-native-extensions" {
  /** An exclusive lock on the whole file, the system's own: false where another open file has it. It goes with the file. */
  export function tryLock(fd: number): boolean;
}
