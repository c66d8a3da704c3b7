/**
 * How the web process' Node is started. Answers leave much that is short-lived; V8 lets the room for it grow to 3 × 16 MB
 * (and keeps it) at every burst, and AdminJS's loading is one. With 8 MB the process stays some 70 MB smaller, and answers as fast.
 */
export const WEB_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];
