/** What a line of the plain `pulumi` CLI does to a deployment's stack: command line, API and worker read it the same way. */

export interface PulumiLine {
  /** `preview`, `stack output`; undefined where there is none. */
  command: string | undefined;
  /** False for everything not known to read only. */
  readsOnly: boolean;
  /** Whether it works on one stack; `stack ls` and `version` do not. */
  needsStack: boolean;
  /** Whether the deployment's program runs. */
  runsProgram: boolean;
  /** As given by --stack or -s. */
  stack: string | undefined;
  /** The arguments without the stack. */
  rest: string[];
}

/** Commands that change a stack and that an operation carries out. */
export const changingCommands = [
  "up",
  "refresh",
  "destroy",
  "state",
  "cancel",
  "import",
  "stack rm",
  "stack import",
] as const;

const readingWithoutStack = new Set(["about", "gen-completion", "help", "plugin ls", "stack ls", "version", "whoami"]);
const readingOfStack = new Set([
  "config",
  "config get",
  "logs",
  "preview",
  "stack",
  "stack export",
  "stack graph",
  "stack history",
  "stack output",
  "stack tag ls",
]);
const programCommands = new Set(["preview", "up", "refresh", "destroy"]);
const aliases: Readonly<Record<string, string>> = { pre: "preview", update: "up", down: "destroy", dn: "destroy" };
/** Commands whose second word says what is done. */
const families = new Set(["config", "plugin", "stack"]);
const globalFlagsWithValue = new Set(["--color", "-v", "--verbose"]);

/** Flags that Onvera sets itself, or that would run or write something else on the control plane's host. */
const refusedFlags =
  /^(--$|-C|--(cwd|client|config-file|secrets-provider|event-log|exec-kind|exec-agent|policy-pack|policy-pack-config|profiling|tracing|memprofilerate|attach-debugger|remote)(=|$)|--remote-)/;

/** Reads the arguments that follow `pulumi`. */
export function readPulumiLine(argv: readonly string[]): PulumiLine {
  const { stack, rest } = takeStack(argv);
  const command = commandOf(rest);
  const asksForHelp = rest.some((word) => word === "--help" || word === "-h");
  const ofStack = command !== undefined && readingOfStack.has(command);
  const readsOnly = command === undefined || asksForHelp || ofStack || readingWithoutStack.has(command);
  return {
    command,
    readsOnly,
    needsStack: !asksForHelp && (ofStack || !readsOnly),
    runsProgram: !asksForHelp && command !== undefined && programCommands.has(command),
    stack,
    rest,
  };
}

/**
 * Why a line is not run.
 * @returns undefined when it may be
 */
export function pulumiRefusal({ command, readsOnly, rest }: PulumiLine): string | undefined {
  const flag = rest.find((word) => refusedFlags.test(word));
  if (flag !== undefined) return `Onvera decides about ${flag.replace(/=.*/, "")} itself; leave it out`;
  if (readsOnly || changingCommands.some((known) => known === command)) return undefined;
  return `'${command}' cannot be run on a deployment's stack. What changes one: ${changingCommands.join(", ")}`;
}

function commandOf(rest: readonly string[]): string | undefined {
  const words = rest.filter((word, index) => !word.startsWith("-") && !globalFlagsWithValue.has(rest[index - 1] ?? ""));
  const [first, second, third] = words;
  if (first === undefined) return undefined;
  const verb = aliases[first] ?? first;
  if (!families.has(verb) || second === undefined) return verb;
  return second === "tag" && third !== undefined ? `${verb} tag ${third}` : `${verb} ${second}`;
}

/** Takes `--stack X`, `--stack=X`, `-s X` and `-sX` out of the arguments. */
function takeStack(argv: readonly string[]): { stack: string | undefined; rest: string[] } {
  const rest: string[] = [];
  let stack: string | undefined;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--stack" || word === "-s") {
      index += 1;
      stack = argv[index];
    } else if (word.startsWith("--stack=")) stack = word.slice("--stack=".length);
    else if (/^-s./.test(word)) stack = word.slice("-s".length).replace(/^=/, "");
    else rest.push(word);
  }
  return { stack, rest };
}
