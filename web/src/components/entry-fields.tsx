import { SHORTEST_PASSWORD } from '../app/entry-rules.ts';
import { useI18n } from '../i18n/i18n.ts';
import { Field } from './field.tsx';

interface EntryFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/** `isNew`: of an account that is made now; else the one that a password manager knows. */
export function EmailField({ isNew = false, ...props }: EntryFieldProps & { readonly isNew?: boolean }) {
  const { t } = useI18n();
  return (
    <Field
      label={t('auth.email')}
      {...props}
      input={{
        type: 'email',
        name: 'email',
        autoComplete: isNew ? 'email' : 'username',
        inputMode: 'email',
        autoCapitalize: 'none',
        spellCheck: false,
        required: true,
      }}
    />
  );
}

/** `isNew`: chosen now, so that its rule stands below it. */
export function PasswordField(props: EntryFieldProps & { readonly label: string; readonly isNew?: boolean }) {
  const { isNew = false, ...field } = props;
  const { t } = useI18n();
  return (
    <Field
      {...field}
      note={isNew ? t('auth.password_rule', { count: SHORTEST_PASSWORD }) : undefined}
      input={{
        type: 'password',
        name: 'password',
        autoComplete: isNew ? 'new-password' : 'current-password',
        maxLength: 200,
        required: true,
      }}
    />
  );
}
