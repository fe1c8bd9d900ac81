/** Reads one raw output file from where the log left off, line by line, while the process may still be writing it. */
import { execFile } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { LogBook, NewLine } from "./log-book.ts";

const CHUNK_BYTES = 256 * 1024;
const LINE_BYTES_MAX = 64 * 1024;
/** How much read output may stay on the disk before its blocks are given back. */
const RELEASE_BYTES = 8 * 1024 * 1024;

export interface SpoolSource {
  /** Name of the raw file; unique for ever. */
  name: string;
  file: string;
  replica: number;
  stream: "stdout" | "stderr";
}

export class SpoolReader {
  readonly #source: SpoolSource;
  readonly #book: LogBook;
  readonly #clean: (text: string) => string;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #descriptor: number;
  #released = 0;
  #pending = false;

  /** @param clean takes secrets out of a line */
  constructor(source: SpoolSource, book: LogBook, clean: (text: string) => string) {
    this.#source = source;
    this.#book = book;
    this.#clean = clean;
    this.#descriptor = openSync(source.file, "r");
  }

  /**
   * Moves complete lines into the log.
   * @param atEnd the process is gone: what is left without a line end is a line as well
   */
  pump(atEnd = false): void {
    if (this.#descriptor === -1) return;
    for (;;) {
      const start = this.#position();
      const count = readSync(this.#descriptor, this.#buffer, 0, CHUNK_BYTES, start);
      if (count === 0) break;
      const taken = this.#take(this.#buffer.subarray(0, count), start, atEnd && count < CHUNK_BYTES);
      if (taken === 0) break;
    }
    this.#release();
  }

  close(): void {
    if (this.#descriptor !== -1) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  /** An app can empty its own output file; reading then begins again at its start. */
  #position(): number {
    const position = this.#book.position(this.#source.name);
    return fstatSync(this.#descriptor).size < position ? 0 : position;
  }

  #take(bytes: Buffer, start: number, atEnd: boolean): number {
    const lines: NewLine[] = [];
    const now = Date.now();
    let begin = 0;
    const add = (end: number, next: number): void => {
      lines.push({
        atMilliseconds: now,
        replica: this.#source.replica,
        stream: this.#source.stream,
        text: this.#clean(bytes.toString("utf8", begin, end)),
        source: this.#source.name,
        sourceEnd: start + next,
      });
      begin = next;
    };
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, begin)) {
      while (at - begin > LINE_BYTES_MAX) add(begin + LINE_BYTES_MAX, begin + LINE_BYTES_MAX);
      add(bytes[at - 1] === 13 && at > begin ? at - 1 : at, at + 1);
    }
    while (bytes.length - begin > LINE_BYTES_MAX) add(begin + LINE_BYTES_MAX, begin + LINE_BYTES_MAX);
    if (atEnd && begin < bytes.length) add(bytes.length, bytes.length);
    this.#book.append(lines);
    return begin;
  }

  /**
   * Gives the blocks of what was read back to the disk. The process holds the file open and may write at any moment, so
   * truncating it would lose lines; a hole leaves every position as it is. Where there is no `fallocate`, the file
   * goes when the process ends.
   */
  #release(): void {
    const read = this.#book.position(this.#source.name);
    if (this.#pending || read - this.#released < RELEASE_BYTES) return;
    this.#pending = true;
    const length = Math.floor((read - this.#released) / 4096) * 4096;
    const range = ["--punch-hole", "--offset", String(this.#released), "--length", String(length)];
    execFile("fallocate", [...range, this.#source.file], () => {
      this.#pending = false;
    });
    this.#released += length;
  }
}
