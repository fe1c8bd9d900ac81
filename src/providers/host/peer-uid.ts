/** Whose process is at the other end of a loopback connection: gRPC there carries no credentials. */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Both: an IPv6 socket that connects to ::ffff:127.0.0.1 stands in the second table only. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** `unknowable` where the machine has no such tables; `gone` where nobody holds the other end any more. */
export type Peer = { uid: number } | "unknowable" | "gone";

/** Finds out who holds the client's end of a connection accepted on 127.0.0.1. */
export async function peerOf(socket: Socket): Promise<Peer> {
  const { remotePort = 0, localPort = 0 } = socket;
  const tables = await Promise.all(TABLES.map((path) => readFile(path, "utf8").catch(() => null)));
  if (tables[0] === null) return "unknowable";
  for (const table of tables) {
    const uid = table === null ? null : uidOfConnection(table, remotePort, localPort);
    if (uid !== null) return { uid };
  }
  return "gone";
}

/**
 * The uid in the row whose local end is the client's port and whose remote end is ours, or null. Only an established
 * connection counts: once a client has closed its end, the kernel shows it as root's.
 */
export function uidOfConnection(table: string, clientPort: number, serverPort: number): number | null {
  const client = hexPort(clientPort);
  const server = hexPort(serverPort);
  for (const line of table.split("\n")) {
    const [, local = "", remote = "", state, , , , uid] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && isLoopback(local, client) && isLoopback(remote, server)) return Number(uid);
  }
  return null;
}

const ESTABLISHED = "01";

const isLoopback = (address: string, port: string): boolean =>
  address === `0100007F:${port}` || address === `0000000000000000FFFF00000100007F:${port}`;

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
