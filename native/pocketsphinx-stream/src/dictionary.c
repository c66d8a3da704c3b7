#include "dictionary.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Of the words that the dictionary has: vulgar ones, and slurs. Words with another everyday meaning are left out only where
 * the vulgar one is likelier in a lesson. In the order of strcmp, for the search.
 */
static const char *const indecent[] = {
    "arse", "arsehole", "arses", "ass", "asses", "asshole", "assholes", "bad-ass", "badass", "bastard",
    "bastard's", "bastards", "big-ass", "bitch", "bitches", "bitchiness", "bitching", "bitchy", "blowjob",
    "blowjobs", "bollocks", "boob", "boobs", "bullshit", "bullshitter", "bullshitting", "chink", "chinks", "cock",
    "cocks", "cocksucker", "coon", "coons", "cum", "cunt", "cyberporn", "dick", "dickhead", "dicks", "dildo",
    "dildos", "dipshit", "dumb-ass", "dumbass", "fag", "faggot", "fags", "fuck", "fuck's", "fucked", "fucked-up",
    "fucker", "fuckers", "fuckin", "fucking", "fucks", "gangbanger", "gangbangers", "goddam", "goddammit",
    "goddamn", "goddamned", "gook", "hard-ass", "hooker", "hooker's", "hookers", "horseshit", "jackass", "jap",
    "japs", "jerk-off", "kick-ass", "motherfucker", "motherfucker's", "motherfuckers", "motherfucking", "nigg",
    "niggard", "niggardliness", "niggardly", "nigger", "nigger's", "niggers", "nympho", "piss", "piss-poor",
    "pissed", "pisses", "pissing", "porn", "porno", "pussy", "retard", "retarded", "retards", "shit", "shit's",
    "shithead", "shithole", "shitila", "shitload", "shits", "shitstorm", "shitting", "shitty", "slut", "sluts",
    "slutty", "smart-ass", "son-of-a-bitch", "spic", "tit", "tits", "twat", "twats", "wank", "wanker", "wankers",
    "whore", "whorehouse", "whores", "wop", "wops",
};

static int compare(const void *word, const void *entry) {
    return strcmp(word, *(const char *const *)entry);
}

/* A line is a word, perhaps with the number of its pronunciation ("word(2)"), and its sounds. */
static bool is_indecent(const char *line) {
    char word[32];
    size_t length = strcspn(line, "( \t\n");
    if (length >= sizeof word) return false;
    memcpy(word, line, length);
    word[length] = '\0';
    return bsearch(word, indecent, sizeof indecent / sizeof indecent[0], sizeof indecent[0], compare) != NULL;
}

int open_decent_dictionary(const char *path) {
    FILE *all = fopen(path, "r");
    if (!all) return -1;
    int descriptor = memfd_create("dictionary", MFD_CLOEXEC);
    int written = descriptor < 0 ? -1 : dup(descriptor);
    FILE *decent = written < 0 ? NULL : fdopen(written, "w");
    bool whole = decent != NULL;
    char *line = NULL;
    size_t capacity = 0;
    while (whole && getline(&line, &capacity, all) >= 0) {
        if (!is_indecent(line)) whole = fputs(line, decent) >= 0;
    }
    free(line);
    whole = whole && !ferror(all);
    fclose(all);
    if (decent) whole = fclose(decent) == 0 && whole;
    else if (written >= 0) close(written);
    if (whole) return descriptor;
    if (descriptor >= 0) close(descriptor);
    return -1;
}
