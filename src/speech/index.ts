/** The face of the room: the engines by name. Their interfaces stand in `engine.ts`. */
export {
  createSpeechEngines,
  type AdditionalEngines,
  type EngineDescription,
  type EngineKind,
  type SpeechEngineOptions,
  type SpeechEngines,
} from './registry.ts';
