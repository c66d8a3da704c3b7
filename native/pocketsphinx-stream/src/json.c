#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(json_line *line, size_t more) {
    if (line->length + more + 1 <= line->capacity) return;
    size_t capacity = line->capacity ? line->capacity : 256;
    while (capacity < line->length + more + 1) capacity *= 2;
    char *text = realloc(line->text, capacity);
    if (!text) abort();
    line->text = text;
    line->capacity = capacity;
}

static void append(json_line *line, const char *text, size_t length) {
    reserve(line, length);
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
}

void json_reset(json_line *line) {
    reserve(line, 0);
    line->length = 0;
    line->text[0] = '\0';
}

void json_raw(json_line *line, const char *text) {
    append(line, text, strlen(text));
}

void json_format(json_line *line, const char *format, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) abort();
    append(line, text, (size_t)length);
}

void json_string(json_line *line, const char *text) {
    append(line, "\"", 1);
    for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
        char escaped[8];
        switch (*c) {
        case '"': append(line, "\\\"", 2); break;
        case '\\': append(line, "\\\\", 2); break;
        default:
            if (*c < 0x20 || *c == 0x7f) {
                snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*c);
                append(line, escaped, 6);
            } else {
                append(line, (const char *)c, 1);
            }
        }
    }
    append(line, "\"", 1);
}

void json_free(json_line *line) {
    free(line->text);
    *line = (json_line){0};
}
