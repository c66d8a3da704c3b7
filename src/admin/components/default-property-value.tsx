import { Badge } from '@adminjs/design-system';
import { useTranslation, type ShowPropertyProps } from 'adminjs';
import React from 'react';
import { useWords, type Formats } from './figures/words.ts';

type Unit = 'roubles' | 'minutes' | 'seconds' | 'bytes';

/** A value as the panel's language writes it, with its unit; a choice by its word; nothing as a dash. */
export default function DefaultPropertyValue({ property, record, resource }: ShowPropertyProps) {
  const { translateLabel } = useTranslation();
  const { formats, say } = useWords('Values');
  const value = record.params[property.path] as string | number | null | undefined;
  if (value === undefined || value === null || value === '') return <>—</>;
  const choice = property.availableValues?.find((option) => String(option.value) === String(value));
  if (choice) {
    return (
      <Badge>
        {translateLabel(`${property.propertyPath}.${choice.label}`, resource.id, { defaultValue: choice.label })}
      </Badge>
    );
  }
  const { unit } = (property.custom ?? {}) as { readonly unit?: Unit };
  if (unit === undefined) return <span className="vl-text">{String(value)}</span>;
  return <span className="vl-whole">{written(Number(value), unit, formats, say)}</span>;
}

function written(value: number, unit: Unit, formats: Formats, say: (key: string) => string): string {
  switch (unit) {
    case 'roubles':
      return formats.roubles(value);
    case 'minutes':
      return `${formats.minutes(value)} ${say('min')}`;
    case 'seconds':
      return formats.duration(value);
    case 'bytes':
      return formats.bytes(value);
    default:
      return unit satisfies never;
  }
}
