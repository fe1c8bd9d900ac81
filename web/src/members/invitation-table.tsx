/** Who was asked to come, and what became of it. */
import { Table, Title } from "@mantine/core";
import { api, dataOf } from "../api/client.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Listed } from "../shared/listed.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";
import { useInvitations, useMemberChange } from "./queries.ts";

export function InvitationTable() {
  const invitations = useInvitations();
  return (
    <section aria-label="Invitations">
      <Title order={2} size="h4" mb="xs">
        Invitations
      </Title>
      <Listed
        query={invitations}
        items={invitations.data?.items}
        usualRows={2}
        empty={
          <Empty title="Nobody is invited">Invite a person above: you are given a link for them that works once.</Empty>
        }
      >
        {(items) => (
          <ScrollTable isFramed label="Invitations" columns={["Email", "Role", "State", "Asked", "Ends", ""]}>
            {items.map(
              ({ id, email, role, status, created_at: createdAt, expires_at: expiresAt, accepted_at: acceptedAt }) => (
                <Table.Tr key={id}>
                  <Table.Td>{email}</Table.Td>
                  <Table.Td>{role}</Table.Td>
                  <Table.Td>
                    <StateBadge state={status} />
                  </Table.Td>
                  <Table.Td>
                    <When at={createdAt} size="sm" />
                  </Table.Td>
                  <Table.Td>
                    <When at={acceptedAt ?? expiresAt} size="sm" />
                  </Table.Td>
                  <Table.Td ta="end">{status === "open" && <WithdrawButton id={id} />}</Table.Td>
                </Table.Tr>
              ),
            )}
          </ScrollTable>
        )}
      </Listed>
    </section>
  );
}

function WithdrawButton({ id }: { id: string }) {
  const withdraw = useMemberChange(() =>
    dataOf(api.DELETE("/api/v1/invitations/{invitation_id}", { params: { path: { invitation_id: id } } })),
  );
  return (
    <SureButton
      label="Withdraw"
      sure="Withdraw it"
      onSure={() => withdraw.mutate(undefined)}
      isBusy={withdraw.isPending}
    />
  );
}
