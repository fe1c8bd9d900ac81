/** How one resource type is served. The host does the protocol; a handler does the thing itself. */
import { z } from "zod";
import type { StackAccess } from "../../domain/stack-access.ts";
import type { Run } from "./hooks.ts";
import { hasUnknown, type Values } from "./values.ts";

export interface CallContext {
  urn: string;
  stackName: string;
  /** Provider configuration of the connection the call came by. */
  config: Values;
  /** How to reach the stack's cluster; undefined when nobody told this host. */
  access?: StackAccess | undefined;
  /** Null for reads outside a registered run. */
  run: Run | null;
  /**
   * Aborted when whoever asked is gone. What makes something goes on to its end; what only waits for work done
   * elsewhere may stop waiting.
   */
  abandoned: AbortSignal;
}

/** A resource found to exist. */
export interface LiveResource {
  /** The id it is known by from now on, where that is not the one it was asked for by. */
  id?: string;
  /** Those inputs that can be read back from the real thing. */
  inputs: Values;
  /** Every property of the resource's state. */
  outputs: Values;
}

/** What the engine last knew of a resource. */
export interface KnownState {
  inputs: Values;
  outputs: Values;
}

/** The facts and deeds of one type, with its inputs already parsed. */
export interface HandlerSpec<Inputs> {
  type: string;
  /** Inputs and outputs that are secret whether or not the program says so. */
  secrets?: readonly string[];
  /** True when the resource lives in the state alone: no intent is kept for it, since there is nothing to look for. */
  stateOnly?: boolean;
  /** Outputs that exist only after the create. */
  computed?: readonly string[];
  /** Inputs that cannot change in place; "all" when none can. */
  replaceOn: readonly string[] | "all";
  /** Inputs whose change means nothing by itself. */
  unimportant?: readonly string[];
  /** Inputs that are sets: order means nothing. */
  sets?: readonly string[];
  /** Inputs that keep what they are when the program leaves them out. */
  keptWhenAbsent?: readonly string[];
  /** Inputs that cannot be read back; an import takes the program's word for them. */
  unreadable?: readonly string[];
  /** The id the resource will have; null when it is only known after the create. */
  physicalName(inputs: Inputs, context: CallContext): string | null;
  /** Converges: a half-made or already made thing of ours is taken over. Gives the outputs beyond the inputs. */
  create(inputs: Inputs, context: CallContext): Promise<{ id: string; outputs: Values }>;
  /** Null when it does not exist. `known` is null when all there is is the id (an import). */
  read(id: string, known: KnownState | null, context: CallContext): Promise<LiveResource | null>;
  update(id: string, inputs: Inputs, known: KnownState, context: CallContext): Promise<Values>;
  /** Absent is fine. */
  delete(id: string, known: KnownState, context: CallContext): Promise<void>;
  /** Whether an imported resource's unreadable inputs are what the program says. Absent means unknown. */
  verify?(id: string, inputs: Inputs, context: CallContext): Promise<boolean>;
}

export interface InputFailure {
  property: string;
  reason: string;
}

/** A handler as the host sees it: inputs still unparsed. */
export interface ResourceHandler extends Omit<HandlerSpec<Values>, "physicalName"> {
  /** Names what is wrong with the inputs; unknown ones are not looked at. */
  check(inputs: Values): InputFailure[];
  /** Inputs with their defaults filled in; a value that is wrong or not known yet stays as it is. */
  normalize(inputs: Values): Values;
  /** Null when the inputs are not all known or the name is only known after the create. */
  physicalName(inputs: Values, context: CallContext): string | null;
}

/** Binds a spec to the schema of its inputs. */
export function resourceHandler<Schema extends z.ZodObject>(
  schema: Schema,
  spec: HandlerSpec<z.output<Schema>>,
): ResourceHandler {
  const parse = (inputs: Values): z.output<Schema> => schema.parse(withoutMarks(inputs));
  const verify = spec.verify?.bind(spec);
  return {
    ...spec,
    check: (inputs) => failuresOf(schema, withoutMarks(inputs)),
    normalize: (inputs) => withDefaults(schema, withoutMarks(inputs)),
    physicalName: (inputs, context) => (hasUnknown(inputs) ? null : spec.physicalName(parse(inputs), context)),
    create: (inputs, context) => spec.create(parse(inputs), context),
    update: (id, inputs, known, context) => spec.update(id, parse(inputs), known, context),
    ...(verify && { verify: (id, inputs, context) => verify(id, parse(inputs), context) }),
  };
}

/** Keys that begin with two underscores are the engine's and the bridge's own notes. */
export function withoutMarks(inputs: Values): Values {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith("__")));
}

/** Property by property, so that one unknown value does not cost the others their defaults. */
function withDefaults(schema: z.ZodObject, inputs: Values): Values {
  const filled: Values = { ...inputs };
  for (const [key, shape] of Object.entries(schema.shape)) {
    const parsed = z.safeParse(shape, inputs[key]);
    if (parsed.success && parsed.data !== undefined) filled[key] = parsed.data;
  }
  return filled;
}

function failuresOf(schema: z.ZodObject, inputs: Values): InputFailure[] {
  const known = Object.fromEntries(Object.entries(inputs).filter(([, value]) => !hasUnknown(value)));
  const waiting = new Set(Object.keys(inputs).filter((key) => !(key in known)));
  const parsed = schema.safeParse(known);
  if (parsed.success) return [];
  return parsed.error.issues
    .filter((issue) => !waiting.has(String(issue.path[0] ?? "")))
    .map((issue) => ({
      property: String(issue.path[0] ?? (issue.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : "")),
      reason: issue.code === "unrecognized_keys" ? `${issue.message}: this provider does not serve it` : issue.message,
    }));
}
