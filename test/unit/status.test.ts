import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { silentProgress } from "../../src/domain/progress.ts";
import { runStatus } from "../../src/main/status.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), "onvera-status-"));
  vi.stubEnv("ONVERA_HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

async function status(output?: "json"): Promise<string> {
  let said = "";
  const out = (text: string) => {
    said += text;
  };
  const io = { out, err: out, progress: silentProgress, signal: new AbortController().signal };
  await runStatus(output ? { output } : {}, io);
  return said;
}

it("names the file with the first admin's password, as the sign-in page says, and never what is in it (issue: where the password is)", async () => {
  expect(JSON.parse(await status("json")).first_admin_file).toBeNull();
  const file = path.join(home, "secrets", "first-admin.json");
  mkdirSync(path.dirname(file));
  writeFileSync(file, JSON.stringify({ email: "admin@localhost", password: "correct horse" }));
  const said = await status();
  expect(said).toMatch(new RegExp(`^First admin +.*${file}$`, "m"));
  expect(said).not.toContain("correct horse");
  expect(JSON.parse(await status("json")).first_admin_file).toBe(file);
});
