/**
 * How the web process' Node is started. Answers leave much that lives briefly: 8 MB are enough for it, where V8 would take
 * 3 × 16 MB at every burst and keep them. And V8 lets the old heap grow to a multiple of what lives in it before it looks through it:
 * beside pages of figures without an end the process went from 260 to 520 MB, of which 95 lived. It is now looked through when it has grown by half:
 * 290 MB, for a tenth more processor time (`./ailingva bench panel-pages`).
 */
export const WEB_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
