/** A Python that has pip, to fetch the installer with. It need not be one the apps can run. */
import { existsSync } from "node:fs";
import path from "node:path";
import { SetupError } from "../../domain/setup-error.ts";
import { runProgram } from "./run-program.ts";

/**
 * Path of the first Python on PATH or in the system's folders that can run pip.
 * @throws SetupError `python-missing` when there is none
 */
export async function pythonWithPip(signal: AbortSignal | undefined): Promise<string> {
  const folders = new Set([...(process.env.PATH ?? "").split(path.delimiter).filter(path.isAbsolute), "/usr/bin"]);
  const files = [...folders].map((folder) => path.join(folder, "python3")).filter((file) => existsSync(file));
  for (const file of files) {
    const env = { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: process.env.HOME ?? "/nonexistent" };
    const command = [file, "-m", "pip", "--version"] as const;
    const asked = await runProgram({ command, env, ...(signal ? { signal } : {}) });
    if (asked.exitCode === 0) return file;
  }
  throw new SetupError("python-missing", {
    what: "No Python with pip was found",
    why: "it fetches the installer of the apps' packages.",
    nextStep: "Install it (Debian, Ubuntu: apt-get install python3-pip), then run the command again.",
  });
}
