#ifndef SESSION_H
#define SESSION_H

#include "recognizer.h"

/*
 * Serves one connection until it closes: frames in, JSON lines out. See README.md for the protocol.
 * Never returns on a broken connection other than by returning; the caller ends the process.
 */
void session_serve(recognizer *r, int connection);

#endif
