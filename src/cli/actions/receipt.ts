/** `onvera receipt`: the proof of a destroy, every recorded resource looked up again. */
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields, table } from "../output/table.ts";

/** Prints what was looked for and what was found. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const receipt = await api.call("getDestroyReceipt", { path: { deployment_id: id } });
  const counts = Object.entries(receipt.summary).map(([found, count]) => `${count} ${found}`);
  invocation.output.data(receipt, {
    names: () => [receipt.operation_id],
    table: (hasColor) =>
      `${fields([
        ["Deployment", receipt.deployment_id],
        ["Operation", receipt.operation_id],
        ["Written at", receipt.written_at],
        ["Found", counts.join(", ")],
      ])}\n${table(
        [
          { title: "FOUND", value: ({ found }) => found },
          { title: "TYPE", value: ({ type }) => type },
          { title: "ID", value: ({ physical_id }) => physical_id },
          { title: "LISTED BY", value: ({ listed_by }) => listed_by },
          { title: "LOOKED UP BY", value: ({ looked_up_by }) => looked_up_by },
          { title: "AT", value: ({ looked_up_at }) => looked_up_at },
          { title: "DETAIL", value: ({ detail }) => detail },
        ],
        receipt.items,
        hasColor,
      )}`,
  });
  return undefined;
}
