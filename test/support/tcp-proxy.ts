/** A loopback TCP proxy whose line can be made bad in every way a network is: to take a database away, or half away. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/**
 * cut: every connection ends and new ones are refused; reset: the same by RST, new ones pass; silent: bytes go nowhere and
 * nobody is told, as behind a router that forgot the connection; latency, slow, sliced: bytes arrive late, at a trickle,
 * in crumbs; limited: each connection carries so many bytes and ends.
 */
export type LineFault =
  | { kind: "cut" }
  | { kind: "reset" }
  | { kind: "silent" }
  | { kind: "latency"; milliseconds: number; jitterMilliseconds?: number }
  | { kind: "slow"; bytesPerSecond: number }
  | { kind: "sliced"; bytes: number }
  | { kind: "limited"; bytes: number };

export interface TcpProxy {
  port: number;
  /** Makes the line bad until it is mended, in one way or in several at once. */
  spoil(...faults: LineFault[]): void;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Makes it good again; connections that went silent are reset. */
  mend(): void;
  /** How many connections it has let through so far. */
  accepted(): number;
  close(): Promise<void>;
}

/** Starts a proxy on a free port, or the given one, that leads to `port` on loopback. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let faults: readonly LineFault[] = [];
  const now = <Kind extends LineFault["kind"]>(kind: Kind) =>
    faults.find((one): one is Extract<LineFault, { kind: Kind }> => one.kind === kind);
  const silenced = new Set<Socket>();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((incoming) => {
    if (now("cut")) return incoming.destroy();
    accepted += 1;
    const outgoing = connect(port, "127.0.0.1");
    const pair = [incoming, outgoing] as const;
    for (const socket of pair) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        // Behind a silent line the other end is never told; mending ends it.
        if (now("silent")) return;
        for (const one of pair) one.destroy();
      });
    }
    const carried = { bytes: 0 };
    void pump(incoming, outgoing, carried);
    void pump(outgoing, incoming, carried);
    return incoming;
  });

  const pump = async (from: Socket, to: Socket, carried: { bytes: number }) => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        carried.bytes += chunk.length;
        // Its last bytes arrive; then both ends are told.
        if (carried.bytes > (now("limited")?.bytes ?? Number.POSITIVE_INFINITY)) break;
        await pass(chunk, to);
      }
      if (!now("silent")) to.end();
    } catch {
      // One of the two was destroyed; its close event ends the other.
    }
  };
  const pass = async (chunk: Buffer, to: Socket): Promise<void> => {
    if (now("silent")) {
      silenced.add(to);
      return;
    }
    const late = now("latency");
    if (late) await wait(late.milliseconds + Math.random() * (late.jitterMilliseconds ?? 0));
    const slow = now("slow");
    if (slow) await wait((chunk.length / slow.bytesPerSecond) * 1000);
    for (let start = 0; start < chunk.length; ) {
      const bytes = now("sliced")?.bytes ?? chunk.length;
      await write(to, chunk.subarray(start, start + bytes));
      start += bytes;
    }
  };

  const spoil = (...wanted: LineFault[]) => {
    if (wanted.some(({ kind }) => kind === "reset")) for (const socket of sockets) socket.resetAndDestroy();
    const lasting = wanted.filter(({ kind }) => kind !== "reset");
    if (lasting.length > 0) faults = lasting;
    if (now("cut")) drop();
  };

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    spoil,
    cut: () => spoil({ kind: "cut" }),
    mend() {
      const wasSilent = now("silent") !== undefined;
      faults = [];
      if (!wasSilent) return;
      // Bytes are missing in the middle of what they said: no such connection can go on.
      for (const socket of [...silenced, ...sockets]) socket.resetAndDestroy();
      silenced.clear();
    },
    accepted: () => accepted,
    async close() {
      drop();
      server.close();
      await once(server, "close");
    },
  };
}

async function write(to: Socket, chunk: Buffer): Promise<void> {
  if (to.destroyed || to.write(chunk)) return;
  await Promise.race([once(to, "drain"), once(to, "close")]);
}
