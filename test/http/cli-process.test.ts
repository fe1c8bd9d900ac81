import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inPhase, KEY, OPERATION, type Service, startService } from "./cli-service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bundles = join(root, "node_modules/.cache/onvera-tests");
let bundle: string;
let service: Service;
let home: string;

beforeAll(async () => {
  mkdirSync(bundles, { recursive: true });
  bundle = mkdtempSync(join(bundles, "cli-"));
  await build({
    absWorkingDir: root,
    entryPoints: { cli: "src/cli/main.ts" },
    outdir: bundle,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    packages: "external",
    // No command here runs a control plane.
    external: ["*/main/control-plane.ts"],
    logLevel: "error",
  });
});

afterAll(() => rmSync(bundle, { recursive: true, force: true }));

beforeEach(async () => {
  service = await startService();
  home = mkdtempSync(join(tmpdir(), "onvera-cli-"));
});

afterEach(async () => {
  rmSync(home, { recursive: true, force: true });
  await service.close();
});

function start(...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: home, ONVERA_API_URL: service.url, ONVERA_API_KEY: KEY };
  return spawn(process.execPath, [join(bundle, "cli.js"), ...args], { env });
}

function collect(child: ChildProcess) {
  const seen = { out: "", err: "" };
  const waiting: (() => void)[] = [];
  child.stdout?.on("data", (chunk) => {
    seen.out += chunk;
    for (const check of waiting) check();
  });
  child.stderr?.on("data", (chunk) => {
    seen.err += chunk;
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => seen.out.includes(text) && resolve();
      waiting.push(check);
      check();
    });
  return { seen, closed, until };
}

describe("the process", () => {
  it("leaves on SIGINT with 130, the work untouched, and tells how to go on", async () => {
    service.operation([inPhase("initializing", "Initializing")]);
    const child = start("deploy", "superset");
    const { seen, closed, until } = collect(child);
    await until("Status: initializing");
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(seen.err).toContain(`onvera ops wait ${OPERATION}`);
    expect(service.seen.every(({ path }) => !path.endsWith("/cancel"))).toBe(true);
  });

  it("prints plain lines into a pipe", async () => {
    service.operation([inPhase("initializing", "Initializing"), { status: "succeeded" }]);
    const { seen, closed } = collect(start("deploy", "superset"));
    expect(await closed).toBe(0);
    expect(seen.out).not.toContain("\u001b");
    expect(seen.out).not.toContain("\r");
    expect(seen.out.match(/^Status: /gm)).toHaveLength(2);
  });

  it("stands a reader that goes away", async () => {
    service.on("GET /deployments", () => ({
      data: {
        items: Array(20_000).fill({ name: "x" }),
        pagination: { page: 1, per_page: 100, total: 1, pages: 1, next_cursor: null },
      },
    }));
    const child = start("list", "-o", "json");
    const { seen, closed } = collect(child);
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await closed).toBe(0);
    expect(seen.err).toBe("");
  });

  it("answers --help and --version without asking any service", async () => {
    const help = collect(start("--help"));
    expect(await help.closed).toBe(0);
    expect(help.seen.out).toContain("Exit codes:");
    const version = collect(start("--version"));
    expect(await version.closed).toBe(0);
    expect(version.seen.out).toMatch(/^onvera \d+\.\d+\.\d+\n$/);
    expect(service.seen).toEqual([]);
  });

  it("completes commands, options and deployments", async () => {
    const ops = collect(start("__complete", "ops", "w"));
    await ops.closed;
    expect(ops.seen.out).toBe("wait\nwatch\n");
    const deployments = collect(start("__complete", "get", "my-"));
    await deployments.closed;
    expect(deployments.seen.out).toBe("my-superset-abc123\n");
    const sizes = collect(start("__complete", "deploy", "superset", "--size", ""));
    await sizes.closed;
    expect(sizes.seen.out).toBe("small\nmedium\nlarge\n");
  });
});
