import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogFilter, type LogFilter, levelOf } from "../../src/domain/log-filter.ts";
import { LogBook, type NewLine } from "../../src/local/supervisor/log-book.ts";
import type { LogCollector } from "../../src/local/supervisor/log-collector.ts";
import { streamLogs } from "../../src/local/supervisor/log-stream.ts";

describe("the level of a line (issue 7.3)", () => {
  it.each([
    ["2026-11-21 20:00:00,123:WARNING:superset.app:careful", "warning"],
    ["[2026-11-21 20:00:00 +0000] [12] [INFO] Starting gunicorn 23.0", "info"],
    ["2026-11-21T20:00:00.1Z [error    ] Task failed [airflow.task] loc=x.py:1", "error"],
    ["INFO:     127.0.0.1:1 - GET /health 200", "info"],
    ['{"level": "debug", "msg": "error while"}', "debug"],
    ["level=critical msg=x", "error"],
    ["CRITICAL no more room", "error"],
    ["there was no error in this sentence", undefined],
    ["  File x.py, line 3, in f", undefined],
    ["MY_ERROR_COUNT is 3", undefined],
  ])("%s", (text, level) => {
    expect(levelOf(text)).toBe(level);
  });

  it("of a line that names none is that of the line before it from the same copy and stream", () => {
    const accepts = createLogFilter({ level: "error" });
    const line = (text: string, replica = 0, stream: "stdout" | "stderr" = "stderr") =>
      accepts({ atMilliseconds: 0, replica, stream, text });
    expect([
      line("plain"),
      line("ERROR it broke"),
      line("  Traceback"),
      line("other", 1),
      line("x", 0, "stdout"),
    ]).toEqual([false, true, true, false, false]);
    expect([line("INFO again"), line("  more")]).toEqual([false, false]);
  });
});

describe("a filtered log", () => {
  let folder: string;
  const books = new Map<string, LogBook>();
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "onvera-filter-"));
    for (const name of ["web", "worker"]) {
      books.set(name, new LogBook(path.join(folder, name), { fileBytes: 3000, files: 50, days: 30 }));
    }
  });
  afterEach(() => {
    for (const book of books.values()) book.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, ...texts: [number, string][]) =>
    books.get(name)?.append(
      texts.map(
        ([atMilliseconds, text]): NewLine => ({
          ...{ atMilliseconds, text, replica: 0, source: "s", sourceEnd: atMilliseconds },
          stream: /ERROR/.test(text) ? "stderr" : "stdout",
        }),
      ),
    );
  const logs = {
    names: () => [...books.keys()],
    book: (_id: string, name: string) => books.get(name),
  } as unknown as LogCollector;
  const read = async (filter: LogFilter, tail: number | "all" = 100) => {
    const found: string[] = [];
    const request = { deploymentId: "dep", tail, follow: false, filter };
    for await (const { text } of streamLogs(logs, request, new AbortController().signal)) found.push(text);
    return found;
  };

  it("gives the last lines that pass out of all there are, merged by time (issue 7.3)", async () => {
    write(
      "web",
      [10, "ERROR early"],
      ...Array.from({ length: 200 }, (_, n): [number, string] => [20 + n, `INFO ${n}`]),
    );
    write("worker", [15, "ERROR of the worker"], [500, "INFO last"]);
    expect(await read({ level: "error" })).toEqual(["ERROR early", "ERROR of the worker"]);
    expect(await read({ level: "error" }, 1)).toEqual(["ERROR of the worker"]);
    expect(await read({ contains: "info 19" })).toHaveLength(11);
    expect(await read({ since: 218 })).toEqual(["INFO 198", "INFO 199", "INFO last"]);
    expect(await read({ until: 16 })).toEqual(["ERROR early", "ERROR of the worker"]);
    expect(await read({ stream: "stderr", contains: "worker" })).toEqual(["ERROR of the worker"]);
    expect(await read({ level: "error", since: 600 })).toEqual([]);
    const whole = await read({}, "all");
    expect([whole.length, whole[0], whole[1], whole.at(-1)]).toEqual([
      203,
      "ERROR early",
      "ERROR of the worker",
      "INFO last",
    ]);
    expect(await read({ level: "error" }, "all")).toEqual(["ERROR early", "ERROR of the worker"]);
  });

  it("goes on with the new lines that pass", async () => {
    write("web", [1, "INFO a"], [2, "ERROR b"]);
    const ending = new AbortController();
    const request = { deploymentId: "dep", follow: true, filter: { level: "error" } } as const;
    const found: string[] = [];
    for await (const { text } of streamLogs(logs, request, ending.signal)) {
      found.push(text);
      if (text === "ERROR b") setImmediate(() => write("worker", [3, "INFO c"], [4, "ERROR d"]));
      else ending.abort();
    }
    expect(found).toEqual(["ERROR b", "ERROR d"]);
  });
});
