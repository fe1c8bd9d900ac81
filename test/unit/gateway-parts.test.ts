/** The gateway's parts without a socket: header cleaning, pages, figures, certificates (TN-12, ON-44). */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createAuthority, issueLeaf, toPem } from "../../src/local/certificates/certificate.ts";
import { integer, objectIdentifier, sequence, time } from "../../src/local/certificates/der.ts";
import { LocalAuthority } from "../../src/local/certificates/local-authority.ts";
import { cleanRequestHeaders, requestedHost } from "../../src/local/gateway/request-headers.ts";
import { Traffic } from "../../src/local/gateway/traffic.ts";

const client = { address: "10.0.0.9", protocol: "https", host: "a.localhost:8443", port: 8443 } as const;
const cleaned = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  cleanRequestHeaders(headers, client);
  return headers;
};

describe("request headers", () => {
  it.each([
    ["a=1; onvera_session=x; b=2", "a=1; b=2"],
    ["__Host-onvera_session=x", undefined],
    ["__Secure-onvera=x;a=1", "a=1"],
    ["Onvera_Session=x; a=onvera_b", "a=onvera_b"],
    ["session=onv_sk_live_x", "session=onv_sk_live_x"],
  ])("cookies %s become %s", (cookie, expected) => {
    expect(cleaned({ cookie }).cookie).toBe(expected);
  });

  it.each([
    ["onv_sk_live_x", undefined],
    ["Bearer onv_sk_live_x", undefined],
    ["bearer   onv_sk_live_x", undefined],
    ["Bearer eyJhbGciOi", "Bearer eyJhbGciOi"],
    ["Basic b252Xw==", "Basic b252Xw=="],
  ])("authorization %s becomes %s", (authorization, expected) => {
    expect(cleaned({ authorization }).authorization).toBe(expected);
  });

  it("claims about addresses before us never get through, whatever they are called (property)", () => {
    const name = fc.stringMatching(/^x-forwarded-[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (claims) => {
        const after = cleaned({ ...claims });
        const ours = { for: "10.0.0.9", proto: "https", host: "a.localhost:8443", port: "8443" };
        const expected = Object.fromEntries(Object.entries(ours).map(([key, value]) => [`x-forwarded-${key}`, value]));
        expect(after).toEqual({ ...expected, "x-real-ip": "10.0.0.9" });
      }),
    );
  });

  it.each([
    ["Shop.localhost:7680", "shop.localhost"],
    ["shop.localhost.", "shop.localhost"],
    ["127.0.0.1:80", "127.0.0.1"],
    ["[::1]:80", undefined],
    ["a b", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("the host in %s is %s", (header, host) => {
    expect(requestedHost(header)).toBe(host);
  });
});

describe("traffic figures", () => {
  it("hold percentiles to within a fifth", () => {
    const traffic = new Traffic();
    for (let latencyMilliseconds = 1; latencyMilliseconds <= 1000; latencyMilliseconds++) {
      traffic.record("d", { status: latencyMilliseconds % 100 === 0 ? 502 : 200, bytesOut: 10, latencyMilliseconds });
    }
    const { requests, errors, bytesOut, latencyMilliseconds } = traffic.report("d");
    expect({ requests, errors, bytesOut }).toEqual({ requests: 1000, errors: 10, bytesOut: 10_000 });
    for (const [share, exact] of [
      ["p50", 500],
      ["p95", 950],
      ["p99", 990],
    ] as const) {
      expect(latencyMilliseconds[share]).toBeGreaterThanOrEqual(exact);
      expect(latencyMilliseconds[share]).toBeLessThanOrEqual(exact * 1.2);
    }
    expect(traffic.report("other").requests).toBe(0);
  });
});

describe("certificates", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "onvera-ca-"));
  const now = new Date("2026-11-21T10:00:00Z");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are what others read them to be", () => {
    const authority = createAuthority("Test authority", "localhost", now);
    const leaf = issueLeaf(authority, "shop-abc123.localhost", now);
    const [ca, certificate] = [new X509Certificate(authority.certificate), new X509Certificate(leaf.certificate)];
    expect(ca.ca).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.checkHost("shop-abc123.localhost")).toBe("shop-abc123.localhost");
    expect(certificate.checkHost("other.localhost")).toBeUndefined();
    expect(certificate.checkPrivateKey(leaf.key)).toBe(true);
    const days = (Date.parse(certificate.validTo) - now.getTime()) / 86_400_000;
    expect(days).toBeLessThan(398);
    const openssl = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8" });
    writeFileSync(path.join(folder, "ca.pem"), toPem(authority.certificate));
    writeFileSync(path.join(folder, "leaf.pem"), toPem(leaf.certificate));
    const verified = [
      "verify",
      "-x509_strict",
      "-attime",
      String(now.getTime() / 1000),
      "-CAfile",
      path.join(folder, "ca.pem"),
    ];
    expect(openssl(...verified, path.join(folder, "leaf.pem"))).toContain(": OK");
    // Who trusts this authority need not fear it elsewhere.
    const foreign = issueLeaf(authority, "bank.example.com", now);
    writeFileSync(path.join(folder, "foreign.pem"), toPem(foreign.certificate));
    expect(() => execFileSync("openssl", [...verified, path.join(folder, "foreign.pem")], { stdio: "pipe" })).toThrow(
      /permitted subtree/,
    );
  });

  it("come from one authority that is kept, its key closed to others", () => {
    const kept = path.join(folder, "kept");
    const first = LocalAuthority.open(kept, "localhost", now);
    expect(LocalAuthority.open(kept, "localhost", now).certificate).toBe(first.certificate);
    expect(statSync(path.join(kept, "authority.key")).mode & 0o777).toBe(0o600);
    const context = first.contextFor("a.localhost", now);
    expect(first.contextFor("a.localhost", now)).toBe(context);
    expect(first.contextFor("a.localhost", new Date(now.getTime() + 380 * 86_400_000))).not.toBe(context);
    // Another domain, or an authority about to end, is made anew.
    expect(LocalAuthority.open(kept, "apps.example.com", now).certificate).not.toBe(first.certificate);
  });
});

describe("DER", () => {
  it("writes known values as known bytes", () => {
    const hex = (bytes: Buffer): string => bytes.toString("hex");
    expect(hex(objectIdentifier("1.2.840.10045.4.3.2"))).toBe("06082a8648ce3d040302");
    expect(hex(integer(Buffer.from([0, 0x80])))).toBe("02020080");
    expect(hex(integer(Buffer.from([0])))).toBe("020100");
    expect(time(new Date("2049-12-31T23:59:59Z")).toString("latin1").slice(2)).toBe("491231235959Z");
    expect(time(new Date("2050-01-01T00:00:00Z")).toString("latin1").slice(2)).toBe("20500101000000Z");
    expect(hex(sequence(Buffer.alloc(200)).subarray(0, 3))).toBe("3081c8");
    expect(hex(sequence(Buffer.alloc(300)).subarray(0, 4))).toBe("3082012c");
  });
});
