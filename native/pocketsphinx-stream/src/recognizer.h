#ifndef RECOGNIZER_H
#define RECOGNIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * PocketSphinx with one model, fed utterance by utterance: 16 kHz mono signed 16-bit samples.
 *
 * A long utterance is decoded in pieces, cut at a pause where there is one: memory and the time that the
 * end takes stay bounded, and the caller still gets one list of words.
 */
typedef struct recognizer recognizer;

typedef struct {
    /* As the dictionary spells it, so with "(2)" for a second pronunciation and with fillers such as "<sil>". */
    char *text;
    long start_ms;
    long end_ms;
    /* 0..1, the word's posterior in the lattice. */
    double confidence;
} recognized_word;

/* Loads the model folder's `en-us`, `en-us.lm.bin` and `cmudict-en-us.dict`. NULL: see standard error. */
recognizer *recognizer_load(const char *model_directory);

bool recognizer_start(recognizer *r);
bool recognizer_feed(recognizer *r, const int16_t *samples, size_t count);

/* Milliseconds of audio in this utterance so far. */
long recognizer_audio_ms(const recognizer *r);

/* What it seems to be so far, without fillers. Valid until the next call. */
const char *recognizer_partial(recognizer *r);

/* Ends the utterance. The words are the recognizer's, valid until the next start. */
bool recognizer_finish(recognizer *r, const recognized_word **words, size_t *count);

void recognizer_free(recognizer *r);

#endif
