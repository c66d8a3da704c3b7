import { SelectAsync } from '@adminjs/design-system';
import { ApiClient, type FilterPropertyProps } from 'adminjs';
import React, { useEffect, useState } from 'react';
import { FilterField, filterId } from './choosing/filter-field.tsx';
import { useSelectWords } from './choosing/select-words.ts';

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A filter by a record of another table: searched as one types, called by its title when it stands in the address. */
export default function DefaultReferenceFilterProperty({ property, filter, onChange }: FilterPropertyProps) {
  const words = useSelectWords();
  const resourceId = property.reference ?? '';
  const wanted = String(filter?.[property.path] ?? '');
  const [chosen, setChosen] = useState<Choice>();

  useEffect(() => {
    if (wanted === '' || chosen?.value === wanted) return undefined;
    let gone = false;
    new ApiClient()
      .recordAction({ resourceId, recordId: wanted, actionName: 'show' })
      .then(({ data }) => {
        if (!gone && data.record) setChosen({ value: wanted, label: data.record.title });
      })
      // One that is not there is called by its id.
      .catch(() => !gone && setChosen({ value: wanted, label: wanted }));
    return () => {
      gone = true;
    };
  }, [resourceId, wanted, chosen]);

  return (
    <FilterField property={property}>
      <SelectAsync
        {...words}
        inputId={filterId(property)}
        variant="filter"
        isClearable
        cacheOptions
        defaultOptions
        loadOptions={async (query: string): Promise<Choice[]> => {
          const records = await new ApiClient().searchRecords({ resourceId, query });
          return records.map(({ id, title }) => ({ value: id, label: title }));
        }}
        value={wanted !== '' && chosen?.value === wanted ? chosen : null}
        onChange={(next: Choice | null) => {
          setChosen(next ?? undefined);
          onChange(property.path, next?.value ?? '');
        }}
      />
    </FilterField>
  );
}
