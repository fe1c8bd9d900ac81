/** Random text with a wanted number of characters of each class. */
import { randomInt } from "node:crypto";

export interface CharacterRules {
  length: number;
  lower: boolean;
  upper: boolean;
  numeric: boolean;
  special: boolean;
  minLower: number;
  minUpper: number;
  minNumeric: number;
  minSpecial: number;
  overrideSpecial?: string | undefined;
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/**
 * Draws from the operating system's generator.
 * @throws Error when no class is allowed, or the minimums do not fit into the length.
 */
export function randomCharacters(rules: CharacterRules, draw: (max: number) => number = randomInt): string {
  const classes = [
    { allowed: rules.lower, minimum: rules.minLower, alphabet: LOWER },
    { allowed: rules.upper, minimum: rules.minUpper, alphabet: LOWER.toUpperCase() },
    { allowed: rules.numeric, minimum: rules.minNumeric, alphabet: "0123456789" },
    { allowed: rules.special, minimum: rules.minSpecial, alphabet: rules.overrideSpecial || SPECIAL },
  ];
  const alphabet = classes.map((one) => (one.allowed ? one.alphabet : "")).join("");
  const minimum = classes.reduce((sum, one) => sum + one.minimum, 0);
  if (alphabet === "")
    throw new Error("At least one kind of character must be allowed (lower, upper, numeric, special).");
  if (minimum > rules.length) {
    throw new Error(`The minimums ask for ${minimum} characters, but length is ${rules.length}.`);
  }
  const pick = (from: string, count: number) => Array.from({ length: count }, () => from[draw(from.length)] ?? "");
  const drawn = classes.flatMap((one) => pick(one.alphabet, one.minimum));
  return shuffle([...drawn, ...pick(alphabet, rules.length - minimum)], draw).join("");
}

function shuffle(items: string[], draw: (max: number) => number): string[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [order[last], order[other]] = [order[other] ?? "", order[last] ?? ""];
  }
  return order;
}
