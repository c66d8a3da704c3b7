#ifndef FORK_SERVER_H
#define FORK_SERVER_H

#include "recognizer.h"

typedef struct {
    /* Where to listen. Its folder is the client's, private to it. */
    const char *socket_path;
    /* Children kept ready, each for the next connection. */
    int ready;
    /* Children at most, ready ones included; more connections wait in the backlog. */
    int max_streams;
} fork_server_options;

/*
 * Serves until standard input closes or SIGTERM or SIGINT comes; then takes its children along and removes the
 * socket, and its folder if that is empty. A child that crashes costs its own connection only. Returns the exit status.
 */
int fork_server_run(recognizer *r, const fork_server_options *options);

#endif
