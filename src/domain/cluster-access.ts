/** How a Kubernetes cluster's API server is reached, read from a kubeconfig that says nothing else. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import { OnveraError } from "./errors.ts";

const Server = z.object({
  /** https address of the API server. */
  server: z.string(),
  /** PEM; the only authority its certificate is checked against. */
  certificateAuthority: z.string(),
});

/** Server and authority with a token, or with a client certificate and its key (PEM): nothing that runs or is read from a disk. */
export const ClusterAccess = z.union([
  Server.extend({ token: z.string() }).strict(),
  Server.extend({ clientCertificate: z.string(), clientKey: z.string() }).strict(),
]);
export type ClusterAccess = z.infer<typeof ClusterAccess>;

const MOST_CHARACTERS = 65_536;

const Entry = z.record(z.string(), z.unknown());
const named = <K extends string>(member: K) =>
  z.array(z.object({ name: z.string(), [member]: Entry } as { name: z.ZodString } & Record<K, typeof Entry>));
const Kubeconfig = z.object({
  "current-context": z.string().min(1),
  contexts: named("context"),
  clusters: named("cluster"),
  users: named("user"),
});

/** What a kubeconfig may hold for kubectl and must not hold here: member to the reason. */
const refusedOfCluster: Record<string, string> = {
  "insecure-skip-tls-verify": "the server's certificate must be checked",
  "certificate-authority": "it names a file; put the certificate in as certificate-authority-data",
  "proxy-url": "the server must be reachable without a proxy",
  "tls-server-name": "the certificate must be for the server's own address",
};
const refusedOfUser: Record<string, string> = {
  exec: "a program is never run; use a token or a client certificate",
  "auth-provider": "a program is never run; use a token or a client certificate",
  tokenFile: "it names a file; put the token in as token",
  "client-certificate": "it names a file; put the certificate in as client-certificate-data",
  "client-key": "it names a file; put the key in as client-key-data",
  username: "passwords are not taken; use a token or a client certificate",
  password: "passwords are not taken; use a token or a client certificate",
  as: "impersonation is not taken; use an account of its own",
  "as-uid": "impersonation is not taken; use an account of its own",
  "as-groups": "impersonation is not taken; use an account of its own",
  "as-user-extra": "impersonation is not taken; use an account of its own",
};

/**
 * Reads the current context of a kubeconfig.
 * @param text YAML or JSON
 * @throws OnveraError VALIDATION_ERROR at `/kubeconfig` that says what is wrong with it, and never quotes a secret
 */
export function parseKubeconfig(text: string): ClusterAccess {
  const { cluster, user } = currentContext(text);
  refuse("cluster", cluster, refusedOfCluster);
  refuse("user", user, refusedOfUser);
  const server = serverAddress(cluster.server);
  const certificateAuthority = pem(cluster["certificate-authority-data"], "certificate-authority-data");
  readCertificate(certificateAuthority, "certificate-authority-data");
  const { token } = user;
  if (token !== undefined && user["client-certificate-data"] !== undefined) {
    throw fault("Its user has a token and a client certificate. Leave one of them out.");
  }
  if (token !== undefined) {
    if (typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token)) {
      throw fault("Its token is not one line of visible characters.");
    }
    return { server, certificateAuthority, token };
  }
  const clientCertificate = pem(user["client-certificate-data"], "token, nor client-certificate-data");
  const clientKey = pem(user["client-key-data"], "client-key-data");
  requireMatch(readCertificate(clientCertificate, "client-certificate-data"), clientKey);
  return { server, certificateAuthority, clientCertificate, clientKey };
}

/** The access as a kubeconfig, for programs that take nothing else. JSON is YAML too. */
export function kubeconfigText(access: ClusterAccess): string {
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const user =
    "token" in access
      ? { token: access.token }
      : {
          "client-certificate-data": encoded(access.clientCertificate),
          "client-key-data": encoded(access.clientKey),
        };
  const cluster = {
    server: access.server,
    "certificate-authority-data": encoded(access.certificateAuthority),
  };
  const name = "onvera";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster }],
    users: [{ name, user }],
  });
}

/** When the access ends by itself, as far as it says so: the `exp` of a token that is a JWT, the end of a certificate. */
export function accessEnds(access: ClusterAccess): Date | undefined {
  if ("clientCertificate" in access) return new Date(new X509Certificate(access.clientCertificate).validTo);
  const [, claims] = access.token.split(".");
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { exp?: unknown };
    return typeof exp === "number" ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}

function currentContext(text: string) {
  if (text.length > MOST_CHARACTERS) throw fault("It is longer than 64 KiB.");
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    throw fault("It is neither YAML nor JSON.");
  }
  const read = Kubeconfig.safeParse(document);
  if (!read.success) throw fault("It is no kubeconfig with a current-context, contexts, clusters and users.");
  const config = read.data;
  const wanted = config["current-context"];
  const context = config.contexts.find(({ name }) => name === wanted)?.context;
  if (context === undefined) throw fault("Its current-context is not among its contexts.");
  const cluster = config.clusters.find(({ name }) => name === context.cluster)?.cluster;
  if (cluster === undefined) throw fault("The cluster of its current context is not among its clusters.");
  const user = config.users.find(({ name }) => name === context.user)?.user;
  if (user === undefined) throw fault("The user of its current context is not among its users.");
  return { cluster, user };
}

function refuse(where: string, entry: Record<string, unknown>, reasons: Record<string, string>): void {
  for (const [member, reason] of Object.entries(reasons)) {
    const value = entry[member];
    if (value !== undefined && value !== null && value !== false && value !== "") {
      throw fault(`Its ${where} has ${member}: ${reason}.`);
    }
  }
}

function serverAddress(value: unknown): string {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "https:") throw fault("Its server is not an https address.");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw fault("Its server's address holds more than host, port and path.");
  }
  return url.href.replace(/\/$/, "");
}

function pem(value: unknown, member: string): string {
  if (typeof value !== "string" || value === "") throw fault(`It has no ${member}.`);
  return Buffer.from(value, "base64").toString("utf8");
}

function readCertificate(text: string, member: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw fault(`Its ${member} holds no PEM certificate.`);
  }
}

function requireMatch(certificate: X509Certificate, key: string): void {
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw fault("Its client-key-data holds no PEM key, or one with a password.");
  }
  if (!matches) throw fault("Its client-key-data does not belong to its client-certificate-data.");
}

function fault(words: string): OnveraError {
  const pointer = "/kubeconfig";
  return new OnveraError("VALIDATION_ERROR", {
    message: `The kubeconfig cannot be used: ${words}`,
    fields: [{ pointer, message: words }],
  });
}
