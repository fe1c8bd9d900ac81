/** Who is signed in, in which organization, and the way out. */
import { Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBook2, IconCheck, IconDevices, IconLogout } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { messageOf } from "../api/problem.ts";
import { chooseOrganization } from "../session/organization.ts";
import { signOut } from "../session/session.ts";
import { useCaller } from "../session/use-caller.ts";

const tellNotSignedOut = (error: unknown) =>
  notifications.show({ color: "red", title: "You are still signed in", message: messageOf(error) });

/** @param children what opens it */
export function AccountMenu({ children }: { children: ReactNode }) {
  const { caller } = useCaller();
  return (
    <Menu position="bottom-end" width={260} defaultOpened>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600}>
            {caller?.user.name}
          </Text>
          <Text size="xs">{caller?.user.email}</Text>
          <Text size="xs">
            {caller?.role ?? "no role"}
            {caller?.is_platform_operator ? ", platform operator" : ""}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>Organization</Menu.Label>
        {caller?.organizations.map(({ id, name: organization, role }) => (
          <Menu.Item
            key={id}
            onClick={() => chooseOrganization(id)}
            leftSection={id === caller.organization?.id ? <IconCheck size={14} aria-label="chosen" /> : undefined}
          >
            {organization} ({role})
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href="/docs" leftSection={<IconBook2 size={16} aria-hidden />}>
          API documentation
        </Menu.Item>
        <Menu.Item component={Link} to="/sessions" leftSection={<IconDevices size={16} aria-hidden />}>
          Where you are signed in
        </Menu.Item>
        <Menu.Item onClick={() => signOut().catch(tellNotSignedOut)} leftSection={<IconLogout size={16} aria-hidden />}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
