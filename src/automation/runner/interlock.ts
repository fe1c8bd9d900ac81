/**
 * The data-loss interlock of one run (NH-05). Where the run previews first, it stops before the first step; in any case
 * it stops at the first engine event that announces a loss nobody asked for.
 */
import { dataLossSteps } from "../../domain/stateful-types.ts";
import type { EngineEvent } from "../events.ts";

export interface Interlock {
  see(event: EngineEvent): void;
  /** Resolves once the preview's last event was seen; rejects with DataLossError when it plans a loss. */
  clearance(): Promise<void>;
  /** URNs that would lose data and were not named. */
  offending(): string[];
}

/** The plan holds a delete or replace of a stateful resource that the request did not name. */
export class DataLossError extends Error {
  override readonly name = "DataLossError";
  readonly urns: readonly string[];

  constructor(urns: readonly string[]) {
    super(`This would delete or replace ${urns.join(", ")}. Nothing was changed.`);
    this.urns = urns;
  }
}

/** How long the preview's summary may come after the engine asked for the program a second time. */
const SUMMARY_WAIT_MILLISECONDS = 10_000;

/**
 * Makes the interlock.
 * @param mayLose what the request names; "all" switches it off, for a destroy
 * @param stop called once, at the first offending step of a run that is under way
 */
export function createInterlock(mayLose: readonly string[] | "all", stop: () => void): Interlock {
  const named = new Set(mayLose === "all" ? [] : mayLose);
  const found = new Set<string>();
  let previewEnded: () => void = () => undefined;
  const preview = new Promise<void>((resolve) => {
    previewEnded = resolve;
  });

  return {
    see(event) {
      if (event.kind === "summary" && event.planned) previewEnded();
      if (mayLose === "all" || event.kind !== "resource" || event.state !== "started") return;
      const lost = dataLossSteps([event], named);
      for (const urn of lost) found.add(urn);
      if (lost.length > 0 && !event.planned) stop();
    },
    async clearance() {
      if (mayLose === "all") return;
      await withTimeout(preview);
      if (found.size > 0) throw new DataLossError([...found]);
    },
    offending: () => [...found],
  };
}

async function withTimeout(summary: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("The engine did not report its plan in time; nothing was changed.")),
      SUMMARY_WAIT_MILLISECONDS,
    );
  });
  try {
    await Promise.race([summary, late]);
  } finally {
    clearTimeout(timer);
  }
}
