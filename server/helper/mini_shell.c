/*
 * A shell for roots in which nothing can be executed. It looks around, and it runs what there is; no pipes, no
 * redirection, no jobs.
 */
#include "enter.h"

#include "procfs.h"
#include "text.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LINE_SIZE 4096
#define WORDS_MAX 64

extern char **environ;

/* The line or the end of the input; a longer line is cut. */
static bool read_line(char line[LINE_SIZE])
{
    size_t length = 0;
    char byte;

    for (;;) {
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        /* What was typed before Ctrl-C the terminal has dropped, too. */
        if (got < 0 && errno == EINTR) {
            length = 0;
            continue;
        }
        if (got <= 0)
            return length > 0 ? (line[length] = '\0', true) : false;
        if (byte == '\n')
            break;
        if (length < LINE_SIZE - 1 && byte != '\0')
            line[length++] = byte;
    }
    line[length] = '\0';
    return true;
}

/*
 * Splits it in place: blanks separate, '…' and "…" keep them, a backslash keeps the next character, # begins a remark.
 * Returns how many, or -EINVAL for an open quote and -E2BIG for too many.
 */
static int split(char *line, char *word[WORDS_MAX])
{
    char *from = line, *to = line;
    int count = 0;

    for (;;) {
        char quote = '\0';
        from += strspn(from, " \t");
        if (*from == '\0' || *from == '#')
            break;
        if (count == WORDS_MAX - 1)
            return -E2BIG;
        word[count++] = to;
        for (; *from && (quote || (*from != ' ' && *from != '\t')); from++) {
            if (quote ? *from == quote : (*from == '\'' || *from == '"'))
                quote = quote ? '\0' : *from;
            else if (*from == '\\' && quote != '\'' && from[1])
                *to++ = *++from;
            else
                *to++ = *from;
        }
        if (quote)
            return -EINVAL;
        if (*from)
            from++;
        *to++ = '\0';
    }
    word[count] = NULL;
    return count;
}

/* What a target names its files must not reach the terminal as commands to it. */
struct shown {
    char text[4096];
};
static struct shown shown(const char *name)
{
    struct shown result = { 0 };

    for (size_t i = 0; name[i] && i + 1 < sizeof result.text; i++)
        result.text[i] = (unsigned char)name[i] < ' ' || name[i] == 127 ? '?' : name[i];
    return result;
}

static int complain(const char *what)
{
    const char *name = errno_name(errno);

    text_print(STDERR_FILENO, "%s: %s\n", shown(what).text, name);
    return 1;
}

static int do_cd(char *const *word)
{
    const char *home = getenv("HOME");
    const char *to = word[1] ? word[1] : home ? home : "/";

    return chdir(to) < 0 ? complain(to) : 0;
}

static int do_pwd(char *const *word)
{
    char path[4096];

    (void)word;
    if (!getcwd(path, sizeof path))
        return complain("pwd");
    text_print(STDOUT_FILENO, "%s\n", path);
    return 0;
}

static void format_mode(char text[11], mode_t mode)
{
    static const char kinds[] = "?pc?d?b?-?l?s???";
    static const char bits[] = "rwxrwxrwx";

    text[0] = kinds[mode >> 12 & 15];
    for (int i = 0; i < 9; i++)
        text[i + 1] = mode & (0400u >> i) ? bits[i] : '-';
    text[10] = '\0';
}

static void list_one(int directory, const char *name)
{
    char target[4096], mode[11];
    struct stat status;

    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        complain(name);
        return;
    }
    format_mode(mode, status.st_mode);
    ssize_t length = S_ISLNK(status.st_mode) ? readlinkat(directory, name, target, sizeof target - 1) : 0;
    target[length > 0 ? length : 0] = '\0';
    text_print(STDOUT_FILENO, "%s %5u %5u %10lld %s%s%s\n", mode, status.st_uid, status.st_gid,
               (long long)status.st_size, shown(name).text, length > 0 ? " -> " : "", shown(target).text);
}

static int list(const char *path)
{
    DIR *directory = opendir(path);

    if (!directory && errno == ENOTDIR) {
        list_one(AT_FDCWD, path);
        return 0;
    }
    if (!directory)
        return complain(path);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            list_one(dirfd(directory), entry->d_name);
    closedir(directory);
    return 0;
}

static int each(char *const *word, const char *otherwise, int (*work)(const char *path))
{
    int status = 0;

    if (!word[1])
        return work(otherwise);
    for (word++; *word; word++)
        status = work(*word) ? 1 : status;
    return status;
}

static int do_ls(char *const *word)
{
    /* Options would say how, and there is one way only. */
    while (word[1] && word[1][0] == '-')
        word++;
    return each(word, ".", list);
}

static int copy(const char *path)
{
    autoclose int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct pollfd input = { .fd = file, .events = POLLIN };
    sigset_t interrupt, old;
    char buffer[4096];
    ssize_t got;

    if (file < 0)
        return complain(path);
    /* Ctrl-C may come between two reads as well as within: it waits until the next one does. */
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &old);
    while ((got = ppoll(&input, 1, NULL, &old)) >= 0 && (got = read(file, buffer, sizeof buffer)) > 0)
        if (write(STDOUT_FILENO, buffer, (size_t)got) != got) {
            got = -1;
            path = "write";
            break;
        }
    int status = got < 0 ? complain(path) : 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return status;
}

