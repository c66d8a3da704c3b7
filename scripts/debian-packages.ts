/**
 * The system's packages, each with its reason. The names are Debian 12's; Ubuntu 22.04 and later use the same.
 *
 * `serve`: what a running AIlingva needs. `build`: what turns native/ into programs. `worker`: what mediasoup's worker is built
 * with, where its prebuilt cannot be fetched. `test`: what the tests need on top. `image`: libraries that come with the
 * development packages of `build` and `worker`; a container that holds only the finished programs names them itself.
 */
export type Purpose = 'serve' | 'build' | 'worker' | 'test' | 'image';

export interface DebianPackage {
  readonly name: string;
  readonly purpose: Purpose;
  readonly why: string;
}

export const DEBIAN_PACKAGES: readonly DebianPackage[] = [
  { name: 'ca-certificates', purpose: 'serve', why: 'TLS to the speech services' },
  { name: 'espeak-ng', purpose: 'serve', why: 'the local voice' },
  { name: 'ffmpeg', purpose: 'serve', why: 'voices that do not come by WebRTC: WebM, MP3, M4A and others' },
  { name: 'pocketsphinx-en-us', purpose: 'serve', why: 'the local recognizer’s English model' },

  { name: 'cmake', purpose: 'build', why: 'builds native/' },
  { name: 'ninja-build', purpose: 'build', why: 'builds native/ on all cores' },
  { name: 'g++', purpose: 'build', why: 'compiles native/' },
  { name: 'pkg-config', purpose: 'build', why: 'finds the libraries' },
  { name: 'libpocketsphinx-dev', purpose: 'build', why: 'the local recognizer' },
  { name: 'libsphinxbase-dev', purpose: 'build', why: 'the local recognizer’s base' },
  { name: 'libopus-dev', purpose: 'build', why: 'the calls’ codec' },

  { name: 'libuv1-dev', purpose: 'worker', why: 'the worker’s event loop' },
  { name: 'libssl-dev', purpose: 'worker', why: 'DTLS' },
  { name: 'libsrtp2-dev', purpose: 'worker', why: 'SRTP' },
  { name: 'libflatbuffers-dev', purpose: 'worker', why: 'messages between Node and the worker' },
  { name: 'flatbuffers-compiler', purpose: 'worker', why: 'C++ from the messages’ schemas' },

  { name: 'chromium', purpose: 'test', why: 'the browser that calls in the end-to-end tests' },
  { name: 'fonts-liberation', purpose: 'test', why: 'Latin and Cyrillic letters for that browser' },
  { name: 'redis-server', purpose: 'test', why: 'queues in Redis' },
  { name: 'flite', purpose: 'test', why: 'voices for the caller, which the recognizer understands' },

  { name: 'libpocketsphinx3', purpose: 'image', why: 'the local recognizer' },
  { name: 'libsphinxbase3', purpose: 'image', why: 'the local recognizer’s base' },
  { name: 'libopus0', purpose: 'image', why: 'the calls’ codec' },
  { name: 'libuv1', purpose: 'image', why: 'the worker’s event loop' },
  { name: 'libssl3', purpose: 'image', why: 'DTLS' },
  { name: 'libsrtp2-1', purpose: 'image', why: 'SRTP' },
];

export function packagesFor(...purposes: readonly Purpose[]): DebianPackage[] {
  return DEBIAN_PACKAGES.filter(({ purpose }) => purposes.includes(purpose));
}
