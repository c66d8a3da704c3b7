import { Select } from '@adminjs/design-system';
import { useTranslation, type FilterPropertyProps } from 'adminjs';
import React from 'react';
import { FilterField, filterId } from './choosing/filter-field.tsx';
import { useSelectWords } from './choosing/select-words.ts';

interface Choice {
  readonly value: string;
  readonly label: string;
}

type Filtering = Pick<FilterPropertyProps, 'property' | 'resource' | 'filter' | 'onChange'>;

/** A filter by one of several values speaks the panel's language; all others are AdminJS's. */
export default function DefaultFilterProperty(
  props: Filtering & { readonly OriginalComponent: React.ComponentType<Filtering> },
) {
  const { OriginalComponent, property } = props;
  return property.availableValues ? <ChoiceFilter {...props} /> : <OriginalComponent {...props} />;
}

function ChoiceFilter({ property, filter, onChange }: Filtering) {
  const { translateLabel } = useTranslation();
  const words = useSelectWords();
  const options: Choice[] = (property.availableValues ?? []).map(({ value }) => ({
    value: String(value),
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
        value={options.find(({ value }) => value === filter?.[property.path]) ?? null}
        onChange={(chosen: Choice | null) => onChange(property.path, chosen?.value ?? '')}
      />
    </FilterField>
  );
}
