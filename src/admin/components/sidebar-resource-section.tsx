import { Navigation } from '@adminjs/design-system';
import { useTranslation, type ResourceJSON } from 'adminjs';
import React from 'react';
import { useLocation, useNavigate } from 'react-router';
import PagesMenu from './pages-menu.tsx';

interface SectionProps {
  readonly resources: readonly ResourceJSON[];
}

/** The pages, then the tables in their sections, all in sight: there are few, and one who works here goes back and forth. */
export default function SidebarResourceSection({ resources }: SectionProps) {
  const { translateLabel } = useTranslation();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const sections = new Map<string, ResourceJSON[]>();
  for (const resource of resources) {
    // Without a way in, it is none of this person's.
    if (resource.href === null || resource.href === undefined) continue;
    const name = resource.navigation?.name ?? '';
    sections.set(name, [...(sections.get(name) ?? []), resource]);
  }
  return (
    <>
      <PagesMenu />
      {[...sections].map(([section, members]) => (
        <Navigation
          key={section}
          label={translateLabel(section)}
          elements={members.map(({ id, href, navigation }) => ({
            id,
            label: translateLabel(id, id),
            icon: navigation?.icon ?? 'Circle',
            href: href ?? '/admin',
            isSelected: pathname === href || pathname.startsWith(`${href}/`),
            onClick: (event: React.SyntheticEvent) => {
              event.preventDefault();
              if (href) navigate(href);
            },
          }))}
        />
      ))}
    </>
  );
}
