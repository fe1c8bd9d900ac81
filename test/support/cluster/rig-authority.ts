/** The rig's certificates: one authority per start, made by OpenSSL; the product's own one vouches for web hosts only. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

interface Identity {
  /** File name and, where there is no other, common name. */
  name: string;
  commonName?: string;
  organization?: string;
  /** Names and addresses it may serve as. */
  serves?: string[];
}

const DAYS = "30";

/** Whom the authority vouches for. `front-proxy` is what extension API servers know the API server by. */
export function identitiesOf(place: RigPlace): Identity[] {
  const apiNames = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return [
    {
      name: "kube-apiserver",
      serves: [
        ...apiNames.map((name) => `DNS:${name}`),
        `IP:${place.apiServiceAddress}`,
        `IP:${place.nodeAddress}`,
        "IP:127.0.0.1",
      ],
    },
    { name: "kubelet-client", organization: "system:masters" },
    { name: "front-proxy" },
    { name: "admin", organization: "system:masters" },
    { name: "kube-controller-manager", commonName: "system:kube-controller-manager" },
    { name: "kube-scheduler", commonName: "system:kube-scheduler" },
    { name: "kube-proxy", commonName: "system:kube-proxy" },
    {
      name: "kubelet",
      commonName: `system:node:${place.nodeName}`,
      organization: "system:nodes",
      serves: [`DNS:${place.nodeName}`, `IP:${place.nodeAddress}`],
    },
  ];
}

/** Makes the authority, a certificate and key for each identity, and the key that signs service accounts' tokens. */
export async function issueCertificates(place: RigPlace): Promise<void> {
  await mkdir(place.certificates, { recursive: true, mode: 0o700 });
  const at = (file: string) => path.join(place.certificates, file);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-keyout", at("authority.key"), "-out", at("authority.crt"), "-days", DAYS];
  await run("openssl", ["req", "-x509", ...newKey, ...authority, "-subj", `/CN=${place.nodeName}`]);
  await run("openssl", [
    "genpkey",
    "-algorithm",
    "RSA",
    "-pkeyopt",
    "rsa_keygen_bits:2048",
    "-out",
    at("accounts.key"),
  ]);
  await run("openssl", ["pkey", "-in", at("accounts.key"), "-pubout", "-out", at("accounts.pub")]);
  for (const [index, { name, commonName = name, organization, serves }] of identitiesOf(place).entries()) {
    const subject = `${organization ? `/O=${organization}` : ""}/CN=${commonName}`;
    await run("openssl", ["req", ...newKey, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", subject]);
    const usage = ["clientAuth", ...(serves ? ["serverAuth"] : [])].join(",");
    const names = serves ? `subjectAltName=${serves.join(",")}\n` : "";
    await writeFile(at(`${name}.ext`), `extendedKeyUsage=${usage}\n${names}`);
    const signer = ["-CA", at("authority.crt"), "-CAkey", at("authority.key"), "-days", DAYS];
    const files = ["-in", at(`${name}.csr`), "-out", at(`${name}.crt`), "-extfile", at(`${name}.ext`)];
    await run("openssl", ["x509", "-req", ...files, ...signer, "-set_serial", String(index + 1)]);
  }
}

/** A kubeconfig with everything inside it; JSON is YAML too. */
export async function kubeconfigOf(place: RigPlace, identity: string, server: string): Promise<string> {
  const base64 = async (file: string) => (await readFile(path.join(place.certificates, file))).toString("base64");
  const [authority, certificate, key] = await Promise.all(
    ["authority.crt", `${identity}.crt`, `${identity}.key`].map(base64),
  );
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: place.nodeName, cluster: { server, "certificate-authority-data": authority } }],
    users: [{ name: identity, user: { "client-certificate-data": certificate, "client-key-data": key } }],
    contexts: [{ name: "rig", context: { cluster: place.nodeName, user: identity } }],
    "current-context": "rig",
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
