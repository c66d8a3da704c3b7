/**
 * How the media process' Node is started. Each packet leaves some 3 KB of short-lived objects: at 60 calls a heap of
 * V8's own small size asks for a full collection every 1.3 s, and each stops the audio for 5 to 20 ms. A heap that
 * may begin large is collected by scavenges alone, and small semi-spaces keep each of those at 2 to 5 ms.
 * See docs/decisions/0005-audio-runs-first.md for what it brought.
 */
export const MEDIA_NODE_FLAGS: readonly string[] = [
  '--initial-heap-size=400',
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
];
