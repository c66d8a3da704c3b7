/**
 * The media room's face towards PostgreSQL and HTTP. What carries calls (`node.ts`) is entered on its own, by the
 * media process alone, so that no other process loads the codec, the voice model and the media server.
 */
export { createCallDesk, type CallDesk } from './call-desk.ts';
export { createCallStore } from './call-store.ts';
export { eraseCallsOf } from './call-traces.ts';
export { readConversationSettings } from './conversation-settings.ts';
export type { CallEnding, CallMeter, CallStore, MeterReading } from './call/ports.ts';
export { watchEndRequests } from './end-requests.ts';
export { MediaNodes, type MediaNodeRegistration, type MediaNodeReport } from './media-nodes.ts';
export { NodeMembership, type NodeMembershipOptions } from './node-membership.ts';
export { Placement, type CallOpening, type PlacementOptions } from './placement.ts';
export type { RecordingPasses, Recordings } from './recording/index.ts';
export { callRoutes, type CallRoutesOptions } from './routes.ts';
export { mediaStaffRoutes } from './staff-routes.ts';
export { eraseTurnTexts, turnTextsKeptDays } from './turn-retention.ts';
export { readVoiceTurnLimits, UPLOAD_DEADLINE_MS } from './voice-turn/voice-turn-settings.ts';
export { voiceTurnRoutes } from './voice-turn/web-routes.ts';
