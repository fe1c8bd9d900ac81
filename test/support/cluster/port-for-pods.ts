/** Lets pods reach something of this machine that listens on loopback only. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { RunningCluster } from "./running-cluster.ts";

export interface PortForPods {
  port: number;
  close(): Promise<void>;
}

/** Listens on the rig's own cable, where nobody but its pods and this machine can ask. @param port on loopback */
export async function portForPods({ hostAddress }: RunningCluster, port: number): Promise<PortForPods> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(port, "127.0.0.1");
    for (const [own, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(own);
      own.setNoDelay(true);
      own.on("error", () => own.destroy());
      own.on("close", () => {
        sockets.delete(own);
        other.destroy();
      });
      own.pipe(other);
    }
  });
  server.listen(0, hostAddress);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
