/**
 * Holds provider processes at an exact side effect, across processes: each asks here before it goes on. Whoever asks of
 * a gate that is gone goes on.
 */
import { connect as connectTo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { SideEffectMoment, SideEffectPoint } from "../../src/providers/host/hooks.ts";

export interface GateMoment extends SideEffectMoment {
  point: SideEffectPoint;
}

export interface Hold {
  /** Resolves when a side effect is held here. */
  there: Promise<GateMoment>;
  /** Lets it go on; what comes later is not held. */
  go(): void;
}

export interface Gate {
  /** Where provider processes ask. */
  path: string;
  /** Holds the first side effect from now on that matches. */
  hold(matches: (moment: GateMoment) => boolean): Hold;
  close(): Promise<void>;
}

/** Opens a gate at a socket path. */
export async function openGate(path: string): Promise<Gate> {
  const holds = new Set<{ matches(moment: GateMoment): boolean; take(socket: Socket, moment: GateMoment): void }>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    const lines = createInterface(socket);
    lines.on("error", () => socket.destroy());
    lines.once("line", (line) => {
      const moment = JSON.parse(line) as GateMoment;
      const hold = [...holds].find(({ matches }) => matches(moment));
      if (hold === undefined) socket.end("go\n");
      else hold.take(socket, moment);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    hold(matches) {
      let held: Socket | undefined;
      let reached: (moment: GateMoment) => void = () => undefined;
      const there = new Promise<GateMoment>((resolve) => {
        reached = resolve;
      });
      const entry = {
        matches,
        take(socket: Socket, moment: GateMoment) {
          holds.delete(entry);
          held = socket;
          reached(moment);
        },
      };
      holds.add(entry);
      return {
        there,
        go() {
          holds.delete(entry);
          held?.end("go\n");
        },
      };
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Asks the gate and waits until it lets go. */
export function askGate(path: string, moment: GateMoment): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTo(path, () => socket.write(`${JSON.stringify(moment)}\n`));
    socket.once("error", () => resolve());
    socket.once("close", () => resolve());
    socket.resume();
  });
}
