#ifndef NSHELPER_CLOSING_H
#define NSHELPER_CLOSING_H

/*
 * Descriptors that are done with, to be closed together: where thousands of files are opened for one read each, a fifth
 * of all system calls would be for closing one.
 */
#define CLOSING_MAX 24

struct closing {
    int fd[CLOSING_MAX];
    unsigned count;
};

/* Takes a descriptor over. */
void close_later(struct closing *closing, int fd);
/* Closes all that were taken over. */
void close_now(struct closing *closing);
/* openat that closes them first when descriptors have run out. Returns a descriptor or -errno. */
int open_closing(struct closing *closing, int directory, const char *path, int flags);

#endif
