import { Select } from '@adminjs/design-system';
import { useTranslation, type FilterPropertyProps } from 'adminjs';
import React from 'react';
import { FilterField, filterId } from './filter-field.tsx';
import { useSelectWords } from './select-words.ts';

export type Filtering = Pick<FilterPropertyProps, 'property' | 'resource' | 'filter' | 'onChange'>;

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A filter by one of several values, each called as the column calls it (`status.paid`). */
export function ChoiceFilter({
  property,
  filter,
  onChange,
  values,
}: Filtering & { readonly values: readonly string[] }) {
  const { translateLabel } = useTranslation();
  const words = useSelectWords();
  const { path, resourceId } = property;
  const options = values.map((value): Choice => ({ value, label: translateLabel(`${path}.${value}`, resourceId) }));
  return (
    <FilterField property={property}>
      <Select
        {...words}
        inputId={filterId(property)}
        variant="filter"
        isClearable
        options={options}
        value={options.find(({ value }) => value === String(filter?.[path])) ?? null}
        onChange={(chosen: Choice | null) => onChange(path, chosen?.value ?? '')}
      />
    </FilterField>
  );
}
