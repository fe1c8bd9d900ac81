/** The frame around every page: where one can go, who one is, whether the view is live. */
import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Group,
  NavLink,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconBox,
  IconFolder,
  IconHistory,
  IconKey,
  IconLogin2,
  IconMoon,
  IconRobot,
  IconServer,
  IconShieldCheck,
  IconStack2,
  IconSun,
  IconTopologyStar3,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { liveStore } from "../api/live.ts";
import { type Scope, useCaller } from "../session/use-caller.ts";
import { AccountButton } from "./account-button.tsx";

const places: readonly { to: string; label: string; icon: typeof IconBox; scope: Scope }[] = [
  { to: "/deployments", label: "Deployments", icon: IconBox, scope: "deployments:read" },
  { to: "/operations", label: "Operations", icon: IconHistory, scope: "operations:read" },
  { to: "/environments", label: "Environments", icon: IconStack2, scope: "org:read" },
  { to: "/clusters", label: "Clusters", icon: IconTopologyStar3, scope: "org:read" },
  { to: "/projects", label: "Projects", icon: IconFolder, scope: "org:read" },
  { to: "/members", label: "Members", icon: IconUsers, scope: "org:read" },
  { to: "/api-keys", label: "API keys", icon: IconKey, scope: "keys:read" },
  { to: "/service-accounts", label: "Service accounts", icon: IconRobot, scope: "org:read" },
  { to: "/single-sign-on", label: "Single sign-on", icon: IconLogin2, scope: "audit:read" },
  { to: "/webhooks", label: "Webhooks", icon: IconWebhook, scope: "webhooks:read" },
  { to: "/audit", label: "Audit log", icon: IconShieldCheck, scope: "audit:read" },
  { to: "/workers", label: "Workers", icon: IconServer, scope: "platform:read" },
];

export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const { may } = useCaller();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Text component={Link} to="/deployments" fw={700} size="lg" className="row-link">
              Onvera
            </Text>
            <LiveBadge />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeButton />
            <AccountButton />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main" style={{ overflowY: "auto" }}>
        {places
          .filter(({ scope }) => may(scope))
          .map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              leftSection={<Icon size={18} aria-hidden />}
              active={pathname.startsWith(to)}
              aria-current={pathname.startsWith(to) ? "page" : undefined}
              onClick={close}
            />
          ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function LiveBadge() {
  const connection = useSyncExternalStore(liveStore.subscribe, liveStore.snapshot);
  const isOpen = connection === "open";
  return (
    <Badge
      variant="dot"
      color={isOpen ? "teal" : "yellow"}
      tt="none"
      role="status"
      visibleFrom="xs"
      data-live={connection}
    >
      {isOpen ? "live" : connection === "broken" ? "reconnecting…" : "connecting…"}
    </Badge>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const next = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon
      variant="default"
      size="lg"
      onClick={() => setColorScheme(next)}
      aria-label={`Use ${next} colours`}
      title={`Use ${next} colours`}
    >
      {scheme === "dark" ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
    </ActionIcon>
  );
}