static int do_cat(char *const *word)
{
    return each(word, "-", copy);
}

static int do_ps(char *const *word)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    char path[PROC_PATH_SIZE], text[1024];
    struct proc_stat stat;
    ssize_t count = list_numbers_at(AT_FDCWD, "/proc", &pids, &capacity);

    (void)word;
    if (count <= 0) {
        text_print(STDERR_FILENO, "ps: nothing is mounted on /proc\n");
        return 1;
    }
    for (ssize_t i = 0; i < count; i++) {
        text_format(path, sizeof path, "/proc/%u/stat", pids[i]);
        ssize_t length = read_file_at(AT_FDCWD, path, text, sizeof text);
        if (length <= 0 || !parse_stat(text, (size_t)length, &stat))
            continue;
        stat.comm[stat.comm_length < sizeof stat.comm ? stat.comm_length : sizeof stat.comm - 1] = '\0';
        text_print(STDOUT_FILENO, "%7u %7u %c %s\n", pids[i], stat.ppid, stat.state, shown(stat.comm).text);
    }
    return 0;
}

static int do_id(char *const *word)
{
    gid_t groups[256];
    int count = getgroups(array_length(groups), groups);

    (void)word;
    text_print(STDOUT_FILENO, "uid=%u gid=%u groups=", geteuid(), getegid());
    for (int i = 0; i < count; i++)
        text_print(STDOUT_FILENO, "%s%u", i ? "," : "", groups[i]);
    text_print(STDOUT_FILENO, "\n");
    return 0;
}

static int do_mount(char *const *word)
{
    (void)word;
    return copy("/proc/self/mounts");
}

static int do_env(char *const *word)
{
    (void)word;
    for (char **entry = environ; *entry; entry++) {
        (void)!write(STDOUT_FILENO, *entry, strlen(*entry));
        text_print(STDOUT_FILENO, "\n");
    }
    return 0;
}

static int do_help(char *const *word);

/* The help begins with the name. */
static const struct {
    int (*run)(char *const *word);
    const char *help;
} builtins[] = {
    { do_cat, "cat [FILE…]     print files" },
    { do_cd, "cd [FOLDER]     change the working directory" },
    { do_env, "env             print the environment" },
    { NULL, "exit [STATUS]   leave" },
    { do_help, "help            this; anything else is run as a program" },
    { do_id, "id              print user and groups" },
    { do_ls, "ls [PATH…]      list files" },
    { do_mount, "mount           list mounts" },
    { do_ps, "ps              list processes: pid, parent, state, name" },
    { do_pwd, "pwd             print the working directory" },
};

static int do_help(char *const *word)
{
    (void)word;
    for (size_t i = 0; i < array_length(builtins); i++)
        text_print(STDOUT_FILENO, "%s\n", builtins[i].help);
    return 0;
}

static int run_program(char *const *word)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        signal(SIGTSTP, SIG_DFL);
        execvp(word[0], word);
        int number = errno;
        complain(word[0]);
        _exit(number == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
    }
    if (child < 0)
        return complain("fork");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_words(char *const *word)
{
    for (size_t i = 0; i < array_length(builtins); i++)
        if (builtins[i].run && is_first_word(builtins[i].help, word[0]))
            return builtins[i].run(word);
    return run_program(word);
}

static int exit_status(const char *text)
{
    uint64_t number;

    return parse_number(&text, text + strlen(text), &number) ? (int)(number & 0xff) : 2;
}

static const char *prompt;
static volatile sig_atomic_t is_reading;

/* Ctrl-C may come just before a line is read as well as within, so the fresh prompt is written here. */
static void interrupted(int number)
{
    (void)number;
    (void)!write(STDOUT_FILENO, "\n", 1);
    if (is_reading)
        (void)!write(STDOUT_FILENO, prompt, strlen(prompt));
}

int mini_shell(void)
{
    /* Without SA_RESTART, so that Ctrl-C ends a builtin that reads. */
    const struct sigaction interrupt = { .sa_handler = interrupted };
    char line[LINE_SIZE], *word[WORDS_MAX];
    int status = 0;

    /* The host's descriptors; and the one that tells the parent that it runs. */
    close_from(STDERR_FILENO + 1);
    prompt = !isatty(STDIN_FILENO) ? "" : geteuid() == 0 ? "# " : "$ ";
    sigaction(SIGINT, &interrupt, NULL);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    for (;;) {
        /* First, since whoever sees the prompt may press Ctrl-C at once. */
        is_reading = 1;
        text_print(STDOUT_FILENO, "%s", prompt);
        bool has_line = read_line(line);
        is_reading = 0;
        if (!has_line)
            return status;
        int count = split(line, word);
        if (count < 0)
            text_print(STDERR_FILENO, "%s\n", count == -EINVAL ? "a quote is not closed" : "too many words");
        if (count > 0 && strcmp(word[0], "exit") == 0)
            return word[1] ? exit_status(word[1]) : status;
        if (count > 0)
            status = run_words(word);
        else if (count < 0)
            status = 2;
    }
}
