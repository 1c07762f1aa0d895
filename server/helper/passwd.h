#ifndef NSHELPER_PASSWD_H
#define NSHELPER_PASSWD_H

#include <stdbool.h>
#include <stdint.h>

/* A line of /etc/passwd. */
struct passwd_entry {
    uint32_t gid;
    char name[64];
    char home[256];
    /* Empty where the field is, which means /bin/sh. */
    char shell[256];
};

/* Looks in /etc/passwd of the root that the caller is in now. False when there is none or no such uid in it. */
bool passwd_find(uint32_t uid, struct passwd_entry *entry);

#endif
