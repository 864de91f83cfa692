declare module "*.wgsl" {
  const shader: import("../engine/core/wgsl.ts").Shader;
  export default shader;
}
