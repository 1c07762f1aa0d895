#include "guardian.h"

#include "channel.h"
#include "job.h"
#include "kernel.h"
#include "procfs.h"
#include "reference.h"
#include "text.h"
#include "title.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* The words lie where the title of a process is to go, so they are copied. */
static char **copy_words(char *const *word, size_t count)
{
    char **copy = calloc(count + 1, sizeof *copy);

    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(word[i])))
            return NULL;
    return copy;
}

static void free_words(char **word)
{
    for (size_t i = 0; word && word[i]; i++)
        free(word[i]);
    free(word);
}

/*
 * Where records go: to stdout, as always; but a command has stdin, stdout and stderr to itself. On the command line its
 * caller names a descriptor for records, else they join what is for people, stderr. Within serve there is a pipe.
 */
static int place_records(const struct create *create, struct output *output, struct failure *failure)
{
    int wanted = create->has_records ? create->records : create->argv ? STDERR_FILENO : output->fd;

    if (output->id != NO_ID)
        return create->has_records ? fail_usage(failure, "option", "--records is not for serve") : 0;
    /* A copy that ARGV does not inherit, and that stays when the standard streams are replaced. */
    int fd = fcntl(wanted, F_DUPFD_CLOEXEC, 10);
    if (fd < 0)
        return fail(failure, "records", errno);
    output->fd = fd;
    return 0;
}

/* Before anything is made, since a joined mount namespace has other paths. */
static int open_joins(struct create *create, struct failure *failure)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        if (!has_type(create->join_types, type))
            continue;
        create->join[type].fd = reference_open(create->join[type].reference, type, failure);
        if (create->join[type].fd < 0)
            return create->join[type].fd;
    }
    return 0;
}

static void close_joins(struct create *create)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (create->join[type].fd >= 0)
            close(create->join[type].fd);
}

/* Passes signals on until the guardian has said how it went. Returns false when it died without a word. */
static bool wait_for_guardian(pid_t guardian, int status_fd, const sigset_t *set, signed char *status,
                              struct job *job)
{
    autoclose int signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

    for (;;) {
        struct pollfd polls[2] = { { .fd = status_fd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        struct signalfd_siginfo info;
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return false;
        /* What a terminal sends it sends to its foreground; only that it is gone is told to the session's leader alone. */
        while (signals >= 0 && read(signals, &info, sizeof info) == sizeof info)
            if (info.ssi_code != SI_KERNEL || (info.ssi_signo == SIGHUP && job->has_terminal))
                kill(guardian, (int)info.ssi_signo);
        if (polls[0].revents) {
            ssize_t got = read(status_fd, status, 1);
            if (got == 1 && *status == GUARDIAN_STOPPED) {
                job_stop(job);
                kill(guardian, SIGRTMIN);
            } else if (got >= 0 || errno != EINTR) {
                return got == 1;
            }
        }
    }
}

/* The guardian may have been killed when its init followed it no longer and was not kept yet. */
static void end_init(const struct guardian *guardian)
{
    const struct undo *undo = guardian->undo;
    char path[PROC_PATH_SIZE], text[1024];
    struct proc_stat status;
    autoclose int pidfd = undo->init ? (int)syscall(SYSCALL_PIDFD_OPEN, undo->init, 0) : -1;

    /* Before 5.3 there is no such descriptor, and a pid alone may be another's by now. */
    if (pidfd < 0)
        return;
    text_format(path, sizeof path, "%u/stat", undo->init);
    ssize_t length = read_file_at(guardian->host->proc, path, text, sizeof text);
    if (length > 0 && parse_stat(text, (size_t)length, &status) && status.start == undo->start)
        syscall(SYSCALL_PIDFD_SEND_SIGNAL, pidfd, SIGKILL, NULL, 0);
}

/* Starts the guardian and waits for it. What it leaves undone because it was killed is undone here. */
static int run(struct guardian *guardian, struct output *output, struct failure *failure)
{
    int life[2], said[2];
    sigset_t set, old;
    signed char status = 0;

    if (pipe2(life, O_CLOEXEC) < 0)
        return fail(failure, "pipe2", errno);
    if (pipe2(said, O_CLOEXEC) < 0) {
        int number = errno;
        close(life[0]);
        close(life[1]);
        return fail(failure, "pipe2", number);
    }
    struct job job = guardian->create->argv && !guardian->serves ? job_begin() : (struct job){ 0 };
    guardian->create->has_terminal = job.has_terminal;
    forwarded_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &old);
    pid_t child = fork();
    int number = errno;
    if (child == 0) {
        close(life[1]);
        close(said[0]);
        guardian->life = life[0];
        guardian->said = said[1];
        guardian_run(guardian, output);
    }
    close(life[0]);
    close(said[1]);
    bool answered = child > 0 && wait_for_guardian(child, said[0], &set, &status, &job);
    job_end(&job);
    close(life[1]);
    close(said[0]);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (child < 0)
        return fail(failure, "fork", number);
    if (!answered || status != GUARDIAN_STAYS)
        waitpid(child, NULL, 0);
    if (answered) {
        failure->printed = true;
        return status == GUARDIAN_FAILED ? -EIO : 0;
    }
    if (!guardian->undo->committed) {
        end_init(guardian);
        undo_all(guardian->undo);
    }
    fail(failure, "child", EIO);
    failure->detail = "the guardian was killed";
    return -EIO;
}

/* Where a standard stream is closed, a pipe of ours would take its number, and ARGV would get it. */
static void open_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static int finish(char **word, struct output *output, int records, struct failure *failure, int result)
{
    if (result && !failure->printed) {
        failure_print(output, failure, result);
        failure->printed = true;
    }
    output_flush(output);
    if (output->fd != records)
        close(output->fd);
    output->fd = records;
    free_words(word);
    return result;
}

int verb_create(const struct options *options, struct output *output, struct failure *failure)
{
    static struct create create;
    struct host host;
    char **word = copy_words(options->word, options->count);
    int result = word ? create_parse(word, options->count, &create, failure) : -ENOMEM;
    int records = output->fd;

    open_streams();
    /* Where the one who started us ignores it, children would vanish with their status. */
    signal(SIGCHLD, SIG_DFL);
    if (!result)
        result = place_records(&create, output, failure);
    if (!result)
        result = host_open(&host, failure);
    if (result) {
        /* The texts of a failure may be words. */
        return finish(word, output, records, failure, result);
    }
    struct undo *undo = mmap(NULL, sizeof *undo, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct guardian guardian = { .create = &create, .host = &host, .undo = undo, .serves = output->id != NO_ID };
    result = undo == MAP_FAILED ? fail(failure, "mmap", errno) : open_joins(&create, failure);
    if (!result)
        result = run(&guardian, output, failure);
    if (undo != MAP_FAILED)
        munmap(undo, sizeof *undo);
    close_joins(&create);
    host_close(&host);
    return finish(word, output, records, failure, result);
}
