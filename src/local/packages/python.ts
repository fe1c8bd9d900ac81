/** Which Python runs the apps. */
import { existsSync } from "node:fs";
import path from "node:path";
import { SetupError } from "../../domain/setup-error.ts";
import type { Owner } from "./package-paths.ts";
import { runProgram } from "./run-program.ts";

/** The locks hold for these; a newer Python has no binaries of some locked packages. */
export const pythonRange = { least: [3, 10], most: [3, 12] } as const;

export interface Python {
  path: string;
  /** `3.11` */
  minor: string;
}

export interface PythonSearch {
  /** Who will run it; null for ourselves. */
  owner: Owner | null;
  environment?: Readonly<Record<string, string | undefined>>;
  /** Folders searched before PATH. */
  firstFolders?: readonly string[];
  signal?: AbortSignal;
}

const names = ["python3.11", "python3.12", "python3.10", "python3"];
const systemFolders = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/**
 * The first fitting Python that the apps' user can execute: ONVERA_PYTHON, then the system's, then PATH. The system's
 * come first because those in a person's home are closed to other users.
 * @throws SetupError `python-missing` or `python-unfit`, saying what was found and what to install
 */
export async function findPython(search: PythonSearch): Promise<Python> {
  const { environment = process.env, firstFolders = systemFolders } = search;
  const chosen = environment.ONVERA_PYTHON;
  if (chosen) {
    const answer = await askPython(chosen, search);
    if ("path" in answer) return answer;
    throw unfit([`ONVERA_PYTHON=${chosen}: ${answer.refusal}`]);
  }
  const refusals: string[] = [];
  for (const candidate of candidates(firstFolders, environment.PATH)) {
    const answer = await askPython(candidate, search);
    if ("path" in answer) return answer;
    refusals.push(`${candidate}: ${answer.refusal}`);
  }
  throw refusals.length === 0 ? missing() : unfit(refusals);
}

function candidates(firstFolders: readonly string[], searchPath: string | undefined): string[] {
  const folders = new Set([...firstFolders, ...(searchPath ?? "").split(path.delimiter).filter(path.isAbsolute)]);
  return [...folders]
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .filter((file) => existsSync(file));
}

/** `sys.executable` leads past shims and links to the interpreter itself. */
const question =
  "import ssl,sys,sysconfig;print(sys.executable,*sys.version_info[:2],sys.implementation.name,sep='\\n')";

async function askPython(file: string, { owner, signal }: PythonSearch): Promise<Python | { refusal: string }> {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/nonexistent", LC_ALL: "C.UTF-8" };
  // -I: nothing of the caller's environment or folders decides the answer.
  const asked = await runProgram({ command: [file, "-I", "-c", question], env, owner, ...(signal ? { signal } : {}) });
  if (asked.exitCode !== 0) {
    const why = asked.stderr.trim().split("\n").at(-1);
    return { refusal: `cannot be run${owner ? ` by uid ${owner.uid}` : ""} (${why || `exit code ${asked.exitCode}`})` };
  }
  const [executable = "", major = "", minor = "", implementation = ""] = asked.stdout.trim().split("\n");
  const version = [Number(major), Number(minor)] as const;
  if (implementation !== "cpython") return { refusal: `is ${implementation}; CPython is needed` };
  if (compare(version, pythonRange.least) < 0) return { refusal: `is Python ${major}.${minor}, too old` };
  if (compare(version, pythonRange.most) > 0) return { refusal: `is Python ${major}.${minor}, too new for the apps` };
  return { path: executable, minor: `${major}.${minor}` };
}

const compare = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0] || a[1] - b[1];

const rangeText = `${pythonRange.least.join(".")} to ${pythonRange.most.join(".")}`;
const installHint = `Install one (Debian, Ubuntu: apt-get install python3; macOS: brew install python@3.12), or name it in ONVERA_PYTHON.`;

function missing(): SetupError {
  return new SetupError("python-missing", {
    what: `No Python ${rangeText} was found`,
    why: "Superset and Airflow are Python programs.",
    nextStep: installHint,
  });
}

function unfit(refusals: string[]): SetupError {
  return new SetupError("python-unfit", {
    what: `No fitting Python ${rangeText} was found`,
    why: `${refusals.join("; ")}.`,
    nextStep: installHint,
  });
}
