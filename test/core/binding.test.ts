// Views of tensors that are larger than a binding, and what is said of buffers that are larger than a device allows.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bindingTooLarge, viewsWithin } from "../../src/engine/core/binding.ts";
import { DeviceError } from "../../src/engine/core/errors.ts";
import { rootOf, storageOf } from "../../src/engine/core/tensor.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("binding");

const flat = (bytes: number) =>
  ({ label: "w", shape: [bytes / 4], dtype: "f32", storage: storageOf(bytes, "w") }) as const;

test("views begin where bindings may, cover the tensor and keep within the limit", () => {
  const tensor = flat(2576);
  const views = viewsWithin(tensor, 1023);
  const places = views.map(({ storage }) => [rootOf(storage).offset, storage.bytes]);
  assert.equal(places, [
    [0, 768],
    [768, 768],
    [1536, 768],
    [2304, 272],
  ]);
  for (const { storage } of views) assert.is(rootOf(storage).root, tensor.storage);
});

test("what fits is bound as it is; a limit below the alignment is an error", () => {
  const tensor = flat(512);
  assert.is(viewsWithin(tensor, 512)[0], tensor);
  assert.throws(() => viewsWithin(tensor, 255), "needs 256 bytes in one binding");
});

test("errors name the tensor, its size, the limit and a remedy", async () => {
  const { message, help, remedies } = bindingTooLarge("fc1/kernel", 411041792, 2 ** 27);
  assert.is(
    message,
    "device: fc1/kernel needs 392.0 MB in one binding, this adapter allows 128.0 MB",
  );
  assert.is(help, "use a smaller batch or model, or another adapter");
  assert.equal(remedies, ["batchSize", "adapter"]);
  const device = await gpu();
  const bytes = 2 * device.handle.limits.maxBufferSize;
  try {
    device.storage(bytes, "fc1/kernel");
    assert.unreachable();
  } catch (error) {
    assert.instance(error, DeviceError);
    assert.match(
      (error as Error).message,
      /^device: fc1\/kernel needs a buffer of \d+\.0 MB, this adapter allows \d+\.0 MB$/,
    );
  }
});

test.run();
