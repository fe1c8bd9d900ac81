/** What of a kubeconfig is taken, and what is refused (issue 5, QV-03, R9). */
import { describe, expect, it } from "vitest";
import { accessEnds, kubeconfigText, parseKubeconfig } from "../../src/domain/cluster-access.ts";
import { placementOf } from "../../src/domain/kubernetes-settings.ts";
import { PrivateNetwork } from "../../src/domain/private-networks.ts";
import { readDatabaseUrl } from "../../src/server/services/cluster-input.ts";
import { authorityPem, clientCertificate, kubeconfig } from "../support/kubernetes-access.ts";

const { certificate, key } = clientCertificate();

describe("a kubeconfig (QV-03)", () => {
  it("with server, authority and token is taken, in JSON and in YAML", () => {
    const access = { server: "https://10.0.0.1:6443", certificateAuthority: authorityPem, token: "secret-token" };
    expect(parseKubeconfig(kubeconfig({ server: "https://10.0.0.1:6443/" }))).toEqual(access);
    const yaml = `current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]
clusters: [{name: b, cluster: {server: 'https://x.test', certificate-authority-data: ${Buffer.from(authorityPem).toString("base64")}}}]
users: [{name: c, user: {token: t}}]`;
    expect(parseKubeconfig(yaml)).toEqual({ server: "https://x.test", certificateAuthority: authorityPem, token: "t" });
  });

  it("with a client certificate and its key is taken, and is the same when written out again", () => {
    const user = { token: undefined, "client-certificate-data": certificate, "client-key-data": key };
    const access = parseKubeconfig(kubeconfig({ user }));
    expect(Object.keys(access)).toEqual(["server", "certificateAuthority", "clientCertificate", "clientKey"]);
    expect(parseKubeconfigOf(access)).toEqual(access);
    expect(accessEnds(access)?.getTime()).toBeGreaterThan(Date.now());
  });

  const refused: [string, Parameters<typeof kubeconfig>[0], RegExp][] = [
    ["a program", { user: { exec: { command: "aws" } } }, /exec: a program is never run/],
    ["an auth provider", { user: { "auth-provider": { name: "oidc" } } }, /auth-provider: a program is never run/],
    ["a token's file", { user: { tokenFile: "/etc/shadow" } }, /tokenFile: it names a file/],
    ["a certificate's file", { user: { "client-certificate": "/x" } }, /client-certificate: it names a file/],
    ["a key's file", { user: { "client-key": "/x" } }, /client-key: it names a file/],
    ["a password", { user: { username: "a", password: "b" } }, /passwords are not taken/],
    ["impersonation", { user: { as: "system:admin" } }, /impersonation/],
    ["an authority's file", { cluster: { "certificate-authority": "/x" } }, /certificate-authority: it names a file/],
    ["unchecked TLS", { cluster: { "insecure-skip-tls-verify": true } }, /must be checked/],
    ["a proxy", { cluster: { "proxy-url": "http://x" } }, /proxy-url/],
    ["another name for TLS", { cluster: { "tls-server-name": "x" } }, /tls-server-name/],
    ["no authority", { cluster: { "certificate-authority-data": undefined } }, /no certificate-authority-data/],
    ["an authority that is none", { cluster: { "certificate-authority-data": "eHg=" } }, /no PEM certificate/],
    ["plain http", { server: "http://x.test" }, /not an https address/],
    ["a server with a password", { server: "https://a:b@x.test" }, /more than host, port and path/],
    ["no credentials", { user: { token: undefined } }, /no token, nor client-certificate-data/],
    ["two credentials", { user: { "client-certificate-data": certificate } }, /Leave one of them out/],
    ["a token of two lines", { user: { token: "a\nb" } }, /one line/],
    [
      "a key of another certificate",
      {
        user: {
          token: undefined,
          "client-certificate-data": certificate,
          "client-key-data": clientCertificate().key,
        },
      },
      /does not belong/,
    ],
  ];
  it.each(refused)("with %s is refused, and no secret is in the words (R9)", (_what, parts, words) => {
    const text = kubeconfig(parts);
    expect(() => parseKubeconfig(text)).toThrow(words);
    try {
      parseKubeconfig(text);
    } catch (error) {
      expect(error).toMatchObject({ code: "VALIDATION_ERROR", fields: [{ pointer: "/kubeconfig" }] });
      expect(String(error)).not.toContain("secret-token");
    }
  });

  it.each(["", "[", "{}", "current-context: x", `current-context: x\ncontexts: []\nclusters: []\nusers: []`])(
    "that is none is refused: %s",
    (text) => {
      expect(() => parseKubeconfig(text)).toThrow(/kubeconfig cannot be used/);
    },
  );

  it("tells when a token ends that says so", () => {
    const claims = Buffer.from(JSON.stringify({ exp: 1_900_000_000 })).toString("base64url");
    const access = parseKubeconfig(kubeconfig({ user: { token: `e30.${claims}.x` } }));
    expect(accessEnds(access)?.toISOString()).toBe("2030-03-17T17:46:40.000Z");
    expect(accessEnds(parseKubeconfig(kubeconfig()))).toBeUndefined();
  });
});

