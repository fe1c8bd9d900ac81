/** Serves a program to a CLI's `--client`, as the Automation API does inside `up` and `preview`. */
import * as grpc from "@grpc/grpc-js";
import * as automationServer from "@pulumi/pulumi/automation/server.js";
import * as languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";

export interface LanguageHost {
  /** Value of `--client`. */
  address: string;
  close(): void;
}

/** The SDK's own class; its type declarations leave it out. */
const { LanguageServer } = automationServer as unknown as {
  LanguageServer: new (program: () => Promise<object>) => grpc.UntypedServiceImplementation;
};

/** Serves on a free loopback port. */
export async function serveLanguageHost(program: () => Promise<object>): Promise<LanguageHost> {
  const server = new grpc.Server();
  server.addService(
    languageService.LanguageRuntimeService as unknown as grpc.ServiceDefinition,
    new LanguageServer(program),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
