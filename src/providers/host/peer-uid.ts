/** Whose process is at the other end of a loopback connection: gRPC there carries no credentials. */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/**
 * The uid that owns the client's end of a connection accepted on 127.0.0.1, or null where this machine cannot tell
 * (no procfs).
 */
export async function peerUid(socket: Socket): Promise<number | null> {
  let table: string;
  try {
    table = await readFile("/proc/net/tcp", "utf8");
  } catch {
    return null;
  }
  return uidOfConnection(table, socket.remotePort ?? 0, socket.localPort ?? 0);
}

/** Finds the row whose local end is the client's port and whose remote end is ours; null when there is none. */
export function uidOfConnection(table: string, clientPort: number, serverPort: number): number | null {
  const client = `0100007F:${hexPort(clientPort)}`;
  const server = `0100007F:${hexPort(serverPort)}`;
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] === client && columns[2] === server) return Number(columns[7]);
  }
  return null;
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
