#ifndef NSHELPER_GUARDIAN_H
#define NSHELPER_GUARDIAN_H

#include "create.h"
#include "keep.h"

/*
 * The process that stays in the caller's namespaces, does there what is seen from outside, and takes all of it back when
 * a step fails or one of the others dies. Three processes watch each other:
 *
 *   the verb's     may be killed at any moment (`cancel`, a lost connection): its end of `life` then closes
 *   the guardian   if it is killed, the parent death signal ends the maker, and the verb's process undoes the rest
 *   the maker      or the process that it left in the new namespaces: its end of the channel closes
 */
enum guardian_word {
    GUARDIAN_DONE,
    GUARDIAN_FAILED,
    /* Done, and it goes on to watch over what is kept. */
    GUARDIAN_STAYS,
    /* Not the end: ARGV was stopped by its terminal, so that the shell above is to have it. */
    GUARDIAN_STOPPED,
};

struct guardian {
    struct create *create;
    const struct host *host;
    struct undo *undo;
    /* Within serve ARGV has no streams. */
    bool serves;
    /* Ends with the verb's process. */
    int life;
    /* A byte: a word. */
    int said;
    int control;
    int signals;
    /* See naming.h; -1 where the guardian does not stay. */
    int names[2];
    pid_t maker;
    /* Stays in the new namespaces; 0 until it is known. */
    pid_t init;
    int ns[NS_TYPES];
};

/* The records of what was done. */
void guardian_print_made(struct guardian *guardian, struct output *output);
void guardian_print_init(struct guardian *guardian, struct output *output);
void guardian_print_kept(struct guardian *guardian, struct output *output);
/* `status` as waitpid(2) says it. */
void guardian_print_exit(int status, struct output *output);

_Noreturn void guardian_run(struct guardian *guardian, struct output *output);

#endif
