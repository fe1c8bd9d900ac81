/** A loopback TCP proxy whose line can be made bad in every way a network is: to take a database away, or half away. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/**
 * cut: every connection ends and new ones are refused; reset: the same by RST, new ones pass; silent: bytes go nowhere and
 * nobody is told, as behind a router that forgot the connection; latency, slow, sliced: bytes arrive late, at a trickle,
 * in crumbs.
 */
export type LineFault =
  | { kind: "cut" }
  | { kind: "reset" }
  | { kind: "silent" }
  | { kind: "latency"; milliseconds: number }
  | { kind: "slow"; bytesPerSecond: number }
  | { kind: "sliced"; bytes: number };

export interface TcpProxy {
  port: number;
  /** Makes the line bad until it is mended. */
  spoil(fault: LineFault): void;
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
  let fault: LineFault | undefined;
  const silenced = new Set<Socket>();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((incoming) => {
    if (fault?.kind === "cut") return incoming.destroy();
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
        if (fault?.kind === "silent") return;
        for (const one of pair) one.destroy();
      });
    }
    void pump(incoming, outgoing);
    void pump(outgoing, incoming);
    return incoming;
  });

  const pump = async (from: Socket, to: Socket) => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) await pass(chunk, to);
      if (fault?.kind !== "silent") to.end();
    } catch {
      // One of the two was destroyed; its close event ends the other.
    }
  };
  const pass = async (chunk: Buffer, to: Socket): Promise<void> => {
    switch (fault?.kind) {
      case "silent":
        silenced.add(to);
        return;
      case "latency":
        await wait(fault.milliseconds);
        return write(to, chunk);
      case "slow":
        await wait((chunk.length / fault.bytesPerSecond) * 1000);
        return write(to, chunk);
      case "sliced":
        for (let start = 0; start < chunk.length; ) {
          const bytes = fault?.kind === "sliced" ? fault.bytes : chunk.length;
          await write(to, chunk.subarray(start, start + bytes));
          start += bytes;
        }
        return;
      default:
        return write(to, chunk);
    }
  };

  const spoil = (wanted: LineFault) => {
    if (wanted.kind === "reset") {
      for (const socket of sockets) socket.resetAndDestroy();
      return;
    }
    fault = wanted;
    if (wanted.kind === "cut") drop();
  };

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    spoil,
    cut: () => spoil({ kind: "cut" }),
    mend() {
      const wasSilent = fault?.kind === "silent";
      fault = undefined;
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
