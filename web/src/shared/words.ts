/** Numbers and names as people say them. */

/** `1 deployment`, `2 deployments`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `Superset` for `superset`. */
export const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const origins: Readonly<Record<string, string>> = { cli: "command line", web: "dashboard", api: "API" };

/** Where a request came from: `command line` for `cli`. */
export const originWords = (origin: string): string => origins[origin] ?? origin;
