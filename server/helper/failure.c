#include "failure.h"

#include "util.h"

int fail(struct failure *failure, const char *step, int number)
{
    *failure = (struct failure){ .step = step, .number = number, .type = NS_NONE };
    return -number;
}

int fail_usage(struct failure *failure, const char *step, const char *detail)
{
    *failure = (struct failure){ .step = step, .number = EINVAL, .type = NS_NONE, .detail = detail, .usage = true };
    return -EINVAL;
}

void failure_print(struct output *output, const struct failure *failure, int result)
{
    int number = failure->step ? failure->number : -result;

    record_begin(output, "error");
    json_text(output, "step", failure->step ? failure->step : "helper");
    json_text(output, "errno", errno_name(number));
    json_number(output, "number", (uint64_t)number);
    if (failure->step && failure->type != NS_NONE)
        json_text(output, "type", ns_types[failure->type].name);
    if (failure->path)
        json_text(output, "path", failure->path);
    if (failure->detail)
        json_text(output, "detail", failure->detail);
    record_end(output);
}

#define NAME(symbol) { symbol, #symbol }

/* What system calls of the helper can answer. glibc's strerrorname_np is not in musl. */
static const struct {
    short number;
    /* In place: a pointer would cost four times as much with its relocation. */
    char name[16];
} errno_names[] = {
    NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC),
    NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT), NAME(ENOTBLK),
    NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL),
    NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE),
    NAME(EROFS), NAME(EMLINK), NAME(EPIPE), NAME(EDOM), NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG),
    NAME(ENOLCK), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENODATA), NAME(ETIME), NAME(EPROTO),
    NAME(EBADMSG), NAME(EOVERFLOW), NAME(EILSEQ), NAME(EUSERS), NAME(ENOTSOCK), NAME(EDESTADDRREQ),
    NAME(EMSGSIZE), NAME(EPROTOTYPE), NAME(ENOPROTOOPT), NAME(EOPNOTSUPP), NAME(EAFNOSUPPORT),
    NAME(EADDRINUSE), NAME(EADDRNOTAVAIL), NAME(ENETDOWN), NAME(ENETUNREACH), NAME(ECONNABORTED),
    NAME(ECONNRESET), NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ETIMEDOUT), NAME(ECONNREFUSED),
    NAME(EHOSTUNREACH), NAME(EALREADY), NAME(EINPROGRESS), NAME(ESTALE), NAME(EDQUOT), NAME(ECANCELED),
    NAME(EPROTONOSUPPORT),
};

const char *errno_name(int number)
{
    for (size_t i = 0; i < array_length(errno_names); i++)
        if (errno_names[i].number == number)
            return errno_names[i].name;
    return "EUNKNOWN";
}
