/** The face of the room: the engines by name. Their interfaces stand in `engine.ts`. */
export {
  createSpeechEngines,
  type AdditionalEngines,
  type EngineDescription,
  type SpeechEngineOptions,
  type SpeechEngines,
} from './registry.ts';
export { speechSettings } from './engine-settings.ts';
