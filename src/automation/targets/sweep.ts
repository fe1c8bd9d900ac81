/** One question about everything that carries an ownership mark, and its answer; a question that fails is no answer. */
import type { OwnedThing, Sweep } from "../worker/target-driver.ts";

/**
 * Asks.
 * @param probe how it is looked up, for the receipt's reader
 * @param about what is looked for, for example `roles and databases`
 */
export async function sweep(probe: string, about: string, ask: () => Promise<OwnedThing[]>): Promise<Sweep> {
  try {
    return { lookedUpBy: probe, about, things: await ask() };
  } catch (error) {
    return { lookedUpBy: probe, about, failure: error instanceof Error ? error.message : String(error) };
  }
}
