#ifndef NSHELPER_TITLE_H
#define NSHELPER_TITLE_H

/*
 * The command line that /proc shows of this process. It lies where the kernel put arguments and environment: there is
 * no other place that every kernel and every user can set. Words and environment must have been copied before.
 */
void title_init(int argc, char **argv);
/* 0, or -ENOSPC where the words and the environment that the process was started with leave too little room. */
int title_set(const char *text);
/* The same with another second word. */
int title_rename(const char *word);

/* Copies the environment out of the way. */
int title_save_environment(void);

#endif
