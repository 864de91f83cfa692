// An address keeps an edit to the letter; one that was cut off, changed, or unpacks to more than a shader is refused.

import { deflateRawSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { diskName, linkedEdit, linkTo } from "../../src/page/web/kernels/edit-link.ts";
import naive from "../../src/shaders/conv2d/naive.wgsl";

const test = suite("edit link");

async function refused(fragment: string): Promise<string> {
  const read = await linkedEdit(fragment).catch(
    (error: Error) => `${error.message} ${error.cause}`,
  );
  if (typeof read === "string") return read;
  return assert.unreachable(`${fragment.slice(0, 60)} is read`) ?? "";
}

test("a link keeps the text to the letter, and is shorter than it", async () => {
  for (const text of [naive.text, "", "Σ x · w — „ü“ 𝛼\n"]) {
    const link = await linkTo({ file: "conv2d/naive", text });
    assert.match(link, /^kernels&file=conv2d%2Fnaive&edit=[\w-]*$/);
    assert.equal(await linkedEdit(`#${link}`), { file: "conv2d/naive", text });
  }
  const link = await linkTo({ file: "conv2d/naive", text: naive.text });
  assert.ok(link.length < 0.6 * naive.text.length, `${link.length} of ${naive.text.length}`);
});

test("addresses without an edit keep none", async () => {
  for (const fragment of ["", "#kernels", "#train", "#kernels&file=adam", "#kernels&edit=x"]) {
    assert.is(await linkedEdit(fragment), null);
  }
});

test("what is cut off, changed, or unpacks to gigabytes is refused", async () => {
  const link = await linkTo({ file: "adam", text: naive.text });
  for (const broken of [
    link.slice(0, -40),
    `${link.slice(0, -3)}***`,
    "kernels&file=a&edit=AAAA",
  ]) {
    assert.match(await refused(broken), /^link: must keep a whole edit of \w+, got one/);
  }
  const bomb = deflateRawSync(Buffer.alloc(50_000_000)).toString("base64url");
  assert.match(await refused(`kernels&file=adam&edit=${bomb}`), "at most 400000 bytes");
});

test("a file on a disk is called as its shader", () => {
  assert.is(diskName("conv2d/dw-subgroup"), "conv2d-dw-subgroup.wgsl");
});

test.run();
