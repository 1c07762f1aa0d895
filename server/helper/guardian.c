#include "guardian.h"

#include "channel.h"
#include "children.h"
#include "kernel.h"
#include "link.h"
#include "naming.h"
#include "procfs.h"
#include "text.h"
#include "title.h"
#include "util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Milliseconds between two looks whether the maker is still there. */
#define MAKER_PATIENCE 1000

/* The texts of a failure that came in a message. */
static struct message last;

/* Nobody may be there to hear it. */
static void say(const struct guardian *guardian, enum guardian_word word)
{
    const char byte = (char)word;

    (void)!write(guardian->said, &byte, 1);
}

/* Says how it went. */
static void say_last(struct guardian *guardian, enum guardian_word word)
{
    say(guardian, word);
    close(guardian->said);
    guardian->said = -1;
}

static bool is_ended(int fd)
{
    struct pollfd life = { .fd = fd, .events = POLLIN };

    return poll(&life, 1, 0) > 0;
}

static void forward(struct guardian *guardian)
{
    struct signalfd_siginfo info;

    while (read(guardian->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_code != SI_KERNEL && guardian->init > 0)
            kill(guardian->init, (int)info.ssi_signo);
}

static int child_failure(struct failure *failure)
{
    fail(failure, "child", EIO);
    failure->detail = "the process in the new namespaces ended";
    return -EIO;
}

/*
 * Without taking its pid away. What it has made has the other end of the channel as well, so that nothing but this tells that
 * the maker was killed between its clone(2) and its word of it.
 */
static bool is_maker_dead(const struct guardian *guardian)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)guardian->maker, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Waits for one message. What else may happen meanwhile ends it: the caller, the maker or the process within goes away. */
static int expect(struct guardian *guardian, enum message_kind kind, struct failure *failure)
{
    bool is_last = false;

    for (;;) {
        struct pollfd polls[3] = { { .fd = guardian->control, .events = POLLIN },
                                   { .fd = guardian->life, .events = POLLIN },
                                   { .fd = guardian->signals, .events = POLLIN } };
        int ready = poll(polls, 3, is_last ? 0 : kind == MESSAGE_MADE ? MAKER_PATIENCE : -1);
        if (ready < 0) {
            if (errno == EINTR)
                continue;
            return fail(failure, "poll", errno);
        }
        if (ready == 0 && is_last)
            return child_failure(failure);
        /* What it said before its end is there by now. */
        if (ready == 0)
            is_last = is_maker_dead(guardian);
        if (polls[2].revents)
            forward(guardian);
        if (polls[1].revents && !guardian->undo->committed)
            return fail(failure, "cancel", ECANCELED);
        if (polls[1].revents)
            guardian->life = -1;
        if (!polls[0].revents)
            continue;
        int result = channel_receive(guardian->control, &last);
        if (result)
            return child_failure(failure);
        if (last.kind == MESSAGE_STOPPED) {
            say(guardian, GUARDIAN_STOPPED);
            continue;
        }
        if (last.kind == MESSAGE_FAILURE)
            return channel_failure(&last, failure);
        if (last.kind != (int32_t)kind)
            return fail(failure, "channel", EPROTO);
        return 0;
    }
}

static int start(struct guardian *guardian, struct failure *failure)
{
    int pair[2];
    pid_t self = getpid();

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(failure, "socketpair", errno);
    guardian->maker = fork();
    int number = errno;
    if (guardian->maker == 0) {
        close(pair[0]);
        if (guardian->serves) {
            int null = open("/dev/null", O_RDWR | O_CLOEXEC);
            dup2(null, STDIN_FILENO);
            dup2(null, STDOUT_FILENO);
            dup2(null, STDERR_FILENO);
        }
        maker_run(guardian->create, guardian->host, pair[1], self);
    }
    close(pair[1]);
    guardian->control = pair[0];
    return guardian->maker < 0 ? fail(failure, "fork", number) : 0;
}

static int map_user(struct guardian *guardian, struct failure *failure)
{
    static struct map_detail detail;
    struct create *create = guardian->create;
    int result;

    if (!has_type(create->new_types, NS_USER))
        return 0;
    result = expect(guardian, MESSAGE_USER, failure);
    if (!result)
        result = maps_write(guardian->host, guardian->maker, &create->uid_map, &create->gid_map,
                            create->setgroups_deny, &detail, failure);
    if (!result && !channel_send(guardian->control, MESSAGE_GO, 0))
        result = child_failure(failure);
    return result;
}

