/** Schemathesis in a virtual environment of its own, kept in the cache between runs. */
import { execFile } from "node:child_process";
import { rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../src/local/lock-file.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import { prepareFolders } from "../../src/local/prepare-folders.ts";

const VERSION = "4.32.5";
const run = promisify(execFile);

export interface FuzzResult {
  code: number;
  output: string;
}

/** Installs it where it is missing, and gives its executable. */
export async function ensureSchemathesis(): Promise<string> {
  const paths = resolvePaths();
  await prepareFolders(paths);
  const folder = path.join(paths.cache, `schemathesis-${VERSION}`);
  const executable = path.join(folder, "bin", "schemathesis");
  const done = path.join(folder, "installed");
  await withLock(`${folder}.lock`, {}, async () => {
    if (await exists(done)) return;
    await rm(folder, { recursive: true, force: true });
    await run("python3", ["-m", "venv", folder]);
    await run(path.join(folder, "bin", "pip"), [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      `schemathesis==${VERSION}`,
    ]);
    await run("touch", [done]);
  });
  return executable;
}

/** Runs it to its end, whatever it finds. */
export async function fuzz(
  executable: string,
  args: string[],
  { env, cwd, timeoutSeconds }: { env: Record<string, string>; cwd: string; timeoutSeconds: number },
): Promise<FuzzResult> {
  const options = { cwd, timeout: timeoutSeconds * 1000, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } };
  try {
    const { stdout } = await run(executable, args, options);
    return { code: 0, output: stdout };
  } catch (error) {
    const failed = error as { code?: number | null; stdout?: string; stderr?: string };
    return { code: failed.code ?? -1, output: `${failed.stdout ?? ""}${failed.stderr ?? ""}` };
  }
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
