/** The face of the folder: SpeechKit's two engines, by one factory. */
export type { YandexCredentials } from './channel.ts';
export { languageModelAccess } from './language-model.ts';
export { createYandex, type Yandex, type YandexOptions } from './create-yandex.ts';
