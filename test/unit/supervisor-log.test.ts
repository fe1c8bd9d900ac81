/** The log of a process: numbered once, whatever stops the machine (design.md §7, TN-7). */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogBook } from "../../src/local/supervisor/log-book.ts";
import { followRecords, lastRecords, recordsBetween } from "../../src/local/supervisor/log-query.ts";
import { SpoolReader } from "../../src/local/supervisor/spool-reader.ts";

const limits = { fileBytes: 2000, files: 4, days: 30 };

describe("a process's log", () => {
  let folder: string;
  let spool: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "onvera-log-"));
    spool = path.join(folder, "run.out");
    writeFileSync(spool, "");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = () => {
    const book = new LogBook(path.join(folder, "book"), limits);
    const source = { name: "run.out", file: spool, replica: 0, stream: "stdout" } as const;
    return { book, reader: new SpoolReader(source, book, (text) => text.replaceAll("hush", "[secret]")) };
  };
  const texts = (book: LogBook) => lastRecords(book, 1000).map(({ text }) => text);
  const close = ({ book, reader }: ReturnType<typeof open>): void => {
    reader.close();
    book.close();
  };

  it("takes complete lines at once and the rest when the process is gone", () => {
    const { book, reader } = open();
    appendFileSync(spool, "one\r\ntwo hush\nthr");
    reader.pump();
    expect(texts(book)).toEqual(["one", "two [secret]"]);
    appendFileSync(spool, "ee");
    reader.pump();
    expect(texts(book)).toHaveLength(2);
    reader.pump(true);
    expect(texts(book)).toEqual(["one", "two [secret]", "three"]);
  });

  it("cuts a line without end into pieces, and keeps every byte", () => {
    const { book, reader } = open();
    const long = "x".repeat(300_000);
    appendFileSync(spool, `${long}\nafter\n`);
    reader.pump();
    const found = texts(new LogBook(path.join(folder, "book"), { ...limits, files: 100 }));
    expect(found.at(-1)).toBe("after");
    expect(book.lastSeq).toBe(6);
    expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  });

  it("goes on with the next line wherever writing was cut off (property)", () => {
    let round = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 5 }), (cuts) => {
        const book = path.join(folder, `book-${round++}`);
        const source = { name: "run.out", file: spool, replica: 0, stream: "stdout" } as const;
        writeFileSync(spool, Array.from({ length: 50 }, (_, index) => `line ${index + 1}\n`).join(""));
        const wide = { fileBytes: 700, files: 100, days: 30 };
        for (const cut of cuts) {
          const log = new LogBook(book, wide);
          const reader = new SpoolReader(source, log, (text) => text);
          reader.pump();
          reader.close();
          log.close();
          // As if the machine had stopped while the end of the newest file was being written.
          const newest = path.join(book, readdirSync(book).sort().at(-1) ?? "");
          const size = readFileSync(newest).length;
          const head = readFileSync(newest).indexOf(10) + 1;
          truncateSync(newest, Math.max(head, size - cut));
        }
        const log = new LogBook(book, wide);
        const reader = new SpoolReader(source, log, (text) => text);
        reader.pump();
        reader.close();
        const records = lastRecords(log, 1000);
        log.close();
        expect(records.map(({ text }) => text)).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 1}`));
        expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
      }),
      { numRuns: 30 },
    );
  });

  it("keeps a bounded number of files and knows its place though the line it stopped at is gone", () => {
    const first = open();
    for (let line = 1; line <= 500; line++) {
      appendFileSync(spool, `line ${line}\n`);
      first.reader.pump();
    }
    close(first);
    expect(readdirSync(path.join(folder, "book"))).toHaveLength(4);
    const second = open();
    second.reader.pump();
    expect(second.book.lastSeq).toBe(500);
    appendFileSync(spool, "line 501\n");
    second.reader.pump();
    expect(lastRecords(second.book, 2).map(({ seq, text }) => [seq, text])).toEqual([
      [500, "line 500"],
      [501, "line 501"],
    ]);
    close(second);
  });

  it("removes lines that are older than they are kept, and goes on counting from its place (issue 7.3)", () => {
    const first = open();
    for (let line = 1; line <= 60; line++) appendFileSync(spool, `line ${line} ${"x".repeat(60)}\n`);
    first.reader.pump();
    const dayMilliseconds = 86_400_000;
    first.book.removeOld(Date.now() + 29 * dayMilliseconds);
    expect(texts(first.book).length).toBeGreaterThan(20);
    first.book.removeOld(Date.now() + 31 * dayMilliseconds);
    expect(texts(first.book)).toEqual([]);
    close(first);
    const second = open();
    second.reader.pump();
    appendFileSync(spool, "line 61\n");
    second.reader.pump();
    expect(lastRecords(second.book, 5).map(({ seq, text }) => [seq, text])).toEqual([[61, "line 61"]]);
    close(second);
  });

  it("begins again when the app empties its own output", () => {
    const { book, reader } = open();
    appendFileSync(spool, "before\n");
    reader.pump();
    truncateSync(spool, 0);
    appendFileSync(spool, "b\n");
    reader.pump();
    expect(texts(book)).toEqual(["before", "b"]);
  });

  it("hands lines from the disk and live ones on as one row", async () => {
    const { book, reader } = open();
    appendFileSync(spool, "1\n2\n3\n");
    reader.pump();
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { text } of followRecords(book, 1, abort.signal)) {
      seen.push(text);
      if (text === "3") {
        appendFileSync(spool, "4\n5\n");
        reader.pump();
      }
      if (text === "5") abort.abort();
    }
    expect(seen).toEqual(["2", "3", "4", "5"]);
    const between: string[] = [];
    for await (const { text } of recordsBetween(book, 1, 4)) between.push(text);
    expect(between).toEqual(["2", "3", "4"]);
  });
});
