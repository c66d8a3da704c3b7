import {
  Box,
  Button,
  CheckBox,
  FormGroup,
  FormMessage,
  Input,
  Label,
  MessageBox,
  Select,
  Text,
  TextArea,
} from '@adminjs/design-system';
import { ApiClient, BasePropertyComponent, useNotice, useTranslation, type ActionProps } from 'adminjs';
import React, { useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useSelectWords } from './choosing/select-words.ts';

interface Field {
  readonly name: string;
  readonly type: 'text' | 'long' | 'decimal' | 'flag' | 'choice';
  readonly choices?: readonly string[];
  readonly required?: boolean;
}

interface Problem {
  readonly message: string;
}

/**
 * The form of every action that is not an edit. It carries a key of its own, made when it is opened: sent twice, it is done
 * once. What hurts asks first.
 */
export default function ActionForm({ action, record, resource }: ActionProps) {
  const { translateAction, translateButton, translateLabel, translateMessage, translateProperty } = useTranslation();
  const notify = useNotice();
  const navigate = useNavigate();
  const key = useMemo(() => crypto.randomUUID(), []);
  const busy = useRef(false);
  const [values, setValues] = useState<Readonly<Record<string, string | boolean>>>({});
  const [problems, setProblems] = useState<Readonly<Record<string, Problem>>>({});
  const [failure, setFailure] = useState<string>();
  const [sure, setSure] = useState(false);
  const [sending, setSending] = useState(false);
  if (!record) return null;
  const { fields, danger } = action.custom as { readonly fields: readonly Field[]; readonly danger: boolean };
  const about = translateMessage(`${action.name}.about`, resource.id, { defaultValue: '' });

  const send = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy.current) return;
    busy.current = true;
    setSending(true);
    setFailure(undefined);
    try {
      const { data } = await new ApiClient().recordAction({
        resourceId: resource.id,
        recordId: record.id,
        actionName: action.name,
        data: { ...values, idempotency_key: key },
      });
      const { notice, record: answered } = data;
      const errors = (answered?.errors ?? {}) as Record<string, Problem>;
      if (notice?.type === 'error') {
        setProblems(errors);
        setFailure(answered?.baseError?.message ?? notice.message);
      } else {
        if (notice) notify(notice);
        navigate(`/admin/resources/${resource.id}/records/${encodeURIComponent(record.id)}/show`);
      }
    } catch {
      setFailure('actionRefused');
    } finally {
      busy.current = false;
      setSending(false);
    }
  };
  const set = (name: string, value: string | boolean): void => setValues((before) => ({ ...before, [name]: value }));
  const code = Object.values(problems)[0]?.message;

  return (
    <Box as="form" onSubmit={(event: React.FormEvent) => void send(event)} variant="white" p="xxl" maxWidth={640}>
      <div className="vl-facts" data-testid="about-record">
        {resource.listProperties.map((property) => (
          <BasePropertyComponent
            key={property.propertyPath}
            where="show"
            property={property}
            resource={resource}
            record={record}
          />
        ))}
      </div>
      {about !== '' && (
        <Text mb="xl" color="grey60">
          {about}
        </Text>
      )}
      {failure !== undefined && (
        <Box mb="xl" role="alert">
          <MessageBox
            variant="danger"
            message={translateMessage(code ?? failure, resource.id, { defaultValue: failure })}
          />
        </Box>
      )}
      {fields.map((field) => (
        <FormGroup key={field.name} error={Boolean(problems[field.name])}>
          {field.type !== 'flag' && (
            <Label htmlFor={`field-${field.name}`} required={field.required}>
              {translateProperty(`${action.name}.${field.name}`, resource.id)}
            </Label>
          )}
          <FieldInput
            field={field}
            value={values[field.name]}
            label={translateProperty(`${action.name}.${field.name}`, resource.id)}
            labelOf={(choice) => translateLabel(`${field.name}.${choice}`, resource.id)}
            onChange={(value) => set(field.name, value)}
          />
          <FormMessage>
            {problems[field.name] && translateMessage(problems[field.name]?.message ?? '', resource.id)}
          </FormMessage>
        </FormGroup>
      ))}
      {danger && (
        <Box flex alignItems="center" mb="xl">
          <CheckBox id="sure" checked={sure} onChange={() => setSure(!sure)} />
          <Label htmlFor="sure" inline mb="0" ml="default">
            {translateMessage('sure')}
          </Label>
        </Box>
      )}
      <Button
        type="submit"
        variant="contained"
        color={danger ? 'danger' : 'primary'}
        disabled={sending || (danger && !sure)}
      >
        {translateAction(action.name, resource.id)}
      </Button>
      <Button type="button" variant="text" ml="default" onClick={() => navigate(-1)}>
        {translateButton('back')}
      </Button>
    </Box>
  );
}

interface FieldInputProps {
  readonly field: Field;
  readonly value: string | boolean | undefined;
  readonly label: string;
  readonly labelOf: (choice: string) => string;
  readonly onChange: (value: string | boolean) => void;
}

function FieldInput({ field, value, label, labelOf, onChange }: FieldInputProps) {
  const id = `field-${field.name}`;
  const words = useSelectWords();
  if (field.type === 'flag') {
    return (
      <Box flex alignItems="center">
        <CheckBox id={id} checked={value === true} onChange={() => onChange(value !== true)} />
        <Label htmlFor={id} inline mb="0" ml="default">
          {label}
        </Label>
      </Box>
    );
  }
  const text = typeof value === 'string' ? value : '';
  if (field.type === 'choice') {
    const options = (field.choices ?? []).map((choice) => ({ value: choice, label: labelOf(choice) }));
    return (
      <Select
        {...words}
        inputId={id}
        options={options}
        value={options.find((option) => option.value === text) ?? null}
        onChange={(option: { readonly value: string } | null) => onChange(option?.value ?? '')}
      />
    );
  }
  const changed = (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>): void =>
    onChange(event.target.value);
  if (field.type === 'long') {
    return <TextArea id={id} rows={4} width="100%" value={text} required={field.required} onChange={changed} />;
  }
  return (
    <Input
      id={id}
      width="100%"
      inputMode={field.type === 'decimal' ? 'decimal' : 'text'}
      value={text}
      required={field.required}
      onChange={changed}
    />
  );
}
