/** Issues X.509 certificates (RFC 5280) with keys on the curve P-256: one authority, and one leaf per host. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import {
  bitString,
  boolean,
  der,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

export interface KeyAndCertificate {
  key: KeyObject;
  /** DER. */
  certificate: Buffer;
  commonName: string;
}

const DAY_MILLISECONDS = 86_400_000;
/** Clocks differ a little. */
const BACKDATED_MILLISECONDS = 3_600_000;
/** Browsers refuse leaves that are valid for longer than 398 days. */
const LEAF_DAYS = 397;
const AUTHORITY_DAYS = 3650;

const oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

/**
 * Makes a new authority that can only vouch for hosts below one domain: who trusts it need not fear it elsewhere.
 * @param domain `localhost`, or the apps' domain
 */
export function createAuthority(commonName: string, domain: string, now: Date): KeyAndCertificate {
  const { publicKey, privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const permitted = [domain, ...(domain === "localhost" ? [] : ["localhost"])];
  const certificate = issue({
    subject: commonName,
    issuer: { commonName, key },
    publicKey,
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MILLISECONDS),
    now,
    extensions: [
      extension(oid.basicConstraints, true, sequence(boolean(true), integer(Buffer.from([0])))),
      // Certificate and revocation list signing: the bits 5 and 6.
      extension(oid.keyUsage, true, bitString(Buffer.from([0b0000_0110]), 1)),
      extension(oid.nameConstraints, true, sequence(explicit(0, ...permitted.map(subtree)))),
    ],
  });
  return { key, certificate, commonName };
}

/** Issues a certificate for one host, signed by the authority. */
export function issueLeaf(authority: KeyAndCertificate, host: string, now: Date): KeyAndCertificate {
  const { publicKey, privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = issue({
    subject: host,
    issuer: { commonName: authority.commonName, key: authority.key },
    publicKey,
    notAfter: new Date(now.getTime() + LEAF_DAYS * DAY_MILLISECONDS),
    now,
    extensions: [
      extension(oid.basicConstraints, true, sequence()),
      extension(oid.keyUsage, true, bitString(Buffer.from([0b1000_0000]), 7)),
      extension(oid.extendedKeyUsage, false, sequence(objectIdentifier(oid.serverAuthentication))),
      extension(oid.subjectAlternativeName, false, sequence(alternativeName(host))),
    ],
  });
  return { key, certificate, commonName: host };
}

/** The usual text form. */
export function toPem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

interface IssueRequest {
  subject: string;
  issuer: { commonName: string; key: KeyObject };
  publicKey: KeyObject;
  now: Date;
  notAfter: Date;
  extensions: Buffer[];
}

function issue(request: IssueRequest): Buffer {
  const { subject, issuer, publicKey, now, notAfter } = request;
  const algorithm = sequence(objectIdentifier(oid.ecdsaWithSha256));
  const extensions = [
    ...request.extensions,
    extension(oid.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    extension(oid.authorityKeyIdentifier, false, sequence(der(0x80, keyIdentifier(createPublicKey(issuer.key))))),
  ];
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    distinguishedName(issuer.commonName),
    sequence(time(new Date(now.getTime() - BACKDATED_MILLISECONDS)), time(notAfter)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions)),
  );
  return sequence(body, algorithm, bitString(sign("sha256", body, issuer.key)));
}

/** 16 random bytes, positive and never zero at the front. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function distinguishedName(commonName: string): Buffer {
  const attribute = (type: string, value: string): Buffer => set(sequence(objectIdentifier(type), utf8String(value)));
  // A common name holds 64 characters; the host itself stands in the alternative name.
  return sequence(attribute(oid.organization, "Onvera"), attribute(oid.commonName, commonName.slice(0, 64)));
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split(".").map(Number)));
  return der(0x82, Buffer.from(host));
}

function subtree(domain: string): Buffer {
  return sequence(der(0x82, Buffer.from(domain)));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}
