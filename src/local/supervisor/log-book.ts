/**
 * The log of one process: numbered lines in a bounded ring of files. It is its own index: each line names the raw file
 * and position it came from, so a supervisor that was killed at any moment goes on with the next line, none lost, none twice.
 */
import { EventEmitter } from "node:events";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { decodeLine, encodeCheckpoint, encodeRecord, type LogRecord } from "./log-record.ts";

export interface LogLimits {
  /** A file that has grown to this is closed and a new one begun. */
  fileBytes: number;
  /** So many files are kept per process. */
  files: number;
  /** A file that was written to last before so long is removed. */
  days: number;
}

export const defaultLogLimits: LogLimits = { fileBytes: 4 * 1024 * 1024, files: 8, days: 30 };

const DAY_MILLISECONDS = 86_400_000;

/** A line before it has its number. */
export type NewLine = Omit<LogRecord, "seq">;

export class LogBook {
  readonly folder: string;
  readonly #limits: LogLimits;
  readonly #events = new EventEmitter();
  readonly #sources = new Map<string, number>();
  #descriptor = -1;
  #size = 0;
  #nextSeq = 1;

  /** Opens the log in a folder and finds out how far it had got. */
  constructor(folder: string, limits: LogLimits = defaultLogLimits) {
    this.folder = folder;
    this.#limits = limits;
    this.#events.setMaxListeners(0);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#recover();
  }

  /** The number of the newest line; 0 when there is none. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** How far a raw file has been read. */
  position(source: string): number {
    return this.#sources.get(source) ?? 0;
  }

  /**
   * Numbers lines and writes them at once. After it returns, a kill of this process loses none of them.
   * @throws the system's error when the disk refuses; then none of them is written
   */
  append(lines: NewLine[]): void {
    if (lines.length === 0) return;
    const records = lines.map((line, index): LogRecord => ({ ...line, seq: this.#nextSeq + index }));
    const bytes = Buffer.from(records.map(encodeRecord).join(""));
    try {
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#nextSeq += records.length;
    for (const record of records) this.#sources.set(record.source, record.sourceEnd);
    if (this.#size >= this.#limits.fileBytes) this.#beginFile();
    for (const record of records) this.#events.emit("line", record);
  }

  /** A raw file is gone for good: later log files need not mention it. */
  forgetSource(source: string): void {
    this.#sources.delete(source);
  }

  /** Calls back for each new line; answers how to stop. */
  subscribe(listener: (record: LogRecord) => void): () => void {
    this.#events.on("line", listener);
    return () => this.#events.off("line", listener);
  }

  /** The log's files, oldest first. */
  files(): { file: string; firstSeq: number }[] {
    return listFiles(this.folder);
  }

  /** Removes files of lines that are older than they are kept; the numbers go on. @param now milliseconds since 1970 */
  removeOld(now: number): void {
    const oldest = now - this.#limits.days * DAY_MILLISECONDS;
    const files = listFiles(this.folder);
    const newest = files.at(-1);
    if (newest === undefined || this.#descriptor === -1) return;
    const isOld = ({ file }: { file: string }) => statSync(file).mtimeMs < oldest;
    // The newest file knows how far the raw files were read: an empty one takes that over before it goes.
    if (isOld(newest) && newest.firstSeq < this.#nextSeq) this.#beginFile();
    for (const old of files.filter((one) => one !== newest || this.#nextSeq > newest.firstSeq))
      if (existsSync(old.file) && isOld(old)) rmSync(old.file, { force: true });
  }

  close(): void {
    if (this.#descriptor !== -1) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #recover(): void {
    const last = listFiles(this.folder).at(-1);
    if (last === undefined) {
      this.#beginFile();
      return;
    }
    this.#nextSeq = last.firstSeq;
    const content = readFileSync(last.file);
    let end = 0;
    for (let at = content.indexOf(10); at !== -1; at = content.indexOf(10, end)) {
      const line = decodeLine(content.toString("utf8", end, at));
      // What follows a damaged line cannot be trusted to be ours; it is read again from the raw files.
      if (line === undefined) break;
      end = at + 1;
      if ("checkpoint" in line) {
        this.#nextSeq = line.checkpoint.nextSeq;
        for (const [source, position] of Object.entries(line.checkpoint.sources)) this.#sources.set(source, position);
      } else {
        this.#nextSeq = line.record.seq + 1;
        this.#sources.set(line.record.source, line.record.sourceEnd);
      }
    }
    this.#descriptor = openSync(last.file, "a+", 0o600);
    if (end < content.length) ftruncateSync(this.#descriptor, end);
    this.#size = end;
  }

  #beginFile(): void {
    const file = path.join(this.folder, `${String(this.#nextSeq).padStart(15, "0")}.log`);
    const head = encodeCheckpoint({ nextSeq: this.#nextSeq, sources: Object.fromEntries(this.#sources) });
    // The file appears under its name only with its first line complete.
    writeFileSync(`${file}.new`, head, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    this.close();
    this.#descriptor = openSync(file, "a", 0o600);
    this.#size = Buffer.byteLength(head);
    for (const old of listFiles(this.folder).slice(0, -this.#limits.files)) rmSync(old.file, { force: true });
  }
}

function listFiles(folder: string): { file: string; firstSeq: number }[] {
  return readdirSync(folder)
    .filter((name) => /^\d{15}\.log$/.test(name))
    .sort()
    .map((name) => ({ file: path.join(folder, name), firstSeq: Number(name.slice(0, 15)) }));
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}
