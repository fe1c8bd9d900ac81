/** P7: a thousand readers of one operation's stream: how long from an event's being written to its being read by each. */
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestServer } from "../test/support/http.ts";
import { append, begin } from "../test/support/worker-hand.ts";
import { type Figure, figureOf, quantile } from "./figure.ts";

const READERS = 1000;
/** A caller may have 20 streams open. */
const READERS_PER_KEY = 20;
const PAUSE_MILLISECONDS = 500;

/** `runs` events, one after the other, with pauses in which the machine comes to rest. */
export async function p7(runs: number): Promise<Figure[]> {
  const unlimited = { perCaller: 1e9, perAddress: 1e9, failuresPerAddress: 1e9 };
  const server = await startTestServer({ limits: unlimited });
  const closing: (() => void)[] = [];
  try {
    const { organizationId, owner, ownerKey } = await server.addOrganization();
    const { operationId } = await server.deploy(ownerKey, {}, { ready: false });
    await begin(server.store, operationId);
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const writtenAt = new Map<string, number>();
    const delays: number[] = [];
    const keys: string[] = [];
    for (let n = 0; n < READERS / READERS_PER_KEY; n++) {
      keys.push((await server.addKey({ organizationId, userId: owner })).key);
    }
    const onText = (text: string) => {
      for (const [, mark] of text.matchAll(/bench mark (\d+)/g)) {
        const at = writtenAt.get(mark ?? "");
        if (at !== undefined) delays.push(performance.now() - at);
      }
    };
    for (let n = 0; n < READERS; n++) {
      closing.push(await read({ port, operationId, key: keys[n % keys.length] ?? ownerKey, onText }));
    }
    await sleep(4 * PAUSE_MILLISECONDS);
    for (let run = 0; run < runs; run++) {
      writtenAt.set(String(run), performance.now());
      await append(server.store, operationId, [
        { type: "log", data: { process: "onvera", text: `bench mark ${run}` } },
      ]);
      const deadline = performance.now() + 20_000;
      while (delays.length < READERS * (run + 1) && performance.now() < deadline) await sleep(10);
      await sleep(PAUSE_MILLISECONDS);
    }
    const expected = READERS * runs;
    if (delays.length !== expected) throw new Error(`${delays.length} of ${expected} events came.`);
    const of = (share: number) => ({ ours: [quantile(delays, share)], peer: [] });
    const head = { figure: "P7", unit: "ms" };
    return [
      figureOf({ ...head, case: `event to client p50, ${READERS} streams of one operation`, aim: "" }, of(0.5)),
      figureOf({ ...head, case: `event to client p99, ${READERS} streams of one operation`, aim: "<= 250" }, of(0.99)),
    ];
  } finally {
    for (const close of closing) close();
    await server.close();
  }
}

interface Reader {
  port: number;
  operationId: string;
  key: string;
  onText(text: string): void;
}

/** Opens a stream; resolves once its first bytes are there, with what closes it. */
function read({ port, operationId, key, onText }: Reader): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: "127.0.0.1",
      port,
      path: `/api/v1/operations/${operationId}/events`,
      headers: { accept: "text/event-stream", "x-api-key": key },
      agent: false,
    });
    asked.once("error", reject);
    asked.once("response", (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`A stream answered ${answer.statusCode}`));
      answer.setEncoding("utf8");
      answer.on("data", onText);
      answer.on("error", () => undefined);
      answer.once("data", () => resolve(() => asked.destroy()));
    });
    asked.end();
  });
}
