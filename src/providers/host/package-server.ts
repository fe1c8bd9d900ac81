/** A listening socket for one package; each accepted connection is looked at before gRPC sees it. */
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import grpcProto from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { type Connection, newConnection } from "./connection.ts";
import { peerOf } from "./peer-uid.ts";

/** Outputs with long job logs or many files are larger than gRPC's own limit of 4 MB. */
const MESSAGE_LIMIT_BYTES = 400 * 1024 * 1024;

export interface PackageServer {
  port: number;
  /** Resolves when no connection is open. */
  left(): Promise<void>;
  stop(): Promise<void>;
}

export interface PackageServerOptions {
  /** Uids whose processes may connect. A uid this machine cannot tell passes. */
  allowedUids: ReadonlySet<number>;
  /** Told of each connection that was turned away. */
  onRefused?(uid: number): void;
  service(connectionOf: (peer: string) => Connection): UntypedServiceImplementation;
}

/** Listens on a free port of 127.0.0.1. */
export async function startPackageServer(options: PackageServerOptions): Promise<PackageServer> {
  const connections = new Map<string, Connection>();
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_LIMIT_BYTES,
    "grpc.max_send_message_length": MESSAGE_LIMIT_BYTES,
    "grpc.enable_channelz": 0,
  });
  server.addService(
    grpcProto.ResourceProviderService,
    options.service((peer) => {
      const connection = connections.get(peer);
      if (connection === undefined) throw new Error("The connection is closed.");
      return connection;
    }),
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();

  const admit = async (socket: Socket): Promise<void> => {
    socket.on("error", () => socket.destroy());
    const peer = await peerOf(socket);
    const isStranger = peer !== "unknowable" && (peer === "gone" || !options.allowedUids.has(peer.uid));
    if (isStranger) {
      if (peer !== "gone") options.onRefused?.(peer.uid);
      socket.destroy();
      return;
    }
    // A client may be gone by now; HTTP/2 cannot begin on a socket without a handle.
    if (socket.destroyed) return;
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const closed = new AbortController();
    connections.set(name, newConnection(closed.signal));
    sockets.add(socket);
    socket.once("close", () => {
      closed.abort();
      connections.delete(name);
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
    injector.injectConnection(socket);
  };
  const listener = createServer({ pauseOnConnect: false }, (socket) => void admit(socket));
  const port = await listen(listener);

  return {
    port,
    left: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else waiting.add(resolve);
      }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      injector.destroy();
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(listener: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      if (address === null || typeof address === "string") reject(new Error("The provider host got no TCP port"));
      else resolve(address.port);
    });
  });
}
