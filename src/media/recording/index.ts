export { type CallRecorder } from './call-recorder.ts';
export { createFolderStore } from './folder-store.ts';
export { recordingRoute } from './recording-http.ts';
export { createRecordingPasses, type RecordingPasses } from './recording-pass.ts';
export type { RecordingStore } from './recording-store.ts';
export { Recordings } from './recordings.ts';
export { createS3Store } from './s3-store.ts';
export { startRecovery } from './recovery.ts';
