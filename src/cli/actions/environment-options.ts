/** What a dedicated environment has of its own, from the command line and for people. */
import { usageError } from "../errors.ts";
import { type Invocation, list, text } from "../invocation.ts";
import { address, contents } from "./cluster-options.ts";

interface Toleration {
  key: string;
  operator?: "Exists" | "Equal" | undefined;
  value?: string | undefined;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
}

/** The members of a request; what was not given is left out. @throws CliError exit 2 */
export async function ownPlace(invocation: Invocation) {
  const file = text(invocation, "databaseUrlFile");
  const selector = list(invocation, "nodeSelector").map(labelOf);
  const tolerations = list(invocation, "toleration").map(tolerationOf);
  return {
    database_url: file === undefined ? undefined : (await contents(file)).trim(),
    database_address: address(invocation, "databaseAddress"),
    ingress_class: text(invocation, "ingressClass"),
    storage_class: text(invocation, "storageClass"),
    ...(selector.length > 0 && { node_selector: Object.fromEntries(selector) }),
    ...(tolerations.length > 0 && { tolerations }),
  };
}

/** `pool=acme`, for people; null where there is none. */
export const pairs = (labels: Readonly<Record<string, string>>): string | null =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ") || null;

/** As the option takes it. */
export const tolerationText = ({ key, value, effect }: Toleration): string =>
  `${key}${value === undefined ? "" : `=${value}`}${effect === undefined ? "" : `:${effect}`}`;

function labelOf(given: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(given) ?? [];
  if (name === undefined || value === undefined)
    throw usageError(`'${given}' is not label=value.`, "For example: pool=acme");
  return [name, value];
}

function tolerationOf(given: string): Toleration {
  const [, key, value, effect] =
    /^([^=:]+)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(given) ?? [];
  if (key === undefined)
    throw usageError(`'${given}' is not key[=value][:effect].`, "For example: pool=acme:NoSchedule");
  return {
    key,
    operator: value === undefined ? "Exists" : "Equal",
    ...(value !== undefined && { value }),
    ...(effect !== undefined && { effect: effect as "NoSchedule" }),
  };
}
