/** All logs of a node: which raw files belong to which log, and when to look at them. */
import { existsSync, type FSWatcher, mkdirSync, readdirSync, rmSync, watch } from "node:fs";
import path from "node:path";
import { LogBook, type LogLimits } from "./log-book.ts";
import { SpoolReader } from "./spool-reader.ts";

/** A watched folder tells of a change at once; this is for systems where it does not. */
const POLL_MILLISECONDS = 1000;
const AGE_LOOK_MILLISECONDS = 3_600_000;

export interface RunOutput {
  deploymentId: string;
  /** Log name. */
  name: string;
  replica: number;
  runId: string;
}

export class LogCollector {
  readonly #spoolFolder: string;
  readonly #logFolder: string;
  readonly #limits: LogLimits;
  readonly #clean: (deploymentId: string, text: string) => string;
  readonly #books = new Map<string, LogBook>();
  readonly #readers = new Map<string, SpoolReader>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #report: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #ageTimer: NodeJS.Timeout;
  #troubled = false;

  constructor(
    folders: { spool: string; logs: string },
    limits: LogLimits,
    clean: (deploymentId: string, text: string) => string,
    report: (message: string) => void,
  ) {
    this.#report = report;
    this.#spoolFolder = folders.spool;
    this.#logFolder = folders.logs;
    this.#limits = limits;
    this.#clean = clean;
    this.#timer = setInterval(() => {
      for (const reader of this.#readers.values()) this.#pump(reader);
    }, POLL_MILLISECONDS);
    this.#timer.unref();
    this.#ageTimer = setInterval(() => this.#removeOld(), AGE_LOOK_MILLISECONDS);
    this.#ageTimer.unref();
  }

  /** The log of a process or job; made when it is first asked for. */
  book(deploymentId: string, name: string): LogBook {
    const key = `${deploymentId}/${name}`;
    const book = this.#books.get(key) ?? new LogBook(path.join(this.#logFolder, deploymentId, name), this.#limits);
    this.#books.set(key, book);
    return book;
  }

  /** Names of all logs a deployment has, on the disk or in use. */
  names(deploymentId: string): string[] {
    try {
      return readdirSync(path.join(this.#logFolder, deploymentId)).sort();
    } catch {
      return [];
    }
  }

  /** Where a run's raw output goes. The folder is made; it is closed to everybody else. */
  spoolFiles(run: RunOutput): { stdout: string; stderr: string; exitCode: string } {
    const folder = path.join(this.#spoolFolder, run.deploymentId);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = (suffix: string): string => path.join(folder, `${run.runId}.${suffix}`);
    return { stdout: file("out"), stderr: file("err"), exitCode: file("exit") };
  }

  /** Begins to move a run's output into its log. The raw files must exist. */
  begin(run: RunOutput): void {
    for (const stream of ["stdout", "stderr"] as const) this.#pump(this.#reader(run, stream));
    this.#watch(run.deploymentId);
  }

  /**
   * The run's process has ended: takes the rest of its output and removes the raw files.
   * @returns false when the output could not be written to the log; the raw files are then still there
   */
  finish(run: RunOutput): boolean {
    const files = this.spoolFiles(run);
    for (const stream of ["stdout", "stderr"] as const)
      if (!this.#finishStream(run, stream, files[stream])) return false;
    rmSync(files.exitCode, { force: true });
    return true;
  }

  /** Removes all a deployment ever wrote. */
  removeDeployment(deploymentId: string): void {
    const prefix = `${deploymentId}/`;
    this.#watchers.get(deploymentId)?.close();
    this.#watchers.delete(deploymentId);
    for (const [key, reader] of this.#readers) if (key.startsWith(prefix)) this.#readers.delete(key) && reader.close();
    for (const [key, book] of this.#books) if (key.startsWith(prefix)) this.#books.delete(key) && book.close();
    rmSync(path.join(this.#spoolFolder, deploymentId), { recursive: true, force: true });
    rmSync(path.join(this.#logFolder, deploymentId), { recursive: true, force: true });
  }

  /** Stops reading; what is running goes on writing its raw files. */
  close(): void {
    clearInterval(this.#timer);
    clearInterval(this.#ageTimer);
    for (const watcher of this.#watchers.values()) watcher.close();
    for (const reader of this.#readers.values()) {
      this.#pump(reader);
      reader.close();
    }
    for (const book of this.#books.values()) book.close();
  }

  #finishStream(run: RunOutput, stream: "stdout" | "stderr", file: string): boolean {
    const name = path.basename(file);
    // A run that ended while no supervisor ran has a raw file nobody reads yet; one that never started has none.
    if (existsSync(file)) {
      let reader: SpoolReader;
      try {
        reader = this.#reader(run, stream);
      } catch (error) {
        this.#report(`The log of ${run.name} cannot be opened: ${String(error)}`);
        return false;
      }
      if (!this.#pump(reader, true)) return false;
      reader.close();
      this.book(run.deploymentId, run.name).forgetSource(name);
    }
    this.#readers.delete(`${run.deploymentId}/${name}`);
    rmSync(file, { force: true });
    return true;
  }

  /** A full disk stops the logs, not the apps: the raw output stays where it is until there is room. */
  #removeOld(): void {
    for (const book of this.#books.values()) {
      try {
        book.removeOld(Date.now());
      } catch (error) {
        this.#report(`Old logs cannot be removed: ${String(error)}`);
      }
    }
  }

  #pump(reader: SpoolReader, atEnd = false): boolean {
    try {
      reader.pump(atEnd);
      this.#troubled = false;
    } catch (error) {
      if (!this.#troubled) this.#report(`Logs cannot be written: ${String(error)}`);
      this.#troubled = true;
    }
    return !this.#troubled;
  }

  #reader(run: RunOutput, stream: "stdout" | "stderr"): SpoolReader {
    const file = this.spoolFiles(run)[stream];
    const name = path.basename(file);
    const key = `${run.deploymentId}/${name}`;
    const known = this.#readers.get(key);
    if (known !== undefined) return known;
    const source = { name, file, replica: run.replica, stream };
    const book = this.book(run.deploymentId, run.name);
    const reader = new SpoolReader(source, book, (text) => this.#clean(run.deploymentId, text));
    this.#readers.set(key, reader);
    return reader;
  }

  #watch(deploymentId: string): void {
    if (this.#watchers.has(deploymentId)) return;
    try {
      const watcher = watch(path.join(this.#spoolFolder, deploymentId), { persistent: false }, (_event, name) => {
        const reader = this.#readers.get(`${deploymentId}/${name}`);
        if (reader !== undefined) this.#pump(reader);
      });
      // Out of watches, or the folder is gone: the timer still looks.
      watcher.on("error", () => watcher.close());
      this.#watchers.set(deploymentId, watcher);
    } catch {
      return;
    }
  }
}
