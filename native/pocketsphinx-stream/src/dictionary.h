#pragma once

/*
 * The dictionary of words to hear, without those that nobody should be told they have said: a learner is easily misheard
 * ("beach", "sheet"), and what was heard stands on their screen. The decoder then takes the next likely words.
 *
 * Returns a descriptor of a file in memory, for the caller to close, or -1 when it could not be made.
 */
int open_decent_dictionary(const char *path);
