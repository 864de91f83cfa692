// Which invocation this is, of a grid that linearGrid (program/recorder.ts) may have folded into rows, because a
// dispatch has at most 65,535 workgroups along a dimension. (Where a barrier stands behind a branch on the workgroup, as
// in gemm/tiled.wgsl, an entry point takes these one by one: a struct is as uniform as its least uniform member.)

const WORKGROUP: u32 = 64u;  // invocations of a workgroup

struct Invocation {
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
}

fn group_index(id: Invocation) -> u32 {
  return id.wg.y * id.groups.x + id.wg.x;
}

fn linear_index(id: Invocation) -> u32 {
  return group_index(id) * WORKGROUP + id.local;
}
