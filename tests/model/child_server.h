/* Servers that a test starts on loopback: llama-server with the test's model, and the fault proxy. They die with the
 * test. */
#ifndef BF_TESTS_CHILD_SERVER_H
#define BF_TESTS_CHILD_SERVER_H
#include "engine_job.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

struct child {
    pid_t pid;
    int stdin_fd, stdout_fd; /* -1 when not piped */
    int port;
    char url[64]; /* "http://127.0.0.1:PORT/v1" */
};

static inline void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

static inline double seconds_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A port that nobody listens on: bound, read back, given up. */
static inline int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    (void)close(fd);
    return ntohs(a.sin_port);
}

static inline void child_start(struct child *c, const char *const *argv, bool piped, const char *log)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    pid_t parent = getpid();

    if (piped && (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0))
        fail_msg("no pipe: %s", strerror(errno));
    c->pid = fork();
    if (c->pid == 0) {
        int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        (void)dup2(piped ? in[0] : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
        (void)dup2(piped ? out[1] : file, 1);
        (void)dup2(file, 2);
        (void)unsetenv("LD_PRELOAD");
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(c->pid > 0);
    c->stdin_fd = in[1];
    c->stdout_fd = out[0];
    if (piped) {
        (void)close(in[0]);
        (void)close(out[1]);
    }
}

static inline void child_kill(struct child *c)
{
    int status;

    if (c->pid <= 0)
        return;
    (void)kill(c->pid, SIGKILL);
    (void)waitpid(c->pid, &status, 0);
    if (c->stdin_fd >= 0)
        (void)close(c->stdin_fd);
    if (c->stdout_fd >= 0)
        (void)close(c->stdout_fd);
    c->pid = 0;
    c->stdin_fd = c->stdout_fd = -1;
}

/* The status of GET /health; 0 while nobody listens. */
static inline int health(int port)
{
    static const char request[] = "GET /health HTTP/1.0\r\n\r\n";
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[64] = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;

    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0 && recv(fd, answer, sizeof answer - 1, 0) > 12)
        status = (int)strtol(answer + 9, NULL, 10);
    (void)close(fd);
    return status;
}

/* llama-server with four places of 512 tokens, on c->port, or a free port when that is 0. It answers when this returns,
 * unless wait is false. key: nullable. */
static inline void start_llama_server(struct child *c, const char *key, bool wait)
{
    char port[16];
    const char *argv[40] = {environment("BIFORGET_LLAMA_SERVER"),
                            "-m",
                            environment("BIFORGET_TEST_MODEL"),
                            "--host",
                            "127.0.0.1",
                            "--port",
                            port,
                            "-a",
                            "smol",
                            "-np",
                            "4",
                            "-c",
                            "2048",
                            "-b",
                            "512",
                            "-ub",
                            "512",
                            "-t",
                            "2",
                            "-fa",
                            "on",
                            "--embeddings",
                            "--pooling",
                            "mean",
                            "--no-ui",
                            "--no-warmup"};
    size_t n = 0;

    if (c->port == 0)
        c->port = free_port();
    (void)snprintf(port, sizeof port, "%d", c->port);
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d/v1", c->port);
    while (argv[n])
        n++;
    if (key) {
        argv[n++] = "--api-key";
        argv[n++] = key;
    }
    child_start(c, argv, false, "server.log");
    for (int i = 0; wait && health(c->port) != 200; i++) {
        int status;

        if (i == 1200 || waitpid(c->pid, &status, WNOHANG) == c->pid)
            fail_msg("llama-server did not start: see %s/server.log", get_current_dir_name());
        pause_ms(50);
    }
}

/* The fault proxy before a server; its log is `log` in the current folder. */
static inline void start_proxy(struct child *c, int upstream, const char *plan, const char *log)
{
    char path[4096], port[16], line[32] = {0};
    const char *argv[] = {"python3", path, port, plan, log, NULL};

    (void)snprintf(path, sizeof path, "%s/tests/proxy/fault_proxy.py", environment("BIFORGET_SOURCE"));
    (void)snprintf(port, sizeof port, "%d", upstream);
    child_start(c, argv, true, "proxy.err");
    if (read(c->stdout_fd, line, sizeof line - 1) <= 0)
        fail_msg("the fault proxy did not start");
    c->port = (int)strtol(line, NULL, 10);
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d/v1", c->port);
}

#endif
