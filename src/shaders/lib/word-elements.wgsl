// Which components of a vec4 word are elements of a flat tensor: what the last word holds beyond it may be anything.

fn word_elements(word: u32, elements: u32) -> vec4<bool> {
  return vec4u(4u * word) + vec4u(0u, 1u, 2u, 3u) < vec4u(elements);
}
