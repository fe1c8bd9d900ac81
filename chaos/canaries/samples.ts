/** Looks at what exists for moments only: argument lists and environments of processes, and files under way, 20 times a second. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const LOOKS_A_SECOND = 20;
const EVERY_MILLISECONDS = 1000 / LOOKS_A_SECOND;
/** What is larger is a package or a bundle. */
const LARGEST_FILE_BYTES = 1024 * 1024;

export interface Sample {
  where: string;
  content: string;
}

export interface Samples {
  /** How often it looked. */
  looks(): number;
  /** Processes seen. */
  processes(): number;
  /** Ends the looking. @returns everything different that was seen */
  stop(): Sample[];
}

/**
 * Starts looking.
 * @param folder processes that name it in argument list or environment are looked at, and all their descendants
 * @param passing folders of files that are removed when they have served
 */
export function sampleProcesses(folder: string, passing: readonly string[]): Samples {
  const seen = new Map<string, Sample>();
  const pids = new Set<number>();
  const known = new Map<number, ProcessRow>();
  let foreign = new Set<number>();
  let looks = 0;
  const note = (where: string, content: string) => {
    if (content !== "") seen.set(`${where}\0${content}`, { where, content });
  };
  const look = () => {
    looks += 1;
    // Others' processes are looked at again once a second: those of ours that start meanwhile have pids of their own.
    if (looks % LOOKS_A_SECOND === 0) foreign = new Set();
    for (const process of productProcesses(folder, known, foreign)) {
      pids.add(process.pid);
      const name = `${process.program} ${process.pid}${process.mark === "" ? "" : ` of ${process.mark}`}`;
      note(`argv: ${name}`, process.argv);
      note(`environment: ${name}`, process.environment);
    }
    for (const place of passing) for (const file of filesBelow(place)) note(`passing: ${file}`, read(file));
  };
  look();
  const timer = setInterval(look, EVERY_MILLISECONDS);
  return {
    looks: () => looks,
    processes: () => pids.size,
    stop() {
      clearInterval(timer);
      return [...seen.values()];
    },
  };
}

interface SeenProcess {
  pid: number;
  program: string;
  argv: string;
  environment: string;
  /** The deployment whose app it is of, by the mark in its environment; empty for the product's own. */
  mark: string;
}

interface ProcessRow {
  pid: number;
  parent: number;
  startTime: string;
  argv: string;
  environment: string;
}

/**
 * @param known rows of the look before: an environment is read again when the process, or what it executes, is another
 * @param foreign pids that need no look; those found to be no concern of ours are added
 */
function productProcesses(folder: string, known: Map<number, ProcessRow>, foreign: Set<number>): SeenProcess[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && !foreign.has(Number(name)))
    .map((name) => rowOf(Number(name), known.get(Number(name))));
  known.clear();
  for (const row of all) known.set(row.pid, row);
  const ours = new Set(
    all.filter(({ argv, environment }) => argv.includes(folder) || environment.includes(folder)).map(({ pid }) => pid),
  );
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  for (const { pid } of all) if (!ours.has(pid)) foreign.add(pid);
  return all
    .filter(({ pid }) => ours.has(pid))
    .map(({ pid, argv, environment }) => ({
      pid,
      argv,
      environment,
      program: argv.split("\0")[0]?.split(/[/ ]/).at(-1) ?? "",
      mark: /(?:^|\0)ONVERA_MARK=([^/\0]*)/.exec(environment)?.[1] ?? "",
    }));
}

function rowOf(pid: number, before: ProcessRow | undefined): ProcessRow {
  // The program's name, in brackets, may hold anything; behind it are state, parent, and as the twentieth the start time.
  const facts = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  const [parent, startTime] = [Number(facts[1]), facts[19] ?? ""];
  const argv = read(`/proc/${pid}/cmdline`);
  const isSame = before?.startTime === startTime && before.argv === argv;
  return { pid, parent, startTime, argv, environment: isSame ? before.environment : read(`/proc/${pid}/environ`) };
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? LARGEST_FILE_BYTES) < LARGEST_FILE_BYTES);
  } catch {
    // Removed between two looks.
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
