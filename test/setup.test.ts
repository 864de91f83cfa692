// Set-up's own logic: stamps, locks, replacing folders, the child's environment, apt's answers. No
// network, and nothing of the project is changed; real provisioning is what every fresh run does.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adapterEnvironment, adapterIn, adapterKey, parseProbe } from "../src/setup/adapter.mjs";
import { parseUris } from "../src/setup/apt.mjs";
import { arMember } from "../src/setup/deb.mjs";
import { neededLibraries } from "../src/setup/elf.mjs";
import {
  cacheFolder,
  ROOT,
  replaceFolder,
  sweepTemporary,
  temporaryFolder,
} from "../src/setup/files.mjs";
import { checkNode } from "../src/setup/launch.mjs";
import { isWanted, readMesa } from "../src/setup/mesa.mjs";
import { hasPackages, satisfiesLock } from "../src/setup/packages.mjs";
import { readSystem, sourceLines } from "../src/setup/sources.mjs";

const test = suite<{ folder: string }>("setup", { folder: "" });
const SETUP = join(ROOT, "src", "setup");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "vitrine setup-"));
});
test.after.each((context) => rmSync(context.folder, { recursive: true, force: true }));

function write(folder: string, path: string, content: unknown): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

const importing = (file: string) => JSON.stringify(pathToFileURL(join(SETUP, file)).href);

test("node_modules counts as complete only with the stamp of this very lock file", ({ folder }) => {
  write(folder, "package-lock.json", "one");
  assert.not(hasPackages(folder));
  write(folder, "node_modules/.vitrine-setup.json", '{"lock": "7692c3ad3540bb');
  assert.not(hasPackages(folder), "half-written stamp");
  // sha256("one")
  const lock = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
  write(folder, "node_modules/.vitrine-setup.json", { lock });
  assert.ok(hasPackages(folder));
  write(folder, "package-lock.json", "two");
  assert.not(hasPackages(folder), "the lock file changed");
});

test("a finished npm installation is accepted, an interrupted or older one is not", ({
  folder,
}) => {
  const entry = { version: "1.0.0", integrity: "sha512-a" };
  const other = { version: "1.0.0", optional: true };
  const packages = { "": {}, "node_modules/a": entry, "node_modules/a-win32": other };
  const present = { "node_modules/a": entry };
  write(folder, "package-lock.json", { packages });
  write(folder, "node_modules/a/package.json", "{}");
  assert.not(satisfiesLock(folder), "npm writes its record last");
  write(folder, "node_modules/.package-lock.json", { packages: present });
  assert.ok(satisfiesLock(folder));
  rmSync(join(folder, "node_modules", "a"), { recursive: true });
  assert.not(satisfiesLock(folder), "a package was deleted");
  write(folder, "node_modules/a/package.json", "{}");
  write(folder, "package-lock.json", {
    packages: { "node_modules/a": { ...entry, version: "1.0.1" } },
  });
  assert.not(satisfiesLock(folder), "another version is wanted");
});

test("a folder is replaced whole, and leftovers of a kill are swept", ({ folder }) => {
  write(folder, "mesa/old", "old");
  const killed = temporaryFolder(folder);
  write(killed, "half", "ha");
  const work = temporaryFolder(folder);
  write(work, "new", "new");
  replaceFolder(work, join(folder, "mesa"), folder);
  assert.equal(readdirSync(join(folder, "mesa")), ["new"]);
  sweepTemporary(folder);
  assert.equal(readdirSync(folder), ["mesa"]);
});

test("a half-written Mesa folder does not count", ({ folder }) => {
  write(folder, "lib/a.so", "12345");
  assert.is(readMesa(folder), null);
  write(folder, "mesa.json", { version: "25.0.7", files: { "lib/a.so": 5 } });
  assert.equal(readMesa(folder), { version: "25.0.7", bytes: 5 });
  write(folder, "lib/a.so", "123");
  assert.is(readMesa(folder), null);
});

test("the environment names our own driver only where it is used", () => {
  const mesa = join(ROOT, ".cache", "mesa");
  const hardware = adapterEnvironment({ kind: "hardware", share: "nothing" }, {});
  assert.equal(hardware, { VITRINE_ADAPTER_KIND: "hardware" });
  const loader = adapterEnvironment({ kind: "hardware", share: "loader" }, {});
  assert.equal(loader, {
    VITRINE_ADAPTER_KIND: "hardware",
    LD_LIBRARY_PATH: join(mesa, "lib"),
  });
  const own = adapterEnvironment(
    { kind: "software", share: "driver" },
    { LD_LIBRARY_PATH: "/opt/lib", MESA_SHADER_CACHE_DIR: "/var/shaders" },
  );
  assert.equal(own, {
    VITRINE_ADAPTER_KIND: "software",
    LD_LIBRARY_PATH: `${join(mesa, "lib")}:/opt/lib`,
    VK_DRIVER_FILES: join(mesa, "lvp_icd.json"),
    MESA_SHADER_CACHE_DIR: "/var/shaders",
  });
  const system = adapterEnvironment({ kind: "software", share: "nothing" }, {});
  assert.is(system["MESA_SHADER_CACHE_DIR"], join(ROOT, ".cache", "mesa-shaders"));
});

test("a known adapter is asked for again when the drivers change", ({ folder }) => {
  const env = { XDG_DATA_DIRS: folder };
  const before = adapterKey(env);
  assert.is(adapterKey(env), before);
  write(folder, "vulkan/icd.d/new.json", "{}");
  const after = adapterKey(env);
  assert.is.not(after, before);
  assert.is.not(adapterKey({ ...env, VK_DRIVER_FILES: "/x.json" }), after);
});

