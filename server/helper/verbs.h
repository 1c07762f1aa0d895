#ifndef NSHELPER_VERBS_H
#define NSHELPER_VERBS_H

#include "failure.h"
#include "output.h"

/* What the words after the verb said. Which of them a verb takes stands in the table of verbs. */
struct options {
    bool deep;
    /* Milliseconds between passes of `watch`. */
    unsigned interval;
    /* Percent of one core that `watch` may use. */
    double budget;
    /* The words after a verb that reads them itself; the last is followed by NULL. */
    char *const *word;
    size_t count;
};

enum option_flag {
    OPTION_DEEP = 1 << 0,
    OPTION_INTERVAL = 1 << 1,
    OPTION_BUDGET = 1 << 2,
    /* The verb reads its words itself. */
    OPTION_WORDS = 1 << 3,
    /* Not an option: it may come to run within a container, see shield.h. */
    VERB_SHIELDED = 1 << 4,
};

struct verb {
    /* Options that it takes. */
    unsigned options;
    /* Has the connection to itself, so it cannot be asked for within `serve`. */
    bool top_level;
    /* Prints the records including `end`; a failure is noted and returned, and printed by the caller. */
    int (*run)(const struct options *options, struct output *output, struct failure *failure);
    /* Begins with the verb's name. */
    const char *usage;
};

extern const struct verb verbs[];
extern const size_t verb_count;

/* Finds the verb and reads its options. */
int verb_parse(char *const *word, size_t count, const struct verb **verb, struct options *options,
               struct failure *failure);

/* Whether the verb of that name runs from a copy of the program. */
bool verb_is_shielded(const char *name);

/* Whether the verb of that name has the connection to itself. */
bool verb_is_top_level(const char *name);

/* Runs it to the last record, `end` or `error`. Returns the exit status: 0, 1 failed, 2 usage. */
int verb_run(char *const *word, size_t count, struct output *output, bool within_serve);

/* The verbs. */
int verb_version(const struct options *options, struct output *output, struct failure *failure);
int verb_facts(const struct options *options, struct output *output, struct failure *failure);
int verb_scan(const struct options *options, struct output *output, struct failure *failure);
int verb_watch(const struct options *options, struct output *output, struct failure *failure);
int verb_inspect(const struct options *options, struct output *output, struct failure *failure);
int verb_create(const struct options *options, struct output *output, struct failure *failure);
int verb_enter(const struct options *options, struct output *output, struct failure *failure);
int verb_end(const struct options *options, struct output *output, struct failure *failure);
int verb_pin(const struct options *options, struct output *output, struct failure *failure);
int verb_unpin(const struct options *options, struct output *output, struct failure *failure);
int verb_rename(const struct options *options, struct output *output, struct failure *failure);
int verb_file(const struct options *options, struct output *output, struct failure *failure);
int verb_sockets(const struct options *options, struct output *output, struct failure *failure);
int verb_relay(const struct options *options, struct output *output, struct failure *failure);
int verb_listen(const struct options *options, struct output *output, struct failure *failure);
int verb_serve(const struct options *options, struct output *output, struct failure *failure);

/* The record alone: the first line of `serve`. */
void version_print(struct output *output);

#endif
