/** The code that only a call needs, as one chunk: loaded when the call screen is idle, not with the page. */
export { openPeer } from './peer.ts';
export { openSignaling } from './signaling.ts';
export { openSocketVoice } from './socket-voice.ts';
