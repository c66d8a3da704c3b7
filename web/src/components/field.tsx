import { useId, useState } from 'react';
import type { InputHTMLAttributes } from 'react';
import { useI18n } from '../i18n/i18n.ts';
import { EyeIcon } from './icons.tsx';

/** A labelled input with its rule and its error read out with it. */
export function Field(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly note?: string | undefined;
  readonly error?: string | undefined;
  readonly optional?: boolean;
  readonly input?: InputHTMLAttributes<HTMLInputElement>;
}) {
  const { t } = useI18n();
  const id = useId();
  const [shown, setShown] = useState(false);
  const isPassword = props.input?.type === 'password';
  const described = [props.error && `${id}-error`, props.note && `${id}-note`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>
        {props.label}
        {props.optional && <span className="field-optional">{t('auth.optional')}</span>}
      </label>
      <div className="field-box">
        <input
          {...props.input}
          id={id}
          type={isPassword && shown ? 'text' : props.input?.type}
          value={props.value}
          aria-invalid={props.error ? true : undefined}
          aria-describedby={described || undefined}
          onChange={(event) => props.onChange(event.target.value)}
        />
        {isPassword && (
          <button
            type="button"
            className="field-eye"
            aria-pressed={shown}
            aria-label={t('auth.show_password')}
            onClick={() => setShown(!shown)}
          >
            <EyeIcon size={20} />
          </button>
        )}
      </div>
      {props.error && (
        <p className="field-error" id={`${id}-error`}>
          {props.error}
        </p>
      )}
      {props.note && (
        <p className="field-note" id={`${id}-note`}>
          {props.note}
        </p>
      )}
    </div>
  );
}
