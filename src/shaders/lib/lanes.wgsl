// Lanes: the elements, neighbours in memory, that an invocation takes at once: four, two or one. Bits: what they are
// made of.

//#if ${BY_FOUR}
alias Lanes = vec4f;
alias Bits = vec4u;
//#elif ${BY_TWO}
alias Lanes = vec2f;
alias Bits = vec2u;
//#else
alias Lanes = f32;
alias Bits = u32;
//#endif
