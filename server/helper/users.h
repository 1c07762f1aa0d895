#ifndef NSHELPER_USERS_H
#define NSHELPER_USERS_H

#include "output.h"
#include "survey.h"

/* Uids whose name was asked for already: a set of uid + 1. */
struct users {
    uint64_t *slot;
    size_t slots;
    size_t count;
    /* Added since the last print. */
    uint32_t *fresh;
    size_t fresh_count;
    size_t fresh_capacity;
};

void users_free(struct users *users);
int users_add(struct users *users, uint32_t uid);
/* Adds the uids of all processes and owners of user namespaces. */
int users_add_survey(struct users *users, const struct survey *survey);
/* Prints the records of the new ones that /etc/passwd names. No NSS: it would need the host's libraries. */
void users_print(struct users *users, struct output *output);

/* Name of one uid; false when /etc/passwd has none or a longer one. */
bool user_name(uint32_t uid, char *name, size_t size);

#endif