static uint64_t start_of(struct guardian *guardian)
{
    char path[PROC_PATH_SIZE], text[1024];
    struct proc_stat status = { 0 };

    text_format(path, sizeof path, "%d/stat", guardian->init);
    ssize_t length = read_file_at(guardian->host->proc, path, text, sizeof text);
    return length > 0 && parse_stat(text, (size_t)length, &status) ? status.start : 0;
}

/* Its namespaces by descriptors, which no reused pid can turn into others. */
static int open_made(struct guardian *guardian, struct failure *failure)
{
    int result = expect(guardian, MESSAGE_MADE, failure);

    if (result)
        return result;
    guardian->init = last.value;
    guardian->undo->start = start_of(guardian);
    guardian->undo->init = (uint32_t)guardian->init;
    /* The maker is done when another stays; as a zombie it would show for as long as an instance is kept. */
    while (guardian->init != guardian->maker && waitpid(guardian->maker, NULL, 0) < 0 && errno == EINTR)
        ;
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        char path[PROC_PATH_SIZE];
        if (!has_type(guardian->create->new_types, type))
            continue;
        text_format(path, sizeof path, "%d/ns/%s", guardian->init, ns_types[type].name);
        guardian->ns[type] = openat(guardian->host->proc, path, O_RDONLY | O_CLOEXEC);
        if (guardian->ns[type] < 0) {
            fail(failure, "procfs", errno);
            failure->type = type;
            return -failure->number;
        }
    }
    return 0;
}

static int make_veth(struct guardian *guardian, struct failure *failure)
{
    struct create_veth veth;

    if (!guardian->create->veth || !create_parse_veth(guardian->create->veth, &veth))
        return 0;
    int result = link_check_addresses(&veth, 0);
    if (!result)
        result = link_veth(veth.host, guardian->ns[NS_NET], &guardian->undo->link);
    if (!result)
        result = link_configure(veth.host, &veth.own);
    /* Of two at once each sees the other by now. */
    if (!result)
        result = link_check_addresses(&veth, guardian->undo->link);
    if (result) {
        fail(failure, "veth", -result);
        failure->type = NS_NET;
        failure->detail = result == -EADDRINUSE ? "addresses of this network are in use here on another interface" : NULL;
    }
    return result;
}

/* The reader or the caller is gone. */
static int check_reader(struct guardian *guardian, struct output *output, struct failure *failure)
{
    if (output_flush(output))
        return fail(failure, "write", -output->error);
    return is_ended(guardian->life) ? fail(failure, "cancel", ECANCELED) : 0;
}

static int make_folder(struct guardian *guardian, struct failure *failure)
{
    int result = keep_may_mount(guardian->host)
                     ? keep_make_folder(guardian->create->keep, guardian->undo, failure)
                     : 0;

    /* Root of a user namespace may have a mount namespace and yet no right to its /run. */
    return (result == -EACCES || result == -EROFS) && !guardian->undo->folder ? 0 : result;
}

static int make(struct guardian *guardian, struct failure *failure)
{
    struct create *create = guardian->create;
    /* A name is free, or it is this instance's from when its process shows it. */
    autoclose int claimed = create->keep ? keep_claim(guardian->host, create->keep, failure) : -1;
    int result = 0;

    if (create->keep)
        result = claimed < 0 ? claimed : make_folder(guardian, failure);
    if (!result)
        result = maps_resolve(create->map, guardian->host, &create->uid_map, &create->gid_map, failure);
    create->setgroups_deny = create->setgroups_deny || maps_deny_setgroups(&create->gid_map);
    if (!result)
        result = start(guardian, failure);
    if (!result)
        result = map_user(guardian, failure);
    return result ? result : open_made(guardian, failure);
}

