import { useTranslation, ViewHelpers, type ShowPropertyProps } from 'adminjs';
import React from 'react';
import { Link } from 'react-router-dom';
import { useWords } from './figures/words.ts';
import { madeAt } from './values/called.ts';

/** The way to another record, by its name; what has none but an id is called by its time. */
export default function DefaultReferenceValue({ property, record }: ShowPropertyProps) {
  const { formats } = useWords('Values');
  const { translateComponent } = useTranslation();
  const id = record.params[property.path] as string | null;
  const populated = record.populated[property.path];
  if (!id || !property.reference) return <>—</>;
  const title = populated?.title ?? id;
  const made = title === id ? madeAt(id) : undefined;
  const name =
    made === undefined
      ? title
      : translateComponent(`Values.of.${property.reference}`, {
          time: formats.datedInstant(made),
          defaultValue: formats.datedInstant(made),
        });
  if (!populated?.recordActions.some((action) => action.name === 'show')) return <span title={id}>{name}</span>;
  const href = new ViewHelpers().recordActionUrl({ resourceId: property.reference, recordId: id, actionName: 'show' });
  return (
    <Link className="vl-link" to={href} title={id}>
      {name}
    </Link>
  );
}
