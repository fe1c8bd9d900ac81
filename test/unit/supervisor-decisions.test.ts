/** The supervisor's pure decisions: backoff, probe verdicts, phases, fingerprints, addresses (design.md §7). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressVerdict } from "../../src/domain/address-verdict.ts";
import { backoffDelay, countFailure, defaultBackoff } from "../../src/local/supervisor/backoff.ts";
import { childEnvironment, markFor } from "../../src/local/supervisor/child-environment.ts";
import { addressOf } from "../../src/local/supervisor/git-source.ts";
import { healthStatus } from "../../src/local/supervisor/health.ts";
import { newProbeHistory, probeVerdict, recordAnswer } from "../../src/local/supervisor/probe-verdict.ts";
import type { ProcessState } from "../../src/local/supervisor/protocol.ts";
import { type RenderFacts, render } from "../../src/local/supervisor/rendering.ts";
import { nextPhase, type ReplicaEvent, type ReplicaPhase } from "../../src/local/supervisor/replica-phase.ts";
import { secretScrubber } from "../../src/local/supervisor/secret-scrubber.ts";
import { firstUidOf } from "../../src/local/supervisor/uid-leases.ts";
import { digestOf } from "../../src/local/supervisor/workload-files.ts";

describe("a reference to an address", () => {
  const facts = { ports: { web: 20_001 }, ownPorts: [], replica: 0 } as unknown as RenderFacts;

  it("is loopback on this machine: nothing of an app listens to, or trusts, anybody else (ON-30)", () => {
    const text = "{{address:listen}}:{{port:web}} {{address:proxy}} http://{{host:api-server}}:{{port:web}}/";
    expect(render(text, facts)).toBe("127.0.0.1:20001 127.0.0.1 http://127.0.0.1:20001/");
    expect(() => render("{{address:anywhere}}", facts)).toThrow("Unknown reference {{address:anywhere}}");
  });
});

describe("backoff", () => {
  it("doubles from half a second to a minute", () => {
    const delays = [1, 2, 3, 7, 8, 9, 50].map((failures) => backoffDelay(defaultBackoff, failures));
    expect(delays).toEqual([500, 1000, 2000, 32_000, 60_000, 60_000, 60_000]);
    expect(backoffDelay(defaultBackoff, 0)).toBe(0);
  });

  it("begins again after a process lived for a minute", () => {
    expect(countFailure(defaultBackoff, 7, 59_999)).toBe(8);
    expect(countFailure(defaultBackoff, 7, 60_000)).toBe(1);
  });
});

describe("probe verdict", () => {
  const limits = { failureThreshold: 3, startupGraceMilliseconds: 1000 };
  const after = (answers: boolean[]) => answers.reduce(recordAnswer, newProbeHistory);

  it.each([
    ["nothing answered yet, still starting", [false, false, false, false], 500, "waiting"],
    ["nothing answered, the start is over", [false, false, false], 1500, "bad"],
    ["too few failures for a verdict after a take-over", [false, false], 1500, "waiting"],
    ["answered once", [false, true], 500, "good"],
    ["one failure is no verdict", [true, false, false], 5000, "good"],
    ["as many in a row as are too many", [true, false, false, false], 5000, "bad"],
    ["a good answer ends the row", [true, false, false, true, false, false], 5000, "good"],
    ["failing again while the start would still be excused", [true, false, false, false], 500, "bad"],
  ] as const)("%s", (_case, answers, alive, verdict) => {
    expect(probeVerdict(after([...answers]), limits, alive)).toBe(verdict);
  });
});

describe("phases of a copy", () => {
  it("go stopped, starting, ready, and back through stopping or backoff only", () => {
    const walk = (events: ReplicaEvent[]): ReplicaPhase => events.reduce(nextPhase, "stopped" as ReplicaPhase);
    expect(walk(["start", "readiness-good"])).toBe("ready");
    expect(walk(["start", "readiness-good", "readiness-bad"])).toBe("unready");
    expect(walk(["start", "ended", "delay-over"])).toBe("starting");
    expect(walk(["start", "readiness-good", "stop", "readiness-good"])).toBe("stopping");
    expect(walk(["start", "readiness-good", "stop", "ended"])).toBe("stopped");
    expect(walk(["start", "ended", "stop"])).toBe("stopped");
  });

  it("never become ready without a start after the last end", () => {
    const events: ReplicaEvent[] = [
      "start",
      "readiness-good",
      "readiness-bad",
      "ended",
      "delay-over",
      "stop",
      "stopped",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (row) => {
        let phase: ReplicaPhase = "stopped";
        let runs = false;
        for (const event of row) {
          const next = nextPhase(phase, event);
          if (next === "starting") runs = true;
          if (next === "stopped" || next === "backoff") runs = false;
          phase = next;
          if (phase === "ready" && !runs) return false;
        }
        return true;
      }),
    );
  });
});

describe("health in one word", () => {
  const replica = (phase: ReplicaPhase, restarts = 0) => ({
    ...{ replica: 0, phase, restarts, pid: 1, startedAt: null, lastExit: null, reason: null },
  });
  const process = (...replicas: ReturnType<typeof replica>[]): ProcessState => ({
    ...{ name: "p", revision: "r", wantedReplicas: replicas.length, replicas },
  });

  it.each([
    ["nothing wanted", [process()], false, true, "stopped"],
    ["all ready, door open", [process(replica("ready"))], true, true, "healthy"],
    ["all ready, but copies of an earlier definition", [process(replica("ready"))], true, false, "starting"],
    ["all ready, door shut", [process(replica("ready"))], false, true, "unhealthy"],
    ["on the way", [process(replica("ready"), replica("starting"))], false, true, "starting"],
    ["on the way again after a crash", [process(replica("starting", 1))], false, true, "unhealthy"],
    ["one of two away, door open", [process(replica("ready"), replica("backoff", 1))], true, true, "degraded"],
  ] as const)("%s", (_case, processes, door, upToDate, word) => {
    expect(healthStatus([...processes], door, upToDate)).toBe(word);
  });
});

describe("what an app's environment holds", () => {
  const mark = markFor({ deploymentId: "dep_1", name: "web", replica: 0, runId: "r" });
  const request = {
    ...{ packageFolder: "/venv", dataFolder: "/data", temporaryFolder: "/tmp/x", userName: "onvera-1", mark },
  };

  it("is the app's own, what it needs of the machine, and nothing of ours (engine.md, Secrets)", () => {
    const own = { DATABASE_URL: "postgres://secret", PGPASSWORD: "secret", TZ: "Asia/Tokyo", HOME: "/root" };
    const made = childEnvironment({ ...request, variables: { MINE: "1" } }, own);
    expect(Object.keys(made).sort()).toEqual([
      "HOME",
      "LANG",
      "LOGNAME",
      "MINE",
      "ONVERA_MARK",
      "PATH",
      "PYTHONUNBUFFERED",
      "SPT_NOENV",
      "TMPDIR",
      "TZ",
      "USER",
      "VIRTUAL_ENV",
    ]);
    expect(made).toMatchObject({ HOME: "/data", PATH: "/venv/bin:/usr/local/bin:/usr/bin:/bin", TZ: "Asia/Tokyo" });
  });

  it("cannot be talked out of its mark by a variable of the customer's", () => {
    const made = childEnvironment(
      { ...request, variables: { ONVERA_MARK: "forged", SPT_NOENV: "", HOME: "/root" } },
      {},
    );
    expect(`ONVERA_MARK=${made.ONVERA_MARK}`).toBe(mark);
    expect(made.HOME).toBe("/data");
  });
});

describe("secrets in text", () => {
  it("are hidden in every spelling; addresses and names are not", () => {
    const clean = secretScrubber({
      admin_password: 'pass "word" 1',
      database_url: "postgresql://u:pass@127.0.0.1/db",
      ...{ database_host: "127.0.0.1", database_name: "ov_abcdef", short: "abc" },
    });
    expect(clean('x pass "word" 1 y')).toBe("x [secret] y");
    expect(clean(JSON.stringify({ p: 'pass "word" 1' }))).toBe('{"p":"[secret]"}');
    expect(clean(`?p=${encodeURIComponent('pass "word" 1')}&`)).toBe("?p=[secret]&");
    expect(clean("cannot reach postgresql://u:pass@127.0.0.1/db")).toBe("cannot reach [secret]");
    expect(clean("127.0.0.1 ov_abcdef abc")).toBe("127.0.0.1 ov_abcdef abc");
  });

  it("leave no trace wherever they stand (property)", () => {
    const secret = fc.string({ minLength: 6, maxLength: 40 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        fc.pre(!"[secret]".includes(value));
        return !secretScrubber({ value })(`${before}\u0000${value}\u0000${after}`).includes(`\u0000${value}\u0000`);
      }),
    );
  });
});

describe("addresses a tenant may name", () => {
  it.each([
    ["127.0.0.1", "refused"],
    ["0.0.0.0", "refused"],
    ["169.254.169.254", "refused"],
    ["::1", "refused"],
    ["::ffff:127.0.0.1", "refused"],
    ["fe80::1", "refused"],
    ["fd00:ec2::254", "refused"],
    ["not an address", "refused"],
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["::ffff:192.168.1.1", "private"],
    ["fd12::1", "private"],
    ["140.82.112.3", "open"],
    ["2606:50c0:8000::153", "open"],
  ])("%s is %s", (address, verdict) => {
    expect(addressVerdict(address)).toBe(verdict);
  });

  it("are read from every form of a git URL, and from nothing else", () => {
    expect(addressOf("https://user@github.com/a/b.git")).toEqual({ protocol: "https", host: "github.com", port: 443 });
    expect(addressOf("https://git.example.com:8443/x")).toMatchObject({ port: 8443 });
    expect(addressOf("ssh://git@git.example.com:2222/x")).toEqual({
      protocol: "ssh",
      host: "git.example.com",
      port: 2222,
    });
    expect(addressOf("git@github.com:a/b.git")).toEqual({ protocol: "ssh", host: "github.com", port: 22 });
    for (const url of [
      "http://a/b",
      "file:///etc",
      "git@-oProxyCommand=x:y",
      "ssh://-oX/y",
      "ext::sh",
      "",
      "/etc/passwd",
    ]) {
      expect(() => addressOf(url)).toThrow("https:// or ssh://");
    }
  });
});

describe("digest", () => {
  it("is the same for maps in any order and differs for any other value", () => {
    expect(digestOf({ a: 1, b: [1, 2] })).toBe(digestOf({ b: [1, 2], a: 1 }));
    expect(digestOf({ a: 1, b: [1, 2] })).not.toBe(digestOf({ a: 1, b: [2, 1] }));
    expect(digestOf({ a: "1" })).not.toBe(digestOf({ a: 1 }));
  });
});

describe("uids", () => {
  it("come from a range of each installation's own, above those of people and within what a uid can be (ON-30)", () => {
    const homes = fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(homes, ([one, other]) => {
        const [a, b] = [firstUidOf(one ?? ""), firstUidOf(other ?? "")];
        return a >= 700_000 && a + 10_000 < 2 ** 31 && (a === b || Math.abs(a - b) >= 10_000);
      }),
    );
    expect(firstUidOf("/var/lib/onvera")).not.toBe(firstUidOf("/tmp/other"));
  });
});
