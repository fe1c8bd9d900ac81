/** What a server of the API is starved of: connections, descriptors, room for a body. Each case says what was wrong. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.ts";
import { firstWords, isClosed, openSockets, timesOf } from "./asking.ts";

export interface StarvedCase {
  name: string;
  /** Starves it, looks, and relieves it. @returns one line for each thing that is not as it must be, and what was measured */
  starve(): Promise<{ faults: string[]; measured: string }>;
}

export interface StarvedSizes {
  streams: number;
  slowConnections: number;
  /** Whether to wait until the server closes what does not finish its headers. */
  waitForClosing: boolean;
}

/** Descriptors a server may have open in these tests; see `manyConnections`. */
export const FEW_DESCRIPTORS = 1400;

const STREAMS_PER_KEY = 20;
const SLOWEST_MILLISECONDS = 5000;
const ASKS = 20;
const BODY_BYTES = 100 * 1024 * 1024;
const BODY_MEMORY_KILOBYTES = 60 * 1024;
/** Node's own limit for the headers is 60 s; it looks every 30 s. */
const CLOSED_SECONDS = 100;

/** The cases of one server, which is the only one of its cluster. */
export function serverCases(cluster: Cluster, sizes: StarvedSizes): StarvedCase[] {
  return [
    { name: `${sizes.streams} idle event streams`, starve: () => idleStreams(cluster, sizes.streams) },
    {
      name: `${sizes.slowConnections} connections that send a byte a second`,
      starve: () => slowHeaders(cluster, sizes),
    },
    { name: "a body of 100 MB, its length told", starve: () => largeBody(cluster, "told") },
    { name: "a body of 100 MB in chunks", starve: () => largeBody(cluster, "chunked") },
    { name: "more connections than descriptors", starve: () => manyConnections(cluster) },
  ];
}

async function idleStreams(cluster: Cluster, streams: number) {
  const [port = 0] = cluster.ports;
  const faults: string[] = [];
  const sockets = [];
  let streaming = 0;
  for (let made = 0; made < streams; made += STREAMS_PER_KEY) {
    const key = await newKey(cluster, made);
    const opened = await openSockets(port, STREAMS_PER_KEY, streamRequest(key));
    const words = await Promise.all(opened.map((socket) => firstWords(socket, SLOWEST_MILLISECONDS)));
    streaming += words.filter((text) => text.startsWith("HTTP/1.1 200")).length;
    sockets.push(...opened);
    if (made > 0) continue;
    const refused = await fetch(`http://127.0.0.1:${port}/api/v1/activity`, { headers: { "x-api-key": key } });
    await refused.body?.cancel();
    if (refused.status !== 429) faults.push(`one stream too many of one caller was answered with ${refused.status}`);
  }
  const times = await answering(cluster, ASKS);
  faults.push(...slow(times));
  if (streaming !== streams) faults.push(`${streaming} of ${streams} streams were opened`);
  const closed = sockets.filter(({ destroyed }) => destroyed).length;
  if (closed > 0) faults.push(`${closed} of ${streams} streams were closed`);
  for (const socket of sockets) socket.destroy();
  return { faults, measured: `slowest of ${ASKS} requests meanwhile ${Math.round(times.at(-1) ?? 0)} ms` };
}

const streamRequest = (key: string) =>
  `GET /api/v1/activity HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\nAccept: text/event-stream\r\n\r\n`;

async function newKey(cluster: Cluster, number: number): Promise<string> {
  const made = await cluster.call("POST", "/api-keys", { body: { name: `stream reader ${number}` } });
  if (made.status !== 201) throw new Error(`A key was refused: ${JSON.stringify(made.body)}`);
  return made.body.data.key;
}

async function slowHeaders(cluster: Cluster, { slowConnections, waitForClosing }: StarvedSizes) {
  const [port = 0] = cluster.ports;
  const sockets = await openSockets(
    port,
    slowConnections,
    "GET /api/v1/deployments HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
  );
  const trickle = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write("a");
  }, 1000);
  try {
    const times = await answering(cluster, ASKS);
    const closing = waitForClosing
      ? await Promise.all(sockets.map((socket) => isClosed(socket, CLOSED_SECONDS * 1000)))
      : [];
    const open = closing.filter((closed) => !closed).length;
    const faults = [...slow(times), ...(open > 0 ? [`${open} were still open after ${CLOSED_SECONDS} s`] : [])];
    const told = waitForClosing ? ", all closed by the server" : "";
    return { faults, measured: `slowest of ${ASKS} requests meanwhile ${Math.round(times.at(-1) ?? 0)} ms${told}` };
  } finally {
    clearInterval(trickle);
    for (const socket of sockets) socket.destroy();
  }
}

async function largeBody(cluster: Cluster, length: "told" | "chunked") {
  const [port = 0] = cluster.ports;
  const before = memoryOf(cluster);
  let most = before;
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  let ended = false;
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    ended = true;
  });
  const size = length === "told" ? `Content-Length: ${BODY_BYTES}` : "Transfer-Encoding: chunked";
  socket.write(
    `POST /api/v1/deployments HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${cluster.key}\r\nContent-Type: application/json\r\n${size}\r\n\r\n`,
  );
  const piece = Buffer.alloc(64 * 1024, "x");
  const chunk = length === "told" ? piece : Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")]);
  let sent = 0;
  while (sent < BODY_BYTES && !ended && answer === "") {
    const taken = socket.write(chunk);
    sent += piece.length;
    most = Math.max(most, memoryOf(cluster));
    await wait(taken ? 0 : 5);
  }
  const deadline = performance.now() + SLOWEST_MILLISECONDS;
  while (answer === "" && !ended && performance.now() < deadline) await wait(10);
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
  const grown = most - before;
  const faults = [
    ...(status === "413" ? [] : [`it was answered with ${status ?? "nothing"}`]),
    ...(grown > BODY_MEMORY_KILOBYTES ? [`the server grew by ${Math.round(grown / 1024)} MB`] : []),
  ];
  return {
    faults,
    measured: `refused after ${(sent / 1024 / 1024).toFixed(1)} MB, the server grew by ${Math.round(grown / 1024)} MB`,
  };
}

/** Kilobytes in use by the server; 0 where the system does not tell. */
function memoryOf({ servers: [server] }: Cluster): number {
  try {
    const status = readFileSync(`/proc/${server?.pid()}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** More than it can take: those above are turned away, and it lives. */
async function manyConnections(cluster: Cluster) {
  const [port = 0] = cluster.ports;
  const [server] = cluster.servers;
  const sockets = await openSockets(port, FEW_DESCRIPTORS + 200, "");
  const closed = await Promise.all(sockets.map((socket) => isClosed(socket, 1000)));
  const refused = closed.filter(Boolean).length;
  const faults = server?.isReady() === true ? [] : ["the server ended"];
  for (const socket of sockets) socket.destroy();
  return { faults, measured: `${refused} of ${FEW_DESCRIPTORS + 200} connections turned away` };
}

/** Milliseconds of ordinary requests. */
async function answering(cluster: Cluster, asks: number): Promise<number[]> {
  return timesOf(asks, async () => {
    const { status } = await cluster.call("GET", "/deployments");
    if (status !== 200) throw new Error(`An ordinary request was answered with ${status}`);
  });
}

const slow = (times: readonly number[]): string[] => {
  const slowest = times.at(-1) ?? 0;
  return slowest > SLOWEST_MILLISECONDS ? [`an ordinary request took ${Math.round(slowest)} ms meanwhile`] : [];
};