test("a memory of the adapter that something else wrote is none", () => {
  const adapter = { name: "llvmpipe", driver: "Mesa", kind: "software", share: "driver" };
  assert.equal(adapterIn({ adapter }), adapter);
  const damages = [
    ...[null, "llvmpipe", [], {}, { ...adapter, share: "all" }],
    ...[
      { ...adapter, kind: 1 },
      { ...adapter, name: undefined },
      { ...adapter, driver: {} },
    ],
  ];
  for (const damage of damages) assert.is(adapterIn({ adapter: damage }), null);
  assert.is(adapterIn({}), null);
});

test("the probe's answer is found among a driver's own lines", () => {
  const found = { name: "llvmpipe", driver: "Mesa", isSoftware: true };
  assert.equal(parseProbe(`noise\n${JSON.stringify({ found })}\n`), found);
  assert.is(parseProbe('{"found":null}\n'), null);
  assert.is(parseProbe('{"found":{"name"'), null);
});

test("derivatives lead to the release below them", () => {
  const mint = 'ID=linuxmint\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME="noble"\n';
  assert.is(readSystem(mint).codename, "noble");
  assert.is(readSystem(mint).family, "ubuntu");
  assert.is(readSystem('ID=debian\nVERSION_CODENAME="bookworm"\n').codename, "bookworm");
  assert.is(readSystem("ID=debian\nVERSION_CODENAME=bookworm\n").family, "debian");
});

test("the source list uses the system's mirror, and backports only on demand", () => {
  const system = { codename: "bookworm", family: "debian", architecture: "arm64" } as const;
  const row = { uri: "http://mirror/debian/", release: "bookworm", origin: "Debian", entry: "" };
  const rows = [
    { ...row, uri: "http://derivative/", origin: "Raspberry" },
    row,
    { ...row, release: "bookworm-updates" },
  ];
  const { mirror, lines } = sourceLines({ system, rows, backports: true });
  assert.is(mirror, "http://mirror/debian/");
  const options = "deb [arch=arm64 target=Packages lang=none] http://mirror/debian/";
  assert.equal(lines, [
    `${options} bookworm main`,
    `${options} bookworm-updates main`,
    `${options} bookworm-backports main`,
  ]);
  assert.is(sourceLines({ system, rows, backports: false }).lines.length, 2);
  const none = sourceLines({ system, rows: [], backports: false });
  assert.is(none.mirror, "http://deb.debian.org/debian/");
});

test("apt's plan is read, and never brings another C library", () => {
  const plan = parseUris(`NOTE: this is a simulation
'http://m/libd/libdrm2_2.4.123-1%7ebpo12_amd64.deb' libdrm2_2.4.123-1~bpo12_amd64.deb 38648 MD5Sum:1
'http://m/libx/libx11-xcb1_1.8.4_amd64.deb' libx11-xcb1_2%3a1.8.4_amd64.deb 192 
`);
  assert.equal(plan, [
    { name: "libdrm2", version: "2.4.123-1~bpo12", bytes: 38648 },
    { name: "libx11-xcb1", version: "2:1.8.4", bytes: 192 },
  ]);
  const wanted = ["mesa-vulkan-drivers", "libllvm15", "zlib1g", "libxcb1"];
  const others = ["libc6", "libstdc++6", "libgcc-s1", "python3", "libpython3.11", "libx11-data"];
  assert.equal([...others, ...wanted].filter(isWanted), wanted);
});

test("a Debian package is an ar archive with padded members", () => {
  const member = (name: string, text: string) =>
    `${name.padEnd(48)}${String(text.length).padEnd(10)}\`\n${text}${text.length % 2 ? "\n" : ""}`;
  const archive = Buffer.from(
    `!<arch>\n${member("debian-binary", "2.0")}${member("data.tar", "x")}`,
  );
  assert.is(arMember(archive, "data.tar")?.bytes.toString(), "x");
  assert.is(arMember(archive, "control"), null);
  assert.is(arMember(Buffer.from("no archive"), "data.tar"), null);
});

test("needed libraries are read from a real library", ({ folder }) => {
  write(folder, "text.so", "not a library");
  assert.equal(neededLibraries(join(folder, "text.so")), []);
  const dawn = join(ROOT, "node_modules/webgpu/dist", `linux-${process.arch}.dawn.node`);
  if (existsSync(dawn)) assert.ok(neededLibraries(dawn).includes("libc.so.6"));
});

test("without apt there is one clear line", ({ folder }) => {
  const script = `import { openApt } from ${importing("apt.mjs")}; await openApt();`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { PATH: folder },
  });
  assert.is(status, 1);
  assert.match(stderr, "packages are fetched through apt, got a system without apt-get");
});

test("a Node that is too old is named", () => {
  assert.throws(() => checkNode("20.5.1"), "Node 20.6 or later is needed, got 20.5.1");
  assert.throws(() => checkNode("18.20.0"));
  for (const version of ["20.6.0", "20.20.2", "22.0.0"]) checkNode(version);
});

test("an unknown command is refused before anything is set up", ({ folder }) => {
  const launch = join(SETUP, "launch.mjs");
  const { stderr, status } = spawnSync(process.execPath, [launch, "../x"], {
    encoding: "utf8",
    cwd: folder,
  });
  assert.is(status, 2);
  assert.match(stderr, "launch: no such command, got ../x\nhelp: ");
  assert.equal(readdirSync(folder), []);
});

test("the cache lies in the project, or where that cannot be written, with the person's own", ({
  folder,
}) => {
  const env = { XDG_CACHE_HOME: join(folder, "xdg") };
  assert.is(cacheFolder(folder, env), join(folder, ".cache"));
  assert.is(cacheFolder(join(folder, "not-there"), env), join(folder, "xdg", "vitrine"));
});

test.run();
