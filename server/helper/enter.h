#ifndef NSHELPER_ENTER_H
#define NSHELPER_ENTER_H

#include "job.h"
#include "joining.h"

#include <sys/types.h>

/* Statuses of a command that could not be run, as env(1), chroot(1) and docker-exec(1) have them. */
#define STATUS_FAILED 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

/* More targets or expectations than types are a mistake. */
#define ENTER_LIST_MAX 16

enum identity_wish {
    /* Root inside when the user namespace is joined and maps it, otherwise unchanged. */
    IDENTITY_DEFAULT,
    IDENTITY_KEEP,
    IDENTITY_ROOT,
    IDENTITY_IDS,
};

/* Which shells are tried where the target has none. */
enum fallback {
    FALLBACK_BUSYBOX = 1 << 0,
    FALLBACK_OWN = 1 << 1,
};

/* What `enter` was asked for. Texts are those of the words. */
struct enter {
    const char *target[ENTER_LIST_MAX], *expect[ENTER_LIST_MAX];
    size_t targets, expects;
    /* Bits of types, 0 for all. */
    unsigned only;
    enum identity_wish identity;
    uint32_t uid, gid;
    bool has_gid, has_root, has_cwd, has_shell;
    /* What the command leaves running ends with it and with us. */
    bool kills_descendants;
    /* NULL for the target's own folder, and for the shell that it has. */
    const char *cwd, *shell;
    unsigned fallbacks;
    /* Descriptor for records; 2 for errors alone unless has_records. */
    int records;
    bool has_records;
    char *const *argv;
    /* All words, NULL-terminated. */
    char *const *word;
};

/* Reads the words after the verb. */
int enter_parse(char *const *word, size_t count, struct enter *enter, struct failure *failure);
/* Of any verb that has a target, without a command. */
int enter_parse_options(char *const *word, size_t count, struct enter *enter, struct failure *failure);

/* Opens and joins what the targets name, of these types (0 for all), once nothing of the host is inherited any more. */
int enter_join(const struct enter *enter, struct joining *joining, unsigned only, struct failure *failure);
/* Becomes the user that is asked for; nothing is changed without a user namespace that was joined. */
int enter_set_identity(const struct enter *enter, const struct joining *joining, struct failure *failure);

/* The shell that is to be run within the target. */
struct shell {
    /* The host's static BusyBox, opened before its root is left; -1 without one. */
    int busybox;
    const char *busybox_path;
};

/* Opens a BusyBox that needs nothing but the kernel: of this architecture and without an interpreter. */
void shell_open(struct shell *shell);
/* Runs the first shell that can be executed. Returns only when there is none. */
int shell_run(const struct enter *enter, const struct shell *shell, struct failure *failure);

/* The helper's own shell, for where there is nothing to execute at all. Returns its exit status. */
int mini_shell(void);

/* Waits for a child that has the terminal if we had it, forwards signals, stops when it stops. Its exit status. */
struct session {
    pid_t child;
    struct job job;
    /* We were in the foreground of a terminal, and the child is in a process group of its own. */
    bool has_group;
    /* wait status */
    int status;
};
/* Before the fork: holds back the signals that are to be forwarded. */
void session_begin(struct session *session);
/* In the child: the session's foreground, and the signals as they were. */
void session_child(const struct session *session);
/* Makes a terminal on stdin that is nobody's controlling terminal ours; another session's stays that one's. */
void session_take_terminal(void);
/* To be killed when the parent ends; `parent` is what getppid() gives while it lives. False when it has ended. */
bool session_die_with(pid_t parent);
int session_wait(struct session *session);

#endif
