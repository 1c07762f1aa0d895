/*
 * Processes that a scan must not stumble over. Each prints a line `ready …` when it stands and ends when its stdin closes.
 *
 *   odd zombie               a child that has ended and is not waited for
 *   odd chroot DIR           a process whose root is DIR
 *   odd named COMM ARG…      a process with that name and these arguments, each given in hexadecimal
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for_end_of_input(void)
{
    char byte;
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
}

static void zombie(void)
{
    pid_t child = fork();
    siginfo_t info;
    if (child == 0)
        _exit(0);
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT))
        err(1, "waitid");
    printf("ready child=%d\n", child);
    wait_for_end_of_input();
}

static void change_root(const char *dir)
{
    if (chroot(dir) || chdir("/"))
        err(1, "%s", dir);
    puts("ready");
    wait_for_end_of_input();
}

static char *from_hex(const char *hex)
{
    char *text = calloc(strlen(hex) / 2 + 1, 1);
    for (size_t i = 0; text && hex[2 * i]; i++)
        sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&text[i]);
    return text;
}

/* execv, since /proc/PID/cmdline shows what the program was started with. */
static void named(char **hex)
{
    setenv("ODD_COMM", hex[0], 1);
    char **argv = hex + 1;
    for (size_t i = 0; argv[i]; i++)
        argv[i] = from_hex(argv[i]);
    execv("/proc/self/exe", argv);
    err(1, "execv");
}

int main(int argc, char **argv)
{
    const char *comm = getenv("ODD_COMM");
    if (comm) {
        prctl(PR_SET_NAME, from_hex(comm));
        puts("ready");
        wait_for_end_of_input();
        return 0;
    }
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "zombie"))
        zombie();
    else if (!strcmp(mode, "chroot") && argc > 2)
        change_root(argv[2]);
    else if (!strcmp(mode, "named") && argc > 3)
        named(argv + 2);
    else
        errx(2, "unknown mode: %s", mode);
    return 0;
}
