import fc from 'fast-check';

/**
 * What properties are drawn from. The same in every run, so that a run says something of the change that it is made
 * for; `PROPERTY_SEED` names another, to look further.
 */
export const PROPERTY_SEED = Number(process.env['PROPERTY_SEED'] ?? 20_261_121);

fc.configureGlobal({ seed: PROPERTY_SEED });

export { fc };
