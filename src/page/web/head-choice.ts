// What the last layer of a file's model may be: that of the file, or a new one for the data's classes, trained with all the others or alone.

export const HEADS = ["the file's", "new", "new, the rest held fixed"] as const;
export type HeadChoice = (typeof HEADS)[number];
