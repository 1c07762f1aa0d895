#include "victims.h"

#include "kernel.h"
#include "procfs.h"
#include "reference.h"
#include "scan.h"
#include "text.h"
#include "util.h"

#include <poll.h>
#include <signal.h>

/* Two descriptors for each: not more at once than any limit allows. */
#define BATCH 64
/* A process that waits for a disk ends only after that. */
#define KILL_PATIENCE 5000
/* Where the kernel has no pidfds (before 5.3) to wait with. */
#define POLL_INTERVAL 20

static void open_victim(const struct host *host, struct victim *victim)
{
    struct reference process = {
        .kind = REFERENCE_PROCESS, .id = victim->pid, .has_start = true, .start = victim->start
    };
    struct failure failure;
    char path[PROC_PATH_SIZE];
    uint32_t id;

    victim->pidfd = -1;
    victim->directory = reference_open_process(host, &process, &failure);
    victim->error = victim->directory < 0 ? victim->directory : 0;
    if (!victim->error && victim->id != 0) {
        text_format(path, sizeof path, "ns/%s", ns_types[victim->type].name);
        int result = read_namespace_link(victim->directory, path, &id);
        /* A zombie has no links, and nothing to end. */
        victim->error = result == -ENOENT ? -ESRCH : result ? result : id != victim->id ? -ESRCH : 0;
    }
    /* Never oneself, and never what the whole system or container hangs on. */
    if (victim->pid == 1 || (host->own[NS_PID] != 0 && victim->pid == (uint32_t)getpid()))
        victim->error = -EPERM;
    if (victim->error || host->own[NS_PID] == 0)
        return;
    victim->pidfd = (int)syscall(SYSCALL_PIDFD_OPEN, victim->pid, 0);
    /* Its folder still answers, so the pid meant it. */
    autoclose int again = reference_open_process(host, &process, &failure);
    victim->error = again < 0 ? -ESRCH : 0;
}

static bool is_gone(const struct victim *victim)
{
    char text[1024];
    struct proc_stat stat;
    struct pollfd poller = { .fd = victim->pidfd, .events = POLLIN };

    if (victim->pidfd >= 0)
        return poll(&poller, 1, 0) > 0;
    ssize_t length = read_file_at(victim->directory, "stat", text, sizeof text);
    return length <= 0 || !parse_stat(text, (size_t)length, &stat) || stat.state == 'Z' || stat.state == 'X';
}

/* A folder of /proc is as good as a pidfd for this, from 5.1 on; before, the pid has to do, just after a look. */
static void send(const struct host *host, struct victim *victim, int number)
{
    if (victim->error || is_gone(victim))
        return;
    victim->signal = number;
    long result = syscall(SYSCALL_PIDFD_SEND_SIGNAL, victim->directory, number, NULL, 0);
    if (result < 0 && errno == ENOSYS && host->own[NS_PID] != 0)
        result = kill((pid_t)victim->pid, number);
    if (result < 0)
        victim->error = -errno;
}

static bool waits_for(const struct victim *victim)
{
    return !victim->error && victim->signal && !is_gone(victim);
}

static void wait_for_all(struct victim *victims, size_t count, unsigned patience)
{
    uint64_t now, end = milliseconds_now() + patience;

    while ((now = milliseconds_now()) < end) {
        struct pollfd pollers[BATCH];
        nfds_t waiting = 0;
        uint64_t left = end - now;
        for (size_t i = 0; i < count; i++) {
            if (!waits_for(&victims[i]))
                continue;
            if (victims[i].pidfd < 0 && left > POLL_INTERVAL)
                left = POLL_INTERVAL;
            pollers[waiting++] = (struct pollfd){ .fd = victims[i].pidfd, .events = POLLIN };
        }
        if (waiting == 0)
            return;
        poll(pollers, waiting, (int)left);
    }
}

static void end_batch(const struct host *host, struct victim *victims, size_t count, unsigned grace)
{
    for (size_t i = 0; i < count; i++)
        open_victim(host, &victims[i]);
    for (size_t i = 0; i < count; i++)
        send(host, &victims[i], SIGTERM);
    wait_for_all(victims, count, grace);
    for (size_t i = 0; i < count; i++)
        if (waits_for(&victims[i]))
            send(host, &victims[i], SIGKILL);
    wait_for_all(victims, count, KILL_PATIENCE);
    for (size_t i = 0; i < count; i++) {
        if (victims[i].error || waits_for(&victims[i]))
            victims[i].signal = 0;
        cleanup_close(&victims[i].directory);
        cleanup_close(&victims[i].pidfd);
    }
}

void victims_end(const struct host *host, struct victim *victims, size_t count, unsigned grace)
{
    for (size_t i = 0; i < count; i += BATCH)
        end_batch(host, victims + i, count - i < BATCH ? count - i : BATCH, grace);
}

void victim_print(const struct victim *victim, bool plan, struct output *output)
{
    record_begin(output, plan ? "would" : "ended");
    if (plan)
        json_object(output, "ended");
    json_number(output, "pid", victim->pid);
    json_number(output, "start", victim->start);
    json_number(output, "signal", plan && victim->signalled ? SIGTERM : (uint64_t)victim->signal);
    if (plan)
        json_close(output, '}');
    record_end(output);
}
