/** The members, with what the caller may do about each. */
import { Group, NativeSelect, Table, Text } from "@mantine/core";
import { api, dataOf, idempotent } from "../api/client.ts";
import type { Member, WhoAmI } from "../api/types.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";
import { useMemberChange } from "./queries.ts";
import { isAdmin, isRole, type Role, rolesUpTo } from "./roles.ts";

interface MemberTableProps {
  members: readonly Member[];
  caller: WhoAmI | undefined;
}

export function MemberTable({ members, caller }: MemberTableProps) {
  return (
    <ScrollTable isFramed label="Members" columns={["Name", "Email", "Role", "Since", ""]}>
      {members.map((member) => (
        <MemberRow key={member.user_id} member={member} caller={caller} />
      ))}
    </ScrollTable>
  );
}

function MemberRow({ member, caller }: { member: Member; caller: WhoAmI | undefined }) {
  const { user_id: id, name, email, role, joined_at: joinedAt } = member;
  const own = rolesUpTo(caller?.role ?? null);
  const isSelf = caller?.user.id === id;
  const mayChange = isAdmin(caller?.role) && own.includes(role) && !isSelf;
  const path = { user_id: id };
  const change = useMemberChange((wanted: Role) =>
    dataOf(api.PATCH("/api/v1/members/{user_id}", { params: { path }, body: { role: wanted } })),
  );
  return (
    <Table.Tr>
      <Table.Td>
        {name}
        {isSelf && (
          <Text span size="sm" c="dimmed">
            {" "}
            (you)
          </Text>
        )}
      </Table.Td>
      <Table.Td>{email}</Table.Td>
      <Table.Td>
        {mayChange ? (
          <NativeSelect
            size="xs"
            w={130}
            aria-label={`Role of ${name}`}
            data={own}
            value={role}
            disabled={change.isPending}
            onChange={({ currentTarget: { value } }) => isRole(value) && change.mutate(value)}
          />
        ) : (
          role
        )}
      </Table.Td>
      <Table.Td>
        <When at={joinedAt} size="sm" />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end">
          {mayChange && caller?.role === "owner" && <TransferButton id={id} />}
          {mayChange && <RemoveButton id={id} />}
          {isSelf && <LeaveButton />}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function TransferButton({ id }: { id: string }) {
  const transfer = useMemberChange(() =>
    dataOf(
      api.POST("/api/v1/members/{user_id}/transfer-ownership", {
        params: { path: { user_id: id }, header: idempotent() },
      }),
    ),
  );
  return (
    <SureButton
      label="Make owner"
      sure="Hand over ownership"
      onSure={() => transfer.mutate(undefined)}
      isBusy={transfer.isPending}
    />
  );
}

function RemoveButton({ id }: { id: string }) {
  const remove = useMemberChange(() =>
    dataOf(api.DELETE("/api/v1/members/{user_id}", { params: { path: { user_id: id } } })),
  );
  return (
    <SureButton
      label="Remove"
      sure="Remove, with their keys"
      onSure={() => remove.mutate(undefined)}
      isBusy={remove.isPending}
    />
  );
}

function LeaveButton() {
  const leave = useMemberChange(() =>
    dataOf(api.POST("/api/v1/members/leave", { params: { header: idempotent() } })).then(() => location.assign("/")),
  );
  return (
    <SureButton
      label="Leave"
      sure="Leave the organization"
      onSure={() => leave.mutate(undefined)}
      isBusy={leave.isPending}
    />
  );
}
