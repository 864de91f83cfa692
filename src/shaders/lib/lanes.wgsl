// Lanes: the elements, neighbours in memory, that an invocation takes at once: four, two or one. Bits: what they are
// made of.

//#if ${BY_FOUR}
alias Lanes = vec4f;
alias Bits = vec4i;
//#elif ${BY_TWO}
alias Lanes = vec2f;
alias Bits = vec2i;
//#else
alias Lanes = f32;
alias Bits = i32;
//#endif
