#ifndef NSHELPER_SERVE_H
#define NSHELPER_SERVE_H

#include "failure.h"
#include "request.h"
#include "stream.h"

#include <signal.h>
#include <sys/types.h>

/* Requests that may run at once: each of many forwarded connections is one. */
#define RUNNING_MAX 1200
#define READ_SIZE 65536

/* A request that a child process works on. */
struct running {
    int64_t id;
    /* 0 for a connection that has not said its request yet: then it is `pipe`. */
    pid_t child;
    int pipe;
    /* The socket of a request with a terminal, otherwise -1. */
    int terminal;
    /* Output not yet passed on: always less than a line. */
    char *data;
    size_t length;
    size_t capacity;
    /* Its `end` or `error` was passed on. */
    bool answered;
    bool exited;
    int status;
};

/* A unix socket, each of whose connections is the standard input and output of one verb. */
struct door {
    /* -1 until it is asked for. */
    int listener;
    /* Whose connections are taken: the user who has connected to this host, also when we have more rights. */
    uid_t owner;
    char folder[32];
    /* Said to the other side of our standard output alone, so that no other process of that user can use our rights. */
    char token[25];
};

struct server {
    struct stream out;
    /* Tells that a child has ended, so that none stays a zombie until something else happens; and that we are to end. */
    int children;
    bool ending;
    sigset_t signals;
    struct door door;
    struct running running[RUNNING_MAX];
    size_t count;
    char *in;
    size_t in_length;
    size_t in_capacity;
    /* Soft limit of open files as it was, for the children; it is raised for ourselves. */
    uint64_t files;
};

/* Appends a record that the server itself says: `end` without a failure. */
int serve_say(struct server *server, int64_t id, const struct failure *failure);
/*
 * Starts a request. `connection`, which is taken over, is the standard input and output of its verb, or -1. Whatever is
 * wrong with the request is said; -errno when nothing can be said any more.
 */
int serve_start(struct server *server, const struct request *request, int connection);
/* Takes one from the table, which the last one takes its place in. */
void serve_forget(struct server *server, size_t index);

/* The answer to the request `door`: its path and its token. As serve_say. */
int door_open(struct server *server, int64_t id);
/* Takes a connection that waits. */
void door_accept(struct server *server);
/* A connection has said something: its request, perhaps. As serve_start. */
int door_greet(struct server *server, size_t index);
void door_close(struct door *door);

#endif
