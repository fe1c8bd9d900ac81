/** What was done with a deployment. */
import { Stack } from "@mantine/core";
import { OperationTable } from "../operations/operation-table.tsx";
import { Listed } from "../shared/listed.tsx";
import { OlderOnes } from "../shared/older-ones.tsx";
import { Empty } from "../shared/states.tsx";
import { useHistory } from "./queries.ts";

export function HistoryTab({ id }: { id: string }) {
  const history = useHistory(id);
  return (
    <Stack>
      <Listed
        query={history}
        items={history.items}
        empty={<Empty title="Nothing was done yet">Each change of this deployment will stand here.</Empty>}
      >
        {(operations) => <OperationTable operations={operations} />}
      </Listed>
      <OlderOnes of={history} />
    </Stack>
  );
}
