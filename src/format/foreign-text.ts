// Text that is not ours, such as names in files, as it is shown: a control character would move the cursor, forge a line or
// hide what stands there.

/** Control characters; line and paragraph separator; marks that turn the direction of writing; halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** At most `most` characters, then an ellipsis; each character that would not be seen as it is becomes `\u001b`. */
export function foreignText(text: string, most = 80): string {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  const cut = characters.length > most ? `${characters.slice(0, most).join("")}…` : text;
  return escapeUnseen(cut);
}

/** The same, at any length. */
export function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
