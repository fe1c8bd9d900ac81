/** Finds a free loopback port, and who holds one that is not. */
import { randomInt } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import net from "node:net";

/** Below the range from which the system takes ports for outgoing connections, so that a stopped server finds its port free again. */
const firstPort = 15_432;
const portCount = 10_000;

/**
 * A port nobody listens on now, kept away from well-known ones.
 * @param tries how many random ports to try before the system is asked for any
 */
export async function findFreePort(tries = 50): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const port = firstPort + randomInt(portCount);
    if (await isFree(port)) return port;
  }
  return listenOnce(0);
}

/** True when this process could listen on 127.0.0.1:port. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port).catch(() => 0)) === port;
}

/**
 * The command and pid that listen on a loopback port (`nginx, process 812`).
 * @returns undefined where the system does not tell: only Linux does, and only root sees other users' processes
 */
export async function findListener(port: number): Promise<string | undefined> {
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const command = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      return `${command.trim()}, process ${pid},`;
    }
  }
  return undefined;
}

async function listeningInodes(port: number): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const found = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const inode = fields[9];
      if (fields[1]?.endsWith(suffix) && fields[3] === "0A" && inode) found.add(inode);
    }
  }
  return found;
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
