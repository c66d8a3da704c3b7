import { Select } from '@adminjs/design-system';
import { useTranslation, type FilterPropertyProps } from 'adminjs';
import React from 'react';
import { FilterField, filterId } from './choosing/filter-field.tsx';
import { useSelectWords } from './choosing/select-words.ts';

interface Choice {
  readonly value: 'true' | 'false';
  readonly label: string;
}

/** A filter by yes and no, in the panel's language. */
export default function DefaultBooleanFilterProperty({ property, filter, onChange }: FilterPropertyProps) {
  const { translateLabel } = useTranslation();
  const words = useSelectWords();
  const options = (['true', 'false'] as const).map((value): Choice => ({
    value,
    label: translateLabel(`${property.path}.${value}`, property.resourceId),
  }));
  return (
    <FilterField property={property}>
      <Select
        {...words}
        inputId={filterId(property)}
        variant="filter"
        isClearable
        options={options}
        value={options.find(({ value }) => value === String(filter?.[property.path])) ?? null}
        onChange={(chosen: Choice | null) => onChange(property.path, chosen?.value ?? '')}
      />
    </FilterField>
  );
}
