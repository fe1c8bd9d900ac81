/** Asking a server by hand: connections that are kept, trickled or never finished. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Opens connections, some at a time. @returns those that were not turned away */
export async function openSockets(port: number, count: number, first: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - opened) }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => socket.destroy());
      try {
        await once(socket, "connect");
        socket.write(first);
        sockets.push(socket);
      } catch {
        // Turned away.
      }
    });
    await Promise.all(batch);
  }
  return sockets;
}

const BATCH = 50;

/** What the other end says first; nothing when it closes, or says nothing in time. */
export async function firstWords(socket: Socket, milliseconds: number): Promise<string> {
  if (socket.destroyed) return "";
  const heard = once(socket, "data").then(
    ([chunk]) => String(chunk),
    () => "",
  );
  return Promise.race([heard, once(socket, "close").then(() => ""), wait(milliseconds, "", { ref: false })]);
}

/** Whether the other end has closed it, or does so soon. */
export async function isClosed(socket: Socket, milliseconds: number): Promise<boolean> {
  socket.resume();
  if (socket.destroyed || socket.readableEnded) return true;
  return Promise.race([once(socket, "close").then(() => true), wait(milliseconds, false, { ref: false })]);
}

/** Milliseconds each of a few requests takes, slowest last. */
export async function timesOf(asks: number, ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let done = 0; done < asks; done += 1) {
    const since = performance.now();
    await ask();
    times.push(performance.now() - since);
  }
  return times.toSorted((one, other) => one - other);
}
