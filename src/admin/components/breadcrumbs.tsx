import { useTranslation, ViewHelpers, type RecordJSON, type ResourceJSON } from 'adminjs';
import React from 'react';
import { Link } from 'react-router-dom';

interface BreadcrumbsProps {
  readonly resource: ResourceJSON;
  readonly record?: RecordJSON | null;
  readonly actionName: string;
}

type Translate = (key: string, resourceId: string, options: object) => string;

/** What is one of a few is called by its word. */
function titleOf({ title }: RecordJSON, { id, titleProperty }: ResourceJSON, translate: Translate): string {
  if (!titleProperty.availableValues) return title;
  return translate(`${titleProperty.propertyPath}.${title}`, id, { defaultValue: title });
}

/** Where one is: the first page, the table, the record by its name, and what is done with it. */
export default function Breadcrumbs({ resource, record, actionName }: BreadcrumbsProps) {
  const { translateAction, translateComponent, translateLabel } = useTranslation();
  const inList = actionName === 'list';
  const named = record && record.title !== record.id ? titleOf(record, resource, translateLabel) : undefined;
  const show =
    record && new ViewHelpers().recordActionUrl({ resourceId: resource.id, recordId: record.id, actionName: 'show' });
  const table = translateLabel(resource.name, resource.id);
  return (
    <nav className="vl-crumbs">
      <Link to="/admin">{translateComponent('Dashboard.title')}</Link>
      {inList ? <span aria-current="page">{table}</span> : <Link to={resource.href ?? '/admin'}>{table}</Link>}
      {named !== undefined && show && (actionName === 'show' ? <span>{named}</span> : <Link to={show}>{named}</Link>)}
      {!inList && (named === undefined || actionName !== 'show') && (
        <span aria-current="page">{translateAction(actionName, resource.id)}</span>
      )}
    </nav>
  );
}