/* Up to where everything is there but nothing runs. */
static int set_up(struct guardian *guardian, struct output *output, struct failure *failure)
{
    int result = make(guardian, failure);

    if (!result)
        result = make_veth(guardian, failure);
    if (!result && !channel_send(guardian->control, MESSAGE_GO, 0))
        result = child_failure(failure);
    if (!result)
        result = expect(guardian, MESSAGE_READY, failure);
    if (!result && guardian->undo->folder)
        result = keep_mount(guardian->create->keep, guardian->ns, guardian->undo, failure);
    if (result)
        return result;
    guardian_print_made(guardian, output);
    guardian_print_init(guardian, output);
    return check_reader(guardian, output, failure);
}

/* ARGV runs, and what is to be kept is, or not. */
static int go(struct guardian *guardian, struct output *output, struct failure *failure)
{
    const struct create *create = guardian->create;
    int result = 0;

    if (!create->argv && !create->keep && !create->wait)
        return 0;
    if (!channel_send(guardian->control, MESSAGE_GO, 0))
        return child_failure(failure);
    if (create->argv)
        result = expect(guardian, MESSAGE_RUNNING, failure);
    if (!result && create->keep) {
        if (!channel_send(guardian->control, MESSAGE_KEEP, 0))
            result = child_failure(failure);
        else
            result = expect(guardian, MESSAGE_KEPT, failure);
        /* From here on it is kept, whoever goes away: only the death of the holder undoes it. */
        guardian->undo->committed = !result;
        if (!result)
            guardian_print_kept(guardian, output);
    }
    if (!result)
        output_flush(output);
    /* With --wait nothing comes but the end of the caller. */
    if (!result && (create->argv || create->wait))
        result = expect(guardian, MESSAGE_EXIT, failure);
    if (!result && create->argv)
        guardian_print_exit(last.value, output);
    return result;
}

/* Before anybody is told that the instance is kept, so that whoever knows can rename it. */
static void become_guard(struct guardian *guardian)
{
    char text[96];

    text_format(text, sizeof text, "linux-namespaces-guard %s", guardian->create->keep);
    if (title_save_environment() == 0)
        title_set(text);
    if (naming_open(guardian->names))
        guardian->names[0] = guardian->names[1] = -1;
}

/* Watches over an instance that others may see, so that it is not left there when its holder is killed. */
static void watch_holder(struct guardian *guardian)
{
    static struct host own;
    struct message message;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), result = 0;

    own = *guardian->host;
    setsid();
    (void)!chdir("/");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    /* Whatever is open here belongs to the connection, but for these. */
    int stay[] = { guardian->control, guardian->host->proc, guardian->undo->held, guardian->names[0], guardian->names[1] };
    int count = guardian->names[0] < 0 ? 3 : 5;
    for (int i = 0; i < count; i++)
        stay[i] = fcntl(stay[i], F_DUPFD, 10);
    for (int i = 0; i < count; i++)
        dup3(stay[i], STDERR_FILENO + 1 + i, O_CLOEXEC);
    close_from(STDERR_FILENO + 1 + count);
    guardian->control = 3;
    own.proc = 4;
    guardian->host = &own;
    struct pollfd polls[2] = { { .fd = 3, .events = POLLIN }, { .fd = count > 3 ? 6 : -1, .events = POLLIN } };
    while (result == 0) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            break;
        if (polls[1].revents)
            naming_take(6);
        if (polls[0].revents)
            result = channel_receive(3, &message);
    }
}

_Noreturn void guardian_run(struct guardian *guardian, struct output *output)
{
    struct failure failure = { 0 };
    sigset_t set;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    forwarded_signals(&set);
    guardian->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    guardian->control = guardian->names[0] = -1;
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        guardian->ns[type] = -1;
    int result = set_up(guardian, output, &failure);
    if (!result)
        result = go(guardian, output, &failure);
    bool committed = !result && guardian->undo->committed;
    bool stays = committed && guardian->undo->folder;
    if (stays)
        become_guard(guardian);
    if (!committed) {
        children_end(guardian->host);
        undo_all(guardian->undo);
    }
    if (result) {
        failure_print(output, &failure, result);
    } else {
        record_begin(output, "end");
        record_end(output);
    }
    output_flush(output);
    say_last(guardian, result || output->error ? GUARDIAN_FAILED : stays ? GUARDIAN_STAYS : GUARDIAN_DONE);
    if (stays) {
        watch_holder(guardian);
        children_end(guardian->host);
        undo_all(guardian->undo);
    }
    _exit(0);
}
