#ifndef JSON_H
#define JSON_H

#include <stddef.h>

/* One line of JSON under construction. Running out of memory ends the process: there is nothing better to do. */
typedef struct {
    char *text;
    size_t length;
    size_t capacity;
} json_line;

/* Empties the line and keeps its memory. A zeroed json_line is an empty line. */
void json_reset(json_line *line);

/* Appends text as it stands: structure, numbers. */
void json_raw(json_line *line, const char *text);

/* Appends printf-formatted text as it stands. */
void json_format(json_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a quoted string, escaped as RFC 8259 asks. NULL is the empty string. */
void json_string(json_line *line, const char *text);

void json_free(json_line *line);

#endif
