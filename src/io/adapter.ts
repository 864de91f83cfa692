// Opens a WebGPU device in Node through Dawn (npm `webgpu`), and lists the adapters there are. The browser needs none of
// this: there the GPU object is navigator.gpu.

import os from "node:os";
import { create, globals } from "webgpu";
import { Device, type DeviceOptions } from "../engine/core/device.ts";
import { DeviceError } from "../engine/core/errors.ts";

Object.assign(globalThis, globals);

/** Dawn aborts the process when this is collected, even while a device lives. */
const instances: GPU[] = [];

export interface OpenOptions {
  /** Part of an adapter's name, as the driver gives it, in any case: `llvmpipe`, `nvidia`. */
  readonly adapter?: string;
  readonly onLost?: DeviceOptions["onLost"];
  /** Features to ask for beside those that kernels use, where the adapter has them; default none. */
  readonly features?: readonly string[];
  /** Bytes that rows of data may take on the device; more of them are streamed, to the same bits. Default 2 GiB. */
  readonly rowBudget?: number;
  /** A software adapter does not lower the main thread's priority, which processes that it starts would have; default false. */
  readonly keepsPriority?: boolean;
}

/** Of the person, who has the say; read before openDevice sets it for the driver. */
const GIVEN_THREADS = process.env["LP_NUM_THREADS"] || undefined;
/** Measured: as many again make up for the core that Node's main thread takes while it polls Dawn; of several processes others fill the gap. */
const THREADS_PER_CORE = 2;

/**
 * What llvmpipe reads when an adapter is requested, which splits each dispatch evenly over its threads; where several `processes` share
 * the cores, for each of them. Hardware drivers ignore it.
 */
export function driverEnvironment(processes = 1): { readonly LP_NUM_THREADS: string } {
  const cores = os.availableParallelism();
  const threads = processes === 1 ? THREADS_PER_CORE * cores : Math.floor(cores / processes);
  return { LP_NUM_THREADS: GIVEN_THREADS ?? String(Math.max(1, threads)) };
}

/** The main thread's priority before it was lowered; null where it was not. */
let ownPriority: number | null = null;

/** Opens the adapter asked for, or the one that Dawn prefers. Throws DeviceError when there is none. */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  Object.assign(process.env, driverEnvironment());
  raisePriority();
  const { adapter } = options;
  const device = await openNamed(adapter, options).catch((cause: unknown) => {
    const names = namesIn(cause);
    if (adapter === undefined || names === undefined) throw cause;
    const wanted = adapter.toLowerCase();
    const otherCase = names.find((name) => name.toLowerCase().includes(wanted));
    if (otherCase === undefined) throw unknownAdapter(adapter, names, cause);
    return openNamed(otherCase, options);
  });
  if (options.keepsPriority !== true) yieldToDriver(device);
  return device;
}

/** On a software adapter, the polling main thread yields to the driver's threads, which keep the priority they started with. */
export function yieldToDriver({ isSoftware }: Device): void {
  if (!isSoftware) return;
  ownPriority ??= os.getPriority();
  os.setPriority(0, os.constants.priority.PRIORITY_LOW);
}

/** Threads of another device start with the main thread's priority: at the low one they would take twice the time. */
function raisePriority(): void {
  if (ownPriority === null) return;
  try {
    os.setPriority(0, ownPriority);
  } catch {
    // Only some may raise it, as root may. One device a process is the common case.
  }
}

function openNamed(
  adapter: string | undefined,
  { onLost, rowBudget, features = [] }: OpenOptions,
): Promise<Device> {
  const flags = [
    // Dawn offers f16 on NVIDIA only where it is asked to.
    "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia",
    "disable-dawn-features=timestamp_quantization",
  ];
  if (adapter) flags.push(`adapter=${adapter}`);
  const gpu = create(flags);
  instances.push(gpu);
  return Device.open({ gpu, rowBudget, features, ...(onLost ? { onLost } : {}) });
}

/** Dawn throws a list of the adapters there are when none has the wanted name; names match letter by letter there. */
function namesIn(error: unknown): string[] | undefined {
  if (!(error instanceof Error) || !error.message.includes("no suitable backends"))
    return undefined;
  return [...error.message.matchAll(/name: '(.*)'/g)].map(([, name]) => name ?? "");
}

function unknownAdapter(adapter: string, names: readonly string[], cause: unknown): DeviceError {
  const details =
    names.length > 0
      ? { help: `the adapters here are: ${names.join("; ")}` }
      : { help: "no adapter was found at all: install a driver", remedies: ["setup"] };
  const argument = "adapter";
  const rule = `${argument}: must be part of the name of an adapter`;
  return new DeviceError(`${rule}, got ${adapter}`, { argument, ...details, cause });
}
