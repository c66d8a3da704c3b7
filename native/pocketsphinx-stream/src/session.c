#include "session.h"

#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 5,
    /* Two seconds of audio: an honest client sends 640 bytes at a time. */
    MAX_PAYLOAD_BYTES = 64 * 1024,
    /* How much more audio there must be for another look at the hypothesis. */
    PARTIAL_EVERY_MS = 80,
};

typedef struct {
    int connection;
    recognizer *recognizer;
    json_line line;
    char last_partial[8192];
    long next_partial_ms;
    bool in_utterance;
} session;

/* False at the end of the connection, also in the middle of a frame. */
static bool read_exactly(int from, void *into, size_t size) {
    unsigned char *at = into;
    while (size > 0) {
        ssize_t got = read(from, at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool send_line(session *s) {
    json_raw(&s->line, "\n");
    const char *at = s->line.text;
    size_t left = s->line.length;
    while (left > 0) {
        ssize_t sent = write(s->connection, at, left);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += sent;
        left -= (size_t)sent;
    }
    return true;
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Says what is wrong with the input (or inside); the connection is closed after it. */
static bool fail(session *s, const char *code, const char *message) {
    json_reset(&s->line);
    json_raw(&s->line, "{\"event\":\"error\",\"code\":");
    json_string(&s->line, code);
    json_raw(&s->line, ",\"message\":");
    json_string(&s->line, message);
    json_raw(&s->line, "}");
    (void)send_line(s);
    return false;
}

static bool start(session *s) {
    if (s->in_utterance) return fail(s, "unexpected_frame", "start within an utterance");
    if (!recognizer_start(s->recognizer)) return fail(s, "decoder_failed", "could not start an utterance");
    s->in_utterance = true;
    s->last_partial[0] = '\0';
    s->next_partial_ms = PARTIAL_EVERY_MS;
    return true;
}

static bool audio(session *s, const int16_t *samples, size_t bytes) {
    if (!s->in_utterance) return fail(s, "unexpected_frame", "audio outside of an utterance");
    if (bytes % sizeof *samples != 0) return fail(s, "bad_frame", "half a sample");
    if (!recognizer_feed(s->recognizer, samples, bytes / sizeof *samples)) {
        return fail(s, "decoder_failed", "could not decode");
    }
    long audio_ms = recognizer_audio_ms(s->recognizer);
    if (audio_ms < s->next_partial_ms) return true;
    s->next_partial_ms = audio_ms + PARTIAL_EVERY_MS;

    const char *partial = recognizer_partial(s->recognizer);
    if (strncmp(partial, s->last_partial, sizeof s->last_partial - 1) == 0) return true;
    snprintf(s->last_partial, sizeof s->last_partial, "%s", partial);
    json_reset(&s->line);
    json_raw(&s->line, "{\"event\":\"partial\",\"text\":");
    json_string(&s->line, partial);
    json_format(&s->line, ",\"audio_ms\":%ld}", audio_ms);
    return send_line(s);
}

static bool finish(session *s) {
    if (!s->in_utterance) return fail(s, "unexpected_frame", "end outside of an utterance");
    s->in_utterance = false;
    double began = now_ms();
    const recognized_word *words;
    size_t count;
    if (!recognizer_finish(s->recognizer, &words, &count)) return fail(s, "decoder_failed", "could not end an utterance");

    json_reset(&s->line);
    json_raw(&s->line, "{\"event\":\"final\",\"words\":[");
    for (size_t i = 0; i < count; i++) {
        json_raw(&s->line, i ? ",{\"text\":" : "{\"text\":");
        json_string(&s->line, words[i].text);
        json_format(&s->line, ",\"start_ms\":%ld,\"end_ms\":%ld,\"confidence\":%.3f}", words[i].start_ms,
            words[i].end_ms, words[i].confidence);
    }
    json_format(&s->line, "],\"audio_ms\":%ld,\"decode_ms\":%.1f}", recognizer_audio_ms(s->recognizer),
        now_ms() - began);
    return send_line(s);
}

void session_serve(recognizer *r, int connection) {
    static int16_t payload[MAX_PAYLOAD_BYTES / sizeof(int16_t)];
    static session s;
    s = (session){.connection = connection, .recognizer = r};

    json_reset(&s.line);
    json_raw(&s.line, "{\"event\":\"open\"}");
    bool going = send_line(&s);
    unsigned char header[HEADER_BYTES];
    while (going && read_exactly(connection, header, sizeof header)) {
        size_t length = (size_t)header[1] | (size_t)header[2] << 8 | (size_t)header[3] << 16 | (size_t)header[4] << 24;
        if (length > MAX_PAYLOAD_BYTES) {
            fail(&s, "bad_frame", "payload too long");
            break;
        }
        if (!read_exactly(connection, payload, length)) break;
        switch (header[0]) {
        case 'S': going = start(&s); break;
        case 'A': going = audio(&s, payload, length); break;
        case 'E': going = finish(&s); break;
        default: going = fail(&s, "bad_frame", "unknown type");
        }
    }
    json_free(&s.line);
}
