import type { Logger } from '../platform/log.ts';
import type { ModelNames } from '../speech/engine-settings.ts';
import type { AdditionalEngines } from '../speech/index.ts';
import type { LoadVendor, VendorEngines } from './engine-vendors.ts';

/**
 * Each vendor's engines by the names of its own models. Those of earlier names stay until the process ends: calls may still
 * be with them. A vendor that cannot be loaded is missed by the calls of the moment alone: the next one tries again.
 */
export class LoadedVendors {
  readonly #loaders: Readonly<Record<string, LoadVendor>>;
  readonly #log: Logger;
  readonly #loading = new Map<string, Promise<VendorEngines | undefined>>();

  constructor(loaders: Readonly<Record<string, LoadVendor>>, log: Logger) {
    this.#loaders = loaders;
    this.#log = log;
  }

  async of(models: ModelNames): Promise<Required<AdditionalEngines>> {
    const names = Object.keys(this.#loaders);
    const loaded = await Promise.all(names.map((name) => this.#load(name, models)));
    const vendors = loaded.filter((vendor) => vendor !== undefined);
    return {
      speechToText: vendors.flatMap(({ speechToText }) => speechToText),
      tutors: vendors.flatMap(({ tutors }) => tutors),
      textToSpeech: vendors.flatMap(({ textToSpeech }) => textToSpeech),
      speechToSpeech: vendors.flatMap(({ speechToSpeech }) => speechToSpeech),
    };
  }

  async close(): Promise<void> {
    const loaded = await Promise.all(this.#loading.values());
    this.#loading.clear();
    await Promise.all(loaded.map(async (vendor) => vendor?.close()));
  }

  #load(name: string, models: ModelNames): Promise<VendorEngines | undefined> {
    // Another vendor's voice must not make these engines new: what was learned of them, a breaker that is open, goes with them.
    const own: ModelNames = Object.fromEntries(Object.entries(models).filter(([model]) => model.startsWith(name)));
    const key = JSON.stringify([name, own]);
    let loading = this.#loading.get(key);
    if (!loading) this.#loading.set(key, (loading = this.#attempt(name, own, () => this.#loading.delete(key))));
    return loading;
  }

  async #attempt(name: string, models: ModelNames, forget: () => void): Promise<VendorEngines | undefined> {
    try {
      return await this.#loaders[name]?.(models);
    } catch (err) {
      this.#log.error({ err, engine: name }, 'A vendor could not be loaded; others serve until it is');
      forget();
      return undefined;
    }
  }
}
