/** Who is in the organization, as what, and who was asked to come. */
import { Button, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useCaller } from "../session/use-caller.ts";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { AccessForm } from "./access-form.tsx";
import { InvitationTable } from "./invitation-table.tsx";
import { InviteForm } from "./invite-form.tsx";
import { MemberTable } from "./member-table.tsx";
import { useMembers } from "./queries.ts";
import { isAdmin } from "./roles.ts";

export function MembersPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { caller } = useCaller();
  const members = useMembers();
  const mayInvite = isAdmin(caller?.role);
  return (
    <Page
      title="Members"
      actions={
        mayInvite && (
          <Button onClick={open} leftSection={<IconUserPlus size={16} aria-hidden />}>
            Invite
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed" maw={640}>
        A viewer looks, a developer deploys and destroys, an admin says who is in, an owner is the last who can go.
      </Text>
      {members.error && <Failure error={members.error} onRetry={() => void members.refetch()} />}
      {members.isPending && <Loading />}
      {members.data && <MemberTable members={members.data.items} caller={caller} />}
      {mayInvite && <InvitationTable />}
      {members.data && <AccessForm members={members.data.items} />}
      <Modal opened={isOpen} onClose={close} title="Invite a person">
        <InviteForm callerRole={caller?.role ?? null} />
      </Modal>
    </Page>
  );
}
