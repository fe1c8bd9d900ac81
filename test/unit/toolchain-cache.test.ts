import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadPulumiCli } from "../../src/automation/toolchain/download-pulumi-cli.ts";
import { ensurePulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { placeExecutable, verifiedExecutable } from "../../src/automation/toolchain/verified-executable.ts";
import { createProgress, type ProgressEvent, silentProgress } from "../../src/domain/progress.ts";

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), "onvera-toolchain-"));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const made = { version: "1", origin: "built", madeFrom: {} } as const;

describe("the cache of verified programs", () => {
  const place = (folder: string, text = "#!/bin/sh\necho good\n") =>
    placeExecutable(folder, "tool", async (draft) => {
      await writeFile(path.join(draft, "tool"), text);
      return made;
    });

  it("gives back what was put there, and forgives a changed date", async () => {
    const folder = path.join(scratch, "a");
    const manifest = await place(folder);
    await utimes(path.join(folder, "tool"), 1, 1);
    expect(await verifiedExecutable(folder, "tool")).toMatchObject({
      sha256: manifest.sha256,
      modifiedAtMilliseconds: 1000,
    });
  });

  it("refuses a program that was changed, with the way out (design §6)", async () => {
    const folder = path.join(scratch, "a");
    await place(folder);
    await appendFile(path.join(folder, "tool"), "echo evil\n");
    const refusal = expect(verifiedExecutable(folder, "tool")).rejects;
    await refusal.toMatchObject({ code: "pulumi-tampered" });
    await expect(verifiedExecutable(folder, "tool")).rejects.toThrow(/remove .* onvera setup/);
  });

  it("refuses a program that others may write to", async () => {
    const folder = path.join(scratch, "a");
    await place(folder);
    await chmod(path.join(folder, "tool"), 0o777);
    await expect(verifiedExecutable(folder, "tool")).rejects.toMatchObject({ code: "pulumi-tampered" });
  });

  it("leaves nothing behind when making it fails, and takes half a folder for none", async () => {
    const folder = path.join(scratch, "a");
    await expect(placeExecutable(folder, "tool", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await readdir(scratch)).toEqual([]);
    await mkdir(folder);
    await writeFile(path.join(folder, "tool"), "half");
    expect(await verifiedExecutable(folder, "tool")).toBeUndefined();
    await place(folder);
    expect(await readFile(path.join(folder, "tool"), "utf8")).toMatch(/good/);
  });
});

describe("ensurePulumiCli", () => {
  const good = "v3.248.0";
  const bin = () => path.join(scratch, "bin");
  const paths = () => ({ toolchain: path.join(scratch, "toolchain"), goCache: path.join(scratch, "go") });

  async function script(name: string, text: string) {
    await mkdir(bin(), { recursive: true });
    await writeFile(path.join(bin(), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** A compiler that makes a program answering `version`, and counts how often it was asked to. */
  const compiler = (version: string, build = "") =>
    script(
      "go",
      `if [ "$1" = env ]; then echo go1.26.8; exit 0; fi
echo built >> ${scratch}/builds
echo github.com/some/package >&2
${build}
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho ${version}\\n' > "$2"
chmod +x "$2"`,
    );

  const ensure = (
    options: { signal?: AbortSignal; offline?: boolean; onEvent?: (event: ProgressEvent) => void } = {},
  ) =>
    ensurePulumiCli({
      paths: paths(),
      progress: options.onEvent ? createProgress(options.onEvent) : silentProgress,
      environment: { PATH: `${bin()}:/usr/bin:/bin`, HOME: "" },
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.offline ? { offline: true } : {}),
    });
  const builds = async () =>
    (await readFile(path.join(scratch, "builds"), "utf8").catch(() => "")).split("\n").length - 1;

  it("prefers an installed CLI of exactly this version, and asks it only once", async () => {
    await compiler(good);
    await script("pulumi", `echo asked >> ${scratch}/asked; echo ${good}`);
    expect(await ensure()).toMatchObject({ origin: "installed", path: path.join(bin(), "pulumi"), version: "3.248.0" });
    await ensure();
    expect(await readFile(path.join(scratch, "asked"), "utf8")).toBe("asked\n");
    expect(await builds()).toBe(0);
  });

  it("builds when the installed one is of another version, and builds once for many callers", async () => {
    await compiler(good);
    await script("pulumi", "echo v3.240.0");
    const all = await Promise.all([ensure(), ensure(), ensure()]);
    expect(new Set(all.map(({ path }) => path)).size).toBe(1);
    expect(all[0]).toMatchObject({ origin: "built", version: "3.248.0" });
    expect(await builds()).toBe(1);
    expect(await ensure()).toEqual(all[0]);
  });

  it("tells the build's steps with an estimate", async () => {
    await compiler(good);
    const events: ProgressEvent[] = [];
    await ensure({ onEvent: (event) => events.push(event) });
    const build = events.filter(({ step }) => step.name === "pulumi-build");
    expect(build[0]).toMatchObject({ type: "started", step: { estimateSeconds: expect.any(Number) } });
    expect(build.at(-1)).toMatchObject({ type: "done" });
  });

  it("uses a build of an earlier Go version while the network is not to be used", async () => {
    await compiler(good);
    const first = await ensure();
    await script("go", "if [ $1 = env ]; then echo go1.27.0; else exit 1; fi");
    expect(await ensure({ offline: true })).toEqual(first);
  });

  it("refuses a build that does not answer with the version, and keeps nothing of it", async () => {
    await compiler("v0.0.0-dev");
    await expect(ensure()).rejects.toMatchObject({ code: "pulumi-build-failed" });
    expect(await readdir(path.join(paths().toolchain, "pulumi", "3.248.0"))).not.toContainEqual(
      expect.stringMatching(/build-/),
    );
  });

  it("ends the compilers when it is canceled, and can begin again", async () => {
    await compiler(good, `echo $$ > ${scratch}/pid; [ -e ${scratch}/go-on ] || sleep 1000`);
    const cancel = new AbortController();
    const running = ensure({
      signal: cancel.signal,
      onEvent: (event) => {
        if (event.type === "updated" && event.step.name === "pulumi-build") cancel.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "canceled" });
    await writeFile(path.join(scratch, "go-on"), "");
    expect(await ensure()).toMatchObject({ origin: "built" });
  });

  it("refuses a cached CLI that was changed, instead of running it (design §6)", async () => {
    await compiler(good);
    const { path: file } = await ensure();
    await appendFile(file, "echo evil\n");
    await expect(ensure()).rejects.toMatchObject({ code: "pulumi-tampered" });
  });
});

describe("downloadPulumiCli", () => {
  let server: http.Server;
  let url: string;
  let archive: Buffer;
  beforeEach(async () => {
    await mkdir(path.join(scratch, "pulumi"));
    await writeFile(path.join(scratch, "pulumi", "pulumi"), "#!/bin/sh\necho v3.248.0\n", { mode: 0o755 });
    const tar = spawn("tar", ["-czf", path.join(scratch, "pulumi.tar.gz"), "-C", scratch, "pulumi"]);
    await once(tar, "exit");
    archive = await readFile(path.join(scratch, "pulumi.tar.gz"));
    server = http.createServer((request, response) => {
      if (request.url === "/cut")
        response
          .writeHead(200, { "content-length": archive.length })
          .write(archive.subarray(0, 20), () => response.destroy());
      else if (request.url === "/missing") response.writeHead(404).end();
      else response.end(archive);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const target = async () => {
    const folder = path.join(scratch, "target");
    await mkdir(folder);
    return folder;
  };

  it("unpacks an archive with the expected SHA-256", async () => {
    const sha256 = createHash("sha256").update(archive).digest("hex");
    const folder = await target();
    expect(await downloadPulumiCli({ url: `${url}/good`, sha256, folder })).toBe(true);
    expect(await readdir(folder)).toEqual(["pulumi"]);
  });

  it("refuses another archive and unpacks nothing of it (design §6)", async () => {
    const folder = await target();
    await expect(downloadPulumiCli({ url: `${url}/good`, sha256: "0".repeat(64), folder })).rejects.toMatchObject({
      code: "pulumi-unverified",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(["/missing", "/cut"])("goes on without when the server answers badly (%s)", async (route) => {
    const folder = await target();
    expect(await downloadPulumiCli({ url: `${url}${route}`, sha256: "0".repeat(64), folder })).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it("goes on without when nobody answers", async () => {
    server.close();
    server.closeAllConnections();
    expect(await downloadPulumiCli({ url: "http://127.0.0.1:1", sha256: "0".repeat(64), folder: await target() })).toBe(
      false,
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
});
