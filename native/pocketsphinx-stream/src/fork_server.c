#include "fork_server.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    /* A client that does not read for this long is gone. */
    SEND_TIMEOUT_S = 10,
    /* So many children in a row that died before they had a connection: something is wrong with the server. */
    MAX_BARREN_CHILDREN = 5,
};

typedef struct {
    pid_t pid; /* 0: the place is free. */
    bool busy;
} child;

typedef struct {
    recognizer *recognizer;
    const fork_server_options *options;
    int listener;
    /* A child writes its pid here when it has accepted a connection. */
    int accepted_read, accepted_write;
    int signals;
    sigset_t original_mask;
    pid_t own_pid;
    child *children;
    int ready;
    int total;
    int barren;
} server;

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "the socket's path is longer than %zu bytes\n", sizeof address.sun_path - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0) {
        perror("cannot listen");
        if (listener >= 0) close(listener);
        return -1;
    }
    return listener;
}

/* The child's whole life: one connection. Never returns. */
static void child_main(const server *s) {
    /* The parent's death is the child's, also when the parent had no time to say so. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->own_pid) _exit(0);
    sigprocmask(SIG_SETMASK, &s->original_mask, NULL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C goes to the whole group; the parent decides. */
    close(s->signals);
    close(s->accepted_read);
    close(STDIN_FILENO);

    int connection;
    do {
        connection = accept(s->listener, NULL, NULL);
    } while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (connection < 0) _exit(1);
    close(s->listener);
    pid_t pid = getpid();
    if (write(s->accepted_write, &pid, sizeof pid) != (ssize_t)sizeof pid) _exit(1);
    close(s->accepted_write);

    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    session_serve(s->recognizer, connection);
    _exit(0);
}

static bool fork_child(server *s) {
    pid_t pid = fork();
    if (pid == 0) child_main(s);
    if (pid < 0) {
        perror("cannot fork");
        return false;
    }
    for (int i = 0; i < s->options->max_streams; i++) {
        if (s->children[i].pid != 0) continue;
        s->children[i] = (child){.pid = pid};
        break;
    }
    s->total++;
    s->ready++;
    return true;
}

static void fill_pool(server *s) {
    while (s->ready < s->options->ready && s->total < s->options->max_streams && fork_child(s)) continue;
}

static child *find_child(server *s, pid_t pid) {
    for (int i = 0; i < s->options->max_streams; i++) {
        if (s->children[i].pid == pid) return &s->children[i];
    }
    return NULL;
}

/* Marks as busy the children that have accepted a connection since the last time. */
static void note_accepted(server *s) {
    pid_t pid;
    while (read(s->accepted_read, &pid, sizeof pid) == (ssize_t)sizeof pid) {
        child *found = find_child(s, pid);
        if (!found || found->busy) continue;
        found->busy = true;
        s->ready--;
        s->barren = 0;
    }
}

static void reap(server *s) {
    int status;
    pid_t pid;
    /* First the notes, so that a child that served and ended is not taken for one that never served. */
    note_accepted(s);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        note_accepted(s);
        child *found = find_child(s, pid);
        if (!found) continue;
        if (WIFSIGNALED(status)) fprintf(stderr, "a decoder died of signal %d\n", WTERMSIG(status));
        if (!found->busy) {
            s->ready--;
            s->barren++;
        }
        *found = (child){0};
        s->total--;
    }
}

/* Waits for what happens next. False when it is time to go. */
static bool step(server *s) {
    struct pollfd watched[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = s->signals, .events = POLLIN},
        {.fd = s->accepted_read, .events = POLLIN},
    };
    /* A failed fork is tried again after a second. */
    bool short_of_children = s->ready < s->options->ready && s->total < s->options->max_streams;
    if (poll(watched, 3, short_of_children ? 1000 : -1) < 0 && errno != EINTR) return false;

    if (watched[0].revents) {
        char ignored[256];
        ssize_t got = read(STDIN_FILENO, ignored, sizeof ignored);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) return false;
    }
    if (watched[1].revents) {
        struct signalfd_siginfo info;
        while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
            if (info.ssi_signo != SIGCHLD) return false;
        }
        reap(s);
    }
    if (watched[2].revents) note_accepted(s);
    return true;
}

int fork_server_run(recognizer *r, const fork_server_options *options) {
    server s = {.recognizer = r, .options = options, .own_pid = getpid()};
    s.children = calloc((size_t)options->max_streams, sizeof *s.children);
    if (!s.children) abort();

    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGINT);
    sigprocmask(SIG_BLOCK, &handled, &s.original_mask);
    signal(SIGPIPE, SIG_IGN);
    s.signals = signalfd(-1, &handled, SFD_NONBLOCK | SFD_CLOEXEC);

    int accepted[2];
    if (s.signals < 0 || pipe2(accepted, O_NONBLOCK | O_CLOEXEC) != 0) {
        perror("cannot set up");
        return 1;
    }
    s.accepted_read = accepted[0];
    s.accepted_write = accepted[1];
    s.listener = listen_at(options->socket_path);
    if (s.listener < 0) return 1;

    fill_pool(&s);
    puts("{\"event\":\"ready\",\"protocol\":1}");
    fflush(stdout);

    int status = 0;
    while (step(&s)) {
        if (s.barren >= MAX_BARREN_CHILDREN) {
            fprintf(stderr, "decoders die as soon as they are made\n");
            status = 1;
            break;
        }
        fill_pool(&s);
    }

    unlink(options->socket_path);
    /* A client that was killed left its folder behind; one that lives, or keeps more there, is not disturbed. */
    char *folder = strdup(options->socket_path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash && slash != folder) {
        *slash = '\0';
        rmdir(folder);
    }
    free(folder);
    for (int i = 0; i < options->max_streams; i++) {
        if (s.children[i].pid > 0) kill(s.children[i].pid, SIGKILL);
    }
    while (waitpid(-1, NULL, 0) > 0) continue;
    free(s.children);
    return status;
}
