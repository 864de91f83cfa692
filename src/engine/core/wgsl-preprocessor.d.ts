// wgsl-preprocessor ships no types and no `exports`.
declare module "wgsl-preprocessor/wgsl-preprocessor.js" {
  export function wgsl(strings: readonly string[], ...values: readonly boolean[]): string;
}
