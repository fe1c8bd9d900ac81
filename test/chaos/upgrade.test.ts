/** R13 in small; `npm run chaos -- upgrade` makes more deployments while the schema moves. */
import { expect, it } from "vitest";
import { runUpgrade } from "../../chaos/upgrade.ts";

it("an upgrade changes no stored stack, works beside older workers, and fails nothing while the schema moves (R13)", async () => {
  const { result, figures, failures } = await runUpgrade(2, () => undefined);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ orphans: 0, duplicates: 0, lost: 0, ok: true });
  expect(result.terminal).toBe(result.cases);
  expect(figures).toMatchObject({ storedStacks: 10, plannedChanges: 0, failedOperations: 0 });
});
