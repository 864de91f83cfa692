// An edit as the end of an address: the shader's file and its text, deflated, so that a link keeps it. Nothing of it reaches a server,
// because browsers send no fragment.

export interface LinkedEdit {
  readonly file: string;
  readonly text: string;
}

/** Letters of an edited shader; the longest of ours has 40,000 with its fragments. */
const MOST_LETTERS = 400_000;

/** `kernels&file=gemm/naive&edit=…` */
export async function linkTo({ file, text }: LinkedEdit): Promise<string> {
  const packed = await through(
    new TextEncoder().encode(text),
    new CompressionStream("deflate-raw"),
  );
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  const edit = letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `kernels&file=${encodeURIComponent(file)}&edit=${edit}`;
}

/** Null for an address that keeps none. Throws Error for one that is cut off, or no text. */
export async function linkedEdit(fragment: string): Promise<LinkedEdit | null> {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const [file, edit] = [fields.get("file"), fields.get("edit")];
  if (file === null || edit === null) return null;
  try {
    const letters = atob(edit.replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const bytes = await through(packed, new DecompressionStream("deflate-raw"));
    return { file, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new Error(`link: must keep a whole edit of ${file}, got one that is cut off or changed`, {
      cause,
    });
  }
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    // A few letters of a link can unpack to gigabytes.
    if (length > MOST_LETTERS)
      throw new Error(`link: must unpack to at most ${MOST_LETTERS} bytes`);
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** What a shader's file is called on a disk: `gemm-naive.wgsl`. */
export function diskName(file: string): string {
  return `${file.replaceAll("/", "-")}.wgsl`;
}
