import type { Logger } from './log.ts';

type Listener<Payload> = (payload: Payload) => void;

/**
 * A typed emitter in which a listener that throws neither stops the others nor reaches the emitter.
 * `Events` maps an event's name to its payload.
 */
export class EventSource<Events extends Record<string, unknown>> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Returns the function that takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<Events[Name]>)(payload);
      } catch (error) {
        this.#log.error({ event: String(name), err: error }, 'A listener threw');
      }
    }
  }

  removeAll(): void {
    this.#listeners.clear();
  }
}
