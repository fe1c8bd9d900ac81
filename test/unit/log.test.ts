/** The control plane's log where it cannot be written: a process of its own, whose output is a device that is always full. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const script = `import { createLog } from "./src/main/log.ts";
process.stdout.on("error", (error) => { throw error; });
const log = createLog();
for (const line of ["first", "second"]) log.warn({}, line);
setTimeout(() => { log.error({}, "third"); process.stderr.write("still here"); }, 50);`;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "onvera-log-"));
  await build({
    stdin: { contents: script, resolveDir: process.cwd() },
    outfile: path.join(folder, "log.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** @param redirection of standard output, as the shell has it */
const run = (redirection: string) =>
  promisify(execFile)(
    "/bin/sh",
    ["-c", `exec "$0" "$1" ${redirection}`, process.execPath, path.join(folder, "log.cjs")],
    {
      timeout: 10_000,
      killSignal: "SIGKILL",
    },
  );

describe("the log of the control plane", () => {
  it("is one JSON line per event", async () => {
    const lines = (await run("")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["first", "second", "third"]);
  });

  it("neither ends nor holds up its process when the disk is full (issue: disk full)", async () => {
    expect((await run("> /dev/full")).stderr).toBe("still here");
  });
});
