/** Puts the lines of several logs into one order: past ones by time, live ones as they come. */
import type { LogLine } from "./protocol.ts";

/**
 * Past lines of several logs by time; within a log the order stays. One line of each is held at a time, however long they
 * are.
 */
export async function* mergeByTime(sources: AsyncGenerator<LogLine>[]): AsyncGenerator<LogLine> {
  const heads = new Map<AsyncGenerator<LogLine>, LogLine>();
  const advance = async (source: AsyncGenerator<LogLine>) => {
    const next = await source.next();
    if (next.done === true) heads.delete(source);
    else heads.set(source, next.value);
  };
  try {
    for (const source of sources) await advance(source);
    while (heads.size > 0) {
      const [source, line] = [...heads].reduce((first, other) => (other[1].at < first[1].at ? other : first));
      yield line;
      await advance(source);
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}

/** Live lines of several logs: from whichever has one first. */
export async function* mergeLive(sources: AsyncGenerator<LogLine>[]): AsyncGenerator<LogLine> {
  const pending = new Map(sources.map((source) => [source, source.next().then((step) => ({ source, step }))]));
  try {
    while (pending.size > 0) {
      const { source, step } = await Promise.race(pending.values());
      if (step.done === true) {
        pending.delete(source);
        continue;
      }
      pending.set(
        source,
        source.next().then((next) => ({ source, step: next })),
      );
      yield step.value;
    }
  } finally {
    for (const source of sources) void source.return(undefined);
  }
}
