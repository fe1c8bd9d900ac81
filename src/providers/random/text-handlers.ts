/** RandomPassword and RandomString, with the state the official plugin writes. */
import { z } from "zod";
import {
  type HandlerSpec,
  type LiveResource,
  type ResourceHandler,
  resourceHandler,
} from "../host/resource-handler.ts";
import type { Values } from "../host/values.ts";
import { randomCharacters } from "./characters.ts";
import { keepers, keptFromState } from "./shared.ts";

const atLeast = z.number().int().min(0).default(0);
const allowed = z.boolean().default(true);

const TextInputs = z.strictObject({
  keepers,
  length: z.number().int().min(1),
  lower: allowed,
  upper: allowed,
  numeric: allowed,
  /** The older name of `numeric`. */
  number: z.boolean().optional(),
  special: allowed,
  minLower: atLeast,
  minUpper: atLeast,
  minNumeric: atLeast,
  minSpecial: atLeast,
  overrideSpecial: z.string().optional(),
});
type TextInputs = z.output<typeof TextInputs>;

/** Keeps the official plugin from upgrading a state that is already in its newest form. */
const stateMarks: Values = { __meta: JSON.stringify({ schema_version: "3" }) };

const drawn = (inputs: TextInputs): { result: string; outputs: Values } => {
  const numeric = inputs.number ?? inputs.numeric;
  const result = randomCharacters({ ...inputs, numeric });
  return { result, outputs: { ...stateMarks, numeric, number: numeric, result } };
};

const imported = (result: string): LiveResource => {
  const inputs = { ...TextInputs.parse({ length: result.length }), number: true };
  return { inputs: { length: result.length }, outputs: { ...stateMarks, ...inputs, result } };
};

const common: Pick<
  HandlerSpec<TextInputs>,
  "stateOnly" | "computed" | "replaceOn" | "physicalName" | "update" | "delete" | "unreadable"
> = {
  computed: ["result"],
  stateOnly: true,
  replaceOn: "all",
  unreadable: Object.keys(TextInputs.shape).filter((key) => key !== "length"),
  physicalName: () => null,
  update: async (_id, _inputs, known) => known.outputs,
  delete: async () => {},
};

export const randomPassword: ResourceHandler = resourceHandler(TextInputs, {
  ...common,
  type: "random:index/randomPassword:RandomPassword",
  secrets: ["result", "bcryptHash"],
  create: async (inputs) => ({ id: "none", outputs: { ...drawn(inputs).outputs, id: "none" } }),
  read: async (id, known) => {
    if (known !== null) return keptFromState(known);
    const live = imported(id);
    return { ...live, id: "none", outputs: { ...live.outputs, id: "none" } };
  },
  verify: async () => true,
});

export const randomString: ResourceHandler = resourceHandler(TextInputs, {
  ...common,
  type: "random:index/randomString:RandomString",
  create: async (inputs) => {
    const { result, outputs } = drawn(inputs);
    return { id: result, outputs: { ...outputs, id: result } };
  },
  read: async (id, known) => {
    if (known !== null) return keptFromState(known);
    const live = imported(id);
    return { ...live, outputs: { ...live.outputs, id } };
  },
  verify: async () => true,
});
