/** The certificate authority of this installation: made once, kept in two files, asked for a certificate per host. */
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { createAuthority, issueLeaf, type KeyAndCertificate, toPem } from "./certificate.ts";

/** A leaf is issued anew this long before it ends. */
const RENEW_BEFORE_MILLISECONDS = 30 * 86_400_000;
const CACHED_HOSTS = 1000;

/** Where `onvera trust` finds the certificate to install. */
export function authorityCertificateFile(folder: string): string {
  return path.join(folder, "authority.crt");
}

export class LocalAuthority {
  readonly #authority: KeyAndCertificate;
  readonly #contexts = new Map<string, { context: SecureContext; renewAt: number }>();

  private constructor(authority: KeyAndCertificate) {
    this.#authority = authority;
  }

  /**
   * Opens the authority kept in a folder, or makes one.
   * @param domain the domain it may vouch for
   */
  static open(folder: string, domain: string, now: Date = new Date()): LocalAuthority {
    return new LocalAuthority(load(folder, domain, now) ?? create(folder, domain, now));
  }

  /** The authority's own certificate, PEM. */
  get certificate(): string {
    return toPem(this.#authority.certificate);
  }

  /** What a TLS server needs for a host; issued on first use and kept in memory. */
  contextFor(host: string, now: Date = new Date()): SecureContext {
    const cached = this.#contexts.get(host);
    if (cached !== undefined && now.getTime() < cached.renewAt) return cached.context;
    const { options, validTo } = this.#issue(host, now);
    const context = createSecureContext({ ...options, minVersion: "TLSv1.2" });
    const oldest = this.#contexts.keys().next();
    if (this.#contexts.size >= CACHED_HOSTS && oldest.done !== true) this.#contexts.delete(oldest.value);
    this.#contexts.set(host, { context, renewAt: validTo - RENEW_BEFORE_MILLISECONDS });
    return context;
  }

  /** Key and certificate chain of a host, PEM, issued anew at each call. */
  optionsFor(host: string, now: Date = new Date()): { key: string; cert: string } {
    return this.#issue(host, now).options;
  }

  #issue(host: string, now: Date): { options: { key: string; cert: string }; validTo: number } {
    const leaf = issueLeaf(this.#authority, host, now);
    const key = leaf.key.export({ type: "pkcs8", format: "pem" }).toString();
    const validTo = Date.parse(new X509Certificate(leaf.certificate).validTo);
    return { options: { key, cert: toPem(leaf.certificate) + this.certificate }, validTo };
  }
}

function create(folder: string, domain: string, now: Date): KeyAndCertificate {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = createAuthority(`Onvera local authority ${randomBytes(3).toString("hex")}`, domain, now);
  writeFileSync(path.join(folder, "authority.key"), authority.key.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  writeFileSync(authorityCertificateFile(folder), toPem(authority.certificate), { mode: 0o644 });
  return authority;
}

/** Undefined when there is none, or when it has ended or was made for another domain. */
function load(folder: string, domain: string, now: Date): KeyAndCertificate | undefined {
  let key: string;
  let pem: string;
  try {
    key = readFileSync(path.join(folder, "authority.key"), "utf8");
    pem = readFileSync(authorityCertificateFile(folder), "utf8");
  } catch {
    return undefined;
  }
  const certificate = new X509Certificate(pem);
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  const vouches = certificate.raw.includes(Buffer.from(domain));
  const valid = Date.parse(certificate.validTo) - RENEW_BEFORE_MILLISECONDS > now.getTime();
  if (!vouches || !valid || commonName === undefined) return undefined;
  return { key: createPrivateKey(key), certificate: certificate.raw, commonName };
}
