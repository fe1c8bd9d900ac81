/** Rules for every resource of a program, in one transformation: protection of data, and adoption for one run. */
import type * as pulumi from "@pulumi/pulumi";
import type { ProgramOptions } from "../domain/program-input.ts";
import { isStateful, urnType } from "../domain/stateful-types.ts";

export interface StackRules {
  /** Given to every component; children inherit it. */
  transformation: pulumi.ResourceTransformation;
  /** @throws Error naming each adoption that met no resource: it would have been created a second time. */
  assertAllAdopted(): void;
}

/**
 * Makes the rules of one program run.
 * @param options `protect`: stateful resources refuse deletion; `adopt`: logical name or URN to the id to import
 */
export function stackRules({ protect, adopt }: ProgramOptions): StackRules {
  const waiting = new Set(Object.keys(adopt));
  return {
    transformation: ({ type, name, props, opts }) => {
      const ruled: pulumi.CustomResourceOptions = { ...opts };
      if (isStateful(type)) ruled.protect = protect;
      const key = Object.keys(adopt).find((candidate) => names(candidate, type, name));
      if (key !== undefined) {
        waiting.delete(key);
        ruled.import = adopt[key];
      }
      return { props, opts: ruled };
    },
    assertAllAdopted: () => {
      if (waiting.size === 0) return;
      throw new Error(
        `Nothing in this program is called ${[...waiting].join(", ")}, so it cannot be adopted. Use a logical name or URN that 'pulumi stack --show-urns' lists.`,
      );
    },
  };
}

const names = (key: string, type: string, name: string): boolean =>
  key === name || (key.endsWith(`::${name}`) && urnType(key) === type);
