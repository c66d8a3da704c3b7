import { useEffect, useRef, useState } from 'react';
import type { FormEvent, RefObject } from 'react';

export interface Submit {
  /** Of the form whose first wrong field takes the focus. */
  readonly form: RefObject<HTMLFormElement>;
  readonly onSubmit: (event: FormEvent) => void;
  /** Sending was tried: from now on the fields say what is wrong with them. */
  readonly tried: boolean;
  readonly working: boolean;
  /** What `send` threw the last time. */
  readonly error: unknown;
  /** As if nothing had been tried. */
  readonly clear: () => void;
}

/** A form that is sent once at a time, and only when nothing is wrong with it. A field is wrong when it is `aria-invalid`. */
export function useSubmit(options: { readonly valid: boolean; readonly send: () => Promise<void> }): Submit {
  const form = useRef<HTMLFormElement>(null);
  const [attempts, setAttempts] = useState(0);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<unknown>();

  // After the fields are marked, so that what is wrong is read out with the field.
  useEffect(() => {
    if (attempts > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [attempts]);

  async function submit(): Promise<void> {
    setError(undefined);
    setAttempts((before) => before + 1);
    if (!options.valid) return;
    setWorking(true);
    await options.send().catch(setError);
    setWorking(false);
  }

  return {
    form,
    onSubmit(event) {
      event.preventDefault();
      if (!working) void submit();
    },
    tried: attempts > 0,
    working,
    error,
    clear() {
      setAttempts(0);
      setError(undefined);
    },
  };
}
