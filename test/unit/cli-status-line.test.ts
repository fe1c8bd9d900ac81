import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStatusLine } from "../../src/cli/follow/status-line.ts";

function printer(isLive: boolean, columns = 100) {
  let written = "";
  let now = 0;
  const line = createStatusLine({ write: (text) => (written += text), isLive, columns, startedAt: 0, now: () => now });
  return { line, at: (seconds: number) => (now = seconds * 1000), written: () => written };
}

describe("status lines where nothing can be redrawn (ON-14)", () => {
  it("prints one documented line per phase, with no control characters", () => {
    const { line, at, written } = printer(false);
    at(15);
    line.show("revoking_access", "Revoking user access");
    at(17);
    line.show("revoking_access", "Revoking user access");
    at(45);
    line.show("removing_db_tenant", "Removing database tenant");
    at(134);
    line.show("tearing_down_infra", "Tearing down infrastructure");
    at(212);
    line.show("succeeded", "Destruction complete");
    line.end();
    expect(written()).toBe(
      [
        "Status: revoking_access - Revoking user access (15s elapsed)",
        "Status: removing_db_tenant - Removing database tenant (45s elapsed)",
        "Status: tearing_down_infra - Tearing down infrastructure (2m 14s elapsed)",
        "Status: succeeded - Destruction complete (3m 32s elapsed)",
        "",
      ].join("\n"),
    );
  });

  it("drops control sequences that came in a message", () => {
    const { line, written } = printer(false);
    line.show("ready", "a\u001b[2Jb\u0007c\nd");
    expect(written()).toBe("Status: ready - abc d (0s elapsed)\n");
  });
});

describe("status lines on a terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("redraws the running phase each second and lets each phase's last line stand", () => {
    const { line, at, written } = printer(true);
    line.show("initializing", "Initializing");
    at(1);
    vi.advanceTimersByTime(1000);
    at(2);
    line.show("ready", "Ready");
    line.end();
    const drawn = written().split("\r\u001b[2K").filter(Boolean);
    expect(drawn).toEqual([
      "Status: initializing - Initializing (0s elapsed)",
      "Status: initializing - Initializing (1s elapsed)",
      "Status: initializing - Initializing (2s elapsed)\n",
      "Status: ready - Ready (2s elapsed)\n",
    ]);
  });

  it("never writes more than the terminal's width", () => {
    const { line, written } = printer(true, 30);
    line.show("provisioning_infra", "Provisioning infrastructure with many words");
    line.end();
    expect(
      Math.max(
        ...written()
          .replaceAll("\r\u001b[2K", "\n")
          .split("\n")
          .map((text) => text.length),
      ),
    ).toBeLessThan(30);
  });

  it("leaves no timer behind", () => {
    const { line } = printer(true);
    line.show("ready", "Ready");
    line.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
