/** RandomId, RandomUuid and RandomInteger, with the state the official plugin writes. */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { z } from "zod";
import { type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import type { Values } from "../host/values.ts";
import { keepers, keptFromState } from "./shared.ts";

const idOutputs = (bytes: Buffer, prefix: string): Values => ({
  b64Std: prefix + bytes.toString("base64"),
  b64Url: prefix + bytes.toString("base64url"),
  dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
  hex: prefix + bytes.toString("hex"),
  id: bytes.toString("base64url"),
});

export const randomId: ResourceHandler = resourceHandler(
  z.strictObject({ keepers, byteLength: z.number().int().min(1).max(1024), prefix: z.string().optional() }),
  {
    type: "random:index/randomId:RandomId",
    computed: ["b64Std", "b64Url", "dec", "hex"],
    stateOnly: true,
    replaceOn: "all",
    unreadable: ["keepers"],
    physicalName: () => null,
    create: async ({ byteLength, prefix }) => {
      const bytes = randomBytes(byteLength);
      return { id: bytes.toString("base64url"), outputs: idOutputs(bytes, prefix ?? "") };
    },
    read: async (id, known) => {
      if (known !== null) return keptFromState(known);
      // An import is written `prefix,id`, or just the id.
      const comma = id.lastIndexOf(",");
      const prefix = id.slice(0, Math.max(comma, 0));
      const bytes = Buffer.from(id.slice(comma + 1), "base64url");
      const inputs = { byteLength: bytes.length, ...(prefix !== "" && { prefix }) };
      return { id: bytes.toString("base64url"), inputs, outputs: { ...inputs, ...idOutputs(bytes, prefix) } };
    },
    update: async (_id, _inputs, known) => known.outputs,
    delete: async () => {},
    verify: async () => true,
  },
);

export const randomUuid: ResourceHandler = resourceHandler(z.strictObject({ keepers }), {
  type: "random:index/randomUuid:RandomUuid",
  computed: ["result"],
  stateOnly: true,
  replaceOn: "all",
  unreadable: ["keepers"],
  physicalName: () => null,
  create: async () => {
    const result = randomUUID();
    return { id: result, outputs: { result, id: result } };
  },
  read: async (id, known) => (known === null ? { inputs: {}, outputs: { result: id, id } } : keptFromState(known)),
  update: async (_id, _inputs, known) => known.outputs,
  delete: async () => {},
  verify: async () => true,
});

/** Without `seed`: its numbers could not be the official plugin's. */
export const randomInteger: ResourceHandler = resourceHandler(
  z.strictObject({ keepers, min: z.number().int(), max: z.number().int() }),
  {
    type: "random:index/randomInteger:RandomInteger",
    computed: ["result"],
    stateOnly: true,
    replaceOn: "all",
    unreadable: ["keepers"],
    physicalName: () => null,
    create: async ({ min, max }) => {
      if (min > max) throw new Error(`min (${min}) must not be above max (${max}).`);
      const result = randomInt(min, max + 1);
      return { id: String(result), outputs: { result, id: String(result) } };
    },
    read: async (id, known) => {
      if (known !== null) return keptFromState(known);
      // An import is written `result,min,max`.
      const [result = 0, min = 0, max = 0] = id.split(",").map(Number);
      return { id: String(result), inputs: { min, max }, outputs: { min, max, result, id: String(result) } };
    },
    update: async (_id, _inputs, known) => known.outputs,
    delete: async () => {},
    verify: async () => true,
  },
);
