/** Where webhooks may go, when they are tried again, and how they are signed. */
import { describe, expect, it } from "vitest";
import { addressVerdict } from "../../src/domain/address-verdict.ts";
import { urlFault } from "../../src/server/outbound/guarded-request.ts";
import { defaultWebhookPolicy, retryDelay } from "../../src/server/webhooks/retries.ts";
import { sendWebhook } from "../../src/server/webhooks/send.ts";
import { newSecret, signedHeaders } from "../../src/server/webhooks/signature.ts";

describe("the address a webhook is sent to", () => {
  it.each([
    ["93.184.215.14", "open"],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "open"],
    ["::ffff:93.184.215.14", "open"],
    ["127.0.0.1", "refused"],
    ["127.255.255.254", "refused"],
    ["0.0.0.0", "refused"],
    ["::1", "refused"],
    ["::", "refused"],
    ["169.254.169.254", "refused"],
    ["fe80::1", "refused"],
    ["fe80::1%eth0", "refused"],
    ["fd00:ec2::254", "refused"],
    ["100.100.100.200", "refused"],
    ["224.0.0.1", "refused"],
    ["255.255.255.255", "refused"],
    ["ff02::1", "refused"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "private"],
    ["fc00::1", "private"],
    ["::ffff:127.0.0.1", "refused"],
    ["::ffff:7f00:1", "refused"],
    ["0:0:0:0:0:ffff:7f00:0001", "refused"],
    ["::ffff:0a00:1", "private"],
    ["::ffff:169.254.169.254", "refused"],
    ["::127.0.0.1", "refused"],
    ["64:ff9b::7f00:1", "refused"],
    ["64:ff9b::10.0.0.1", "private"],
    ["2002:7f00:1::", "refused"],
    ["2002:c0a8:101::1", "private"],
    ["::ffff:0:127.0.0.1", "refused"],
    ["not an address", "refused"],
    ["", "refused"],
  ] as const)("%s is %s, however it is written (SSRF)", (address, verdict) => {
    expect(addressVerdict(address)).toBe(verdict);
  });

  const inner = "It leads to an address inside a network.";
  it.each([
    ["https://hooks.example.com/x?y=1", undefined],
    ["https://93.184.215.14:8443/", undefined],
    ["http://hooks.example.com/", "It must begin with https://."],
    ["ftp://hooks.example.com/", "It must begin with https://."],
    ["https://user:pass@hooks.example.com/", "It must not hold a user or password."],
    ["https://127.0.0.1/", inner],
    ["https://2130706433/", inner],
    ["https://0x7f.1/", inner],
    ["https://017700000001/", inner],
    ["https://[::1]/", inner],
    ["https://[::ffff:127.0.0.1]/", inner],
    ["https://localhost/", inner],
    ["https://app.localhost/", inner],
    ["https://169.254.169.254/latest/meta-data", inner],
    ["nonsense", "It is not a URL."],
  ])("%s: %s", (url, fault) => {
    expect(urlFault(url, { privateHosts: [] })).toBe(fault);
  });

  it("is let through where the operator named the host, and only that host", () => {
    const privateHosts = ["127.0.0.1"];
    expect(urlFault("http://127.0.0.1:9/", { privateHosts })).toBeUndefined();
    expect(urlFault("http://127.0.0.2:9/", { privateHosts })).toBe("It must begin with https://.");
  });

  it("is checked after the name has been looked up too, before anything is sent", async () => {
    const sent = await sendWebhook(
      "https://localhost.localdomain/",
      { body: "{}", headers: {} },
      { privateHosts: [], timeoutMilliseconds: 5000 },
    );
    expect(sent.status).toBeNull();
    expect(sent.error).toMatch(/inside a network|not known|looked up/);
  });
});

describe("tries", () => {
  it("go on for about a day, ever more slowly, then end", () => {
    const delays = defaultWebhookPolicy.retryDelaysSeconds.map(
      (_, n) => retryDelay(defaultWebhookPolicy, n + 1, 0) ?? 0,
    );
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    const hours = delays.reduce((sum, delay) => sum + delay, 0) / 3600;
    expect(hours).toBeGreaterThan(22);
    expect(hours).toBeLessThan(26);
    expect(retryDelay(defaultWebhookPolicy, delays.length + 1, 0)).toBeUndefined();
    expect(retryDelay(defaultWebhookPolicy, 1, 1)).toBeCloseTo(5.5);
  });
});

describe("signatures (Standard Webhooks)", () => {
  it("are what the specification's own example says", () => {
    // https://www.standardwebhooks.com: the published example of the reference libraries.
    const headers = signedHeaders(
      { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330_000, body: '{"test": 2432232314}' },
      ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    );
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("are made with 32 random bytes, never the same", () => {
    const [one, other] = [newSecret(), newSecret()];
    expect(Buffer.from(one.slice("whsec_".length), "base64")).toHaveLength(32);
    expect(one).not.toBe(other);
  });
});
