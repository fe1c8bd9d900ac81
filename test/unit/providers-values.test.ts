import fc from "fast-check";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { stackOfUrn, typeOfUrn } from "../../src/providers/host/connection.ts";
import { difference } from "../../src/providers/host/difference.ts";
import { uidOfConnection } from "../../src/providers/host/peer-uid.ts";
import { resourceHandler } from "../../src/providers/host/resource-handler.ts";
import { decodeProperties, encodeProperties, hasUnknown, UNKNOWN } from "../../src/providers/host/values.ts";

const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("property values", () => {
  it("come back as they were sent, secrets marked on the properties that hold them", () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const values = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), scalar)),
    );
    fc.assert(
      fc.property(values, (sent) => {
        const secretKeys = new Set(Object.keys(sent).filter((_, index) => index % 2 === 0));
        const received = decodeProperties(
          structPb.Struct.deserializeBinary(encodeProperties(sent, secretKeys).serializeBinary()),
        );
        expect(received.values).toEqual({ ...sent });
        expect(received.secretKeys).toEqual(secretKeys);
      }),
    );
  });

  it("are unwrapped at any depth, and the property around a secret counts as secret", () => {
    const struct = structPb.Struct.fromJavaScript({
      outer: { list: ["a", { ...secretMark, value: "hidden" }] },
      plain: 1,
    });
    expect(decodeProperties(struct)).toEqual({
      values: { outer: { list: ["a", "hidden"] }, plain: 1 },
      secretKeys: new Set(["outer"]),
    });
  });

  it("say when anything inside them is not known yet", () => {
    expect(hasUnknown({ list: [1, { name: UNKNOWN }] })).toBe(true);
    expect(hasUnknown({ list: [1, { name: "known" }] })).toBe(false);
  });
});

describe("a URN", () => {
  it("tells the stack and the resource's own type, parents left aside", () => {
    const urn = "urn:pulumi:dep_1::onvera::onvera:local:Compute$random:index/randomId:RandomId::a::b";
    expect(stackOfUrn(urn)).toBe("dep_1");
    expect(typeOfUrn(urn)).toBe("random:index/randomId:RandomId");
    expect(stackOfUrn("nonsense")).toBe("");
  });
});

describe("difference", () => {
  const handler = resourceHandler(
    z.strictObject({
      name: z.string(),
      limit: z.number().default(-1),
      groups: z.array(z.string()).default([]),
      template: z.string().optional(),
      revision: z.string().optional(),
    }),
    {
      type: "test:index:Thing",
      replaceOn: ["name", "template"],
      unimportant: ["revision"],
      sets: ["groups"],
      keptWhenAbsent: ["template"],
      physicalName: ({ name }) => name,
      create: async () => ({ id: "", outputs: {} }),
      read: async () => null,
      update: async () => ({}),
      delete: async () => {},
    },
  );
  const changed = (before: object, after: object, ignore: string[] = []) => {
    const { changes, replaces } = difference(handler, { name: "a", ...before }, { name: "a", ...after }, ignore);
    return { changes: Object.fromEntries(changes), replaces };
  };
  const nothing = { changes: {}, replaces: [] };

  it("finds none in a default spelt out, a set in another order, an unimportant input, or the bridge's own notes", () => {
    expect(changed({}, { limit: -1 })).toEqual(nothing);
    expect(changed({ groups: ["a", "b"] }, { groups: ["b", "a"] })).toEqual(nothing);
    expect(changed({ revision: "1" }, { revision: "2" })).toEqual(nothing);
    expect(changed({ __defaults: [] }, {})).toEqual(nothing);
  });

  it("replaces only what cannot change in place", () => {
    expect(changed({ limit: 1 }, { limit: 2 })).toEqual({ changes: { limit: "update" }, replaces: [] });
    expect(changed({ template: "a" }, { template: "b" })).toEqual({
      changes: { template: "update" },
      replaces: ["template"],
    });
  });

  it("lets ignored properties be, and keeps what the program no longer mentions where that is the rule", () => {
    expect(changed({ template: "a" }, { template: "b" }, ["template"])).toEqual(nothing);
    expect(changed({ template: "a" }, {})).toEqual(nothing);
  });

  it("counts what is not known yet as a change", () => {
    expect(changed({ limit: 1 }, { limit: UNKNOWN })).toEqual({ changes: { limit: "update" }, replaces: [] });
  });

  it("names the inputs that are wrong or not served, and waits for those not known yet", () => {
    expect(handler.check({ name: 1, limit: UNKNOWN })).toMatchObject([{ property: "name" }]);
    expect(handler.check({ name: "a", superpower: true })).toMatchObject([{ property: "superpower" }]);
    expect(handler.check({ name: UNKNOWN })).toEqual([]);
  });
});

describe("the owner of a loopback connection", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:0FA1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0",
    "   1: 0100007F:0FA1 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 0 10 -1",
    "   2: 0100007F:9C40 0100007F:0FA1 01 00000000:00000000 00:00000000 00000000  1042        0 3 1 0 20 4 0 10 -1",
    "   3: 0100007F:9C42 0100007F:0FA1 05 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 0 10 -1",
  ].join("\n");

  it("is read from the client's end, not from ours", () => {
    expect(uidOfConnection(table, 40_000, 4001)).toBe(1042);
    expect(uidOfConnection(table, 40_001, 4001)).toBeNull();
  });

  it("is not taken from an end that is closed already, which the kernel shows as root's", () => {
    expect(uidOfConnection(table, 40_002, 4001)).toBeNull();
  });

  it("is found when the client came by an IPv6 socket", () => {
    const mapped = (port: string) => `0000000000000000FFFF00000100007F:${port}`;
    const row = `   0: ${mapped("9C40")} ${mapped("0FA1")} 01 00000000:00000000 00:00000000 00000000  1042 0 3`;
    expect(uidOfConnection(row, 40_000, 4001)).toBe(1042);
  });
});
