/*
 * pocketsphinx-stream: streaming speech recognition for many callers with one loaded model.
 *
 * Loads the model once and forks a decoder for each connection to its socket. README.md has the protocol.
 */
#include "fork_server.h"
#include "recognizer.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit statuses; 0 is an orderly end. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_MODEL = 3 };

static const char usage[] =
    "usage: pocketsphinx-stream --socket PATH [--model FOLDER] [--ready N] [--max-streams N]\n"
    "  --socket       where to listen (a unix socket)\n"
    "  --model        folder of the US English model (" DEFAULT_MODEL ")\n"
    "  --ready        decoders kept ready (2)\n"
    "  --max-streams  decoders at most, the ready ones included (64)\n"
    "Ends when its standard input closes.\n";

static int parse_count(const char *text, int minimum, int maximum) {
    char *end;
    long value = strtol(text, &end, 10);
    return *text && !*end && value >= minimum && value <= maximum ? (int)value : -1;
}

static bool has_model(const char *folder) {
    static const char *const parts[] = {"en-us/mdef", "en-us.lm.bin", "cmudict-en-us.dict"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        if (length < 0 || length >= (int)sizeof path || access(path, R_OK) != 0) {
            fprintf(stderr, "the model lacks %s/%s\n", folder, parts[i]);
            return false;
        }
    }
    return true;
}

int main(int count, char **arguments) {
    static const struct option known[] = {
        {"socket", required_argument, NULL, 's'},
        {"model", required_argument, NULL, 'm'},
        {"ready", required_argument, NULL, 'r'},
        {"max-streams", required_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *model = DEFAULT_MODEL;
    fork_server_options options = {.ready = 2, .max_streams = 64};
    int option;
    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.socket_path = optarg; break;
        case 'm': model = optarg; break;
        case 'r': options.ready = parse_count(optarg, 1, 64); break;
        case 'x': options.max_streams = parse_count(optarg, 1, 4096); break;
        case 'h': fputs(usage, stdout); return 0;
        default: fputs(usage, stderr); return EXIT_USAGE;
        }
    }
    if (optind != count || !options.socket_path || options.ready < 0 || options.max_streams < options.ready) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }

    if (!has_model(model)) return EXIT_NO_MODEL;
    recognizer *r = recognizer_load(model);
    if (!r) {
        fprintf(stderr, "the model in %s could not be loaded\n", model);
        return EXIT_NO_MODEL;
    }
    int status = fork_server_run(r, &options);
    recognizer_free(r);
    return status;
}