describe("a database URL", () => {
  it("gives host and port, and may hold nothing that names a file of this machine (R9)", () => {
    expect(readDatabaseUrl("postgresql://a:b@db.test/x?sslmode=require")).toEqual({ host: "db.test", port: 5432 });
    expect(readDatabaseUrl("postgres://a:b@[::1]:5433/")).toEqual({ host: "::1", port: 5433 });
    for (const bad of [
      "http://a:b@x",
      "postgres://x/y",
      "postgres://a@x",
      "postgres://a:b@x?sslkey=/etc/shadow",
      "x",
    ]) {
      expect(() => readDatabaseUrl(bad)).toThrow(/database_url/);
    }
    expect(() => readDatabaseUrl("postgres://a:hidden@x?sslrootcert=/x")).toThrow(/^(?!.*hidden).*sslrootcert/);
  });
});

describe("the place of a deployment (ON-05)", () => {
  const cluster = {
    server: "https://x",
    credentials: "token",
    credentials_end: null,
    is_trusted: true,
    ingress_class: "nginx",
    ingress_namespace: null,
    ingress_address: null,
    certificate_issuer: null,
    storage_class: null,
    volume_access: "ReadWriteOnce",
    database: { host: "db", port: 5432 },
    images: "onvera.local",
    check_image: "onvera.local/busybox:1",
  };
  it("is its cluster's, and its environment's own where that has something of its own", () => {
    const shared = placementOf(cluster, { isolation: "shared", settings: {} });
    expect(shared).toMatchObject({ ingressClass: "nginx", nodeSelector: {}, tolerations: [], isolation: "shared" });
    // Clusters that were registered before these were settings have none of them.
    expect(shared).toMatchObject({ privateNetworks: [], packageIndex: null });
    const own = {
      ingress_class: "acme",
      database: { host: "own", port: 1 },
      node_selector: { pool: "acme" },
      tolerations: [{ key: "pool", operator: "Equal", value: "acme", effect: "NoSchedule" }],
    };
    expect(placementOf(cluster, { isolation: "dedicated", settings: own })).toMatchObject({
      isolation: "dedicated",
      ingressClass: "acme",
      database: { host: "own", port: 1 },
      nodeSelector: { pool: "acme" },
      tolerations: own.tolerations,
    });
  });
});

describe("a private network that pods may reach (R9)", () => {
  const taken = (cidr: string) => PrivateNetwork.safeParse({ cidr }).success;
  it.each(["10.20.0.0/16", "10.0.0.0/8", "192.168.1.7/32", "100.64.0.0/16", "fd00:1::/64"])("may be %s", (cidr) => {
    expect(taken(cidr)).toBe(true);
  });

  it.each([
    "0.0.0.0/0",
    "8.8.8.0/24",
    "10.0.0.0/7",
    "169.254.169.254/32",
    "127.0.0.0/8",
    "100.64.0.0/10",
    "fd00:ec2::254/128",
    "fd00::/8",
    "fe80::/10",
    "::/0",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0",
    "host/8",
  ])("is never %s: the internet, a node itself, a cloud's metadata, or nothing at all", (cidr) => {
    expect(taken(cidr)).toBe(false);
  });
});

const parseKubeconfigOf = (access: Parameters<typeof kubeconfigText>[0]) => parseKubeconfig(kubeconfigText(access));
