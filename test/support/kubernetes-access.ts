/** Kubeconfigs for tests, and an API server of a few lines where a real one would say too little. */
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthority, issueLeaf, toPem } from "../../src/local/certificates/certificate.ts";

const authority = createAuthority("Test cluster", "localhost", new Date());
export const authorityPem = toPem(authority.certificate);

const encoded = (text: string) => Buffer.from(text).toString("base64");

export interface KubeconfigParts {
  server?: string;
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
}

/** A kubeconfig with a token; `cluster` and `user` replace or add members, undefined takes one away. */
export function kubeconfig({ server = "https://127.0.0.1:1", cluster, user }: KubeconfigParts = {}): string {
  return JSON.stringify({
    "current-context": "one",
    contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
    clusters: [
      { name: "c", cluster: { server, "certificate-authority-data": encoded(authorityPem), ...cluster } },
      { name: "other", cluster: { server: "http://other" } },
    ],
    users: [{ name: "u", user: { token: "secret-token", ...user } }],
  });
}

/** A cluster as it is registered; nothing listens at its addresses. */
export const newCluster = (wanted: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: "prod",
  domain: "apps.example.test",
  kubeconfig: kubeconfig(),
  database_url: "postgresql://admin:database-secret@127.0.0.1:1/postgres",
  ...wanted,
});

/** A certificate and its key as they stand in a kubeconfig. */
export function clientCertificate(): { certificate: string; key: string } {
  const leaf = issueLeaf(authority, "localhost", new Date());
  return {
    certificate: encoded(toPem(leaf.certificate)),
    key: encoded(leaf.key.export({ type: "pkcs8", format: "pem" }).toString()),
  };
}

export interface StandInServer {
  /** `https://localhost:<port>` */
  server: string;
  close(): Promise<void>;
}

/** An https server whose certificate is from the authority of `kubeconfig`. */
export async function standInServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<StandInServer> {
  const leaf = issueLeaf(authority, "localhost", new Date());
  const server = https.createServer(
    { cert: toPem(leaf.certificate), key: leaf.key.export({ type: "pkcs8", format: "pem" }) },
    answer,
  );
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    server: `https://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
