/** What of a live object the program had asked for: the server's own additions and defaults are none of its inputs. */

/** Whether saying it and not saying it mean the same to the API server. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * The live value in the shape of the wished one.
 * @param wished what the program said last
 * @param live what the server has now
 */
export function inShapeOf(wished: unknown, live: unknown): unknown {
  if (isNothing(wished) && isNothing(live)) return wished;
  if (Array.isArray(wished)) {
    if (!Array.isArray(live) || live.length !== wished.length) return live;
    return wished.map((item, index) => inShapeOf(item, live[index]));
  }
  if (typeof wished !== "object" || wished === null || typeof live !== "object" || live === null) return live;
  const values = live as Record<string, unknown>;
  const entries = Object.entries(wished).map(([key, value]) => [key, inShapeOf(value, values[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
