/* What the server itself carries: the least that a publisher and a subscriber can do, in C.
 *
 *   nats_limit sub PORT PATTERN COUNT
 *       says {"ready":true} once subscribed, then {"messages":...,"ended":...} when COUNT have come, or none for 2 s
 *   nats_limit pub PORT PREFIX SUBJECTS BYTES COUNT
 *       sends COUNT messages of BYTES to PREFIX0, PREFIX1, ... and says {"messages":...,"began":...} when the server
 *       has answered a PING behind them
 *
 * Times are CLOCK_MONOTONIC, seconds. Protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, QUIET_MS = 2000 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t sent = write(fd, data, size);
        if (sent < 0) fail("write");
        data += sent;
        size -= (size_t)sent;
    }
}

/* Read whole lines until one begins with `word`; used before and after the messages only. */
static void await_line(int fd, const char *word) {
    char line[8192];
    size_t used = 0;
    for (;;) {
        if (used == sizeof line) {
            fputs("line too long\n", stderr);
            exit(1);
        }
        if (read(fd, line + used, 1) != 1) fail("read");
        if (line[used++] != '\n') continue;
        if (used >= strlen(word) && !memcmp(line, word, strlen(word))) return;
        if (!memcmp(line, "-ERR", 4)) {
            fprintf(stderr, "%.*s", (int)used, line);
            exit(1);
        }
        if (!memcmp(line, "PING", 4)) send_all(fd, "PONG\r\n", 6);
        used = 0;
    }
}

static int connected(const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    await_line(fd, "INFO");
    const char *hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";
    send_all(fd, hello, strlen(hello));
    await_line(fd, "PONG");
    return fd;
}

static void subscribe(const char *port, const char *pattern, long count) {
    static char room[ROOM];
    char text[256];
    size_t used = 0;
    long messages = 0;
    double ended = now();
    int fd = connected(port);
    send_all(fd, text, (size_t)snprintf(text, sizeof text, "SUB %s 1\r\nPING\r\n", pattern));
    await_line(fd, "PONG");
    puts("{\"ready\":true}");
    fflush(stdout);
    while (messages < count) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (messages && poll(&ready, 1, QUIET_MS) == 0) break;
        ssize_t got = read(fd, room + used, ROOM - used);
        if (got <= 0) break;
        used += (size_t)got;
        char *at = room, *end = room + used;
        for (;;) {
            char *line = memchr(at, '\n', (size_t)(end - at));
            if (!line) break;
            if (!memcmp(at, "MSG ", 4)) {
                char *word = line; /* MSG subject sid size\r\n */
                while (word[-1] != ' ') word--;
                long size = strtol(word, NULL, 10);
                if (line + 1 + size + 2 > end) break;
                at = line + 1 + size + 2;
                messages++;
            } else {
                if (!memcmp(at, "PING", 4)) send_all(fd, "PONG\r\n", 6);
                at = line + 1;
            }
        }
        used = (size_t)(end - at);
        memmove(room, at, used);
        ended = now();
    }
    printf("{\"messages\":%ld,\"ended\":%.9f}\n", messages, ended);
}

static void publish(const char *port, const char *prefix, long subjects, long bytes, long count) {
    char *frames = malloc((size_t)subjects * (size_t)(bytes + 128)), *end = frames;
    size_t *ends = malloc(sizeof(size_t) * (size_t)(subjects + 1));
    if (!frames || !ends) fail("malloc");
    for (long i = 0; i < subjects; i++) {
        end += sprintf(end, "PUB %s%ld %ld\r\n", prefix, i, bytes);
        memset(end, 'x', (size_t)bytes);
        end += bytes;
        *end++ = '\r', *end++ = '\n';
        ends[i] = (size_t)(end - frames);
    }
    int fd = connected(port);
    double began = now();
    for (long left = count; left > 0; left -= subjects)
        send_all(fd, frames, ends[(left < subjects ? left : subjects) - 1]);
    send_all(fd, "PING\r\n", 6);
    await_line(fd, "PONG");
    printf("{\"messages\":%ld,\"began\":%.9f}\n", count, began);
}

int main(int argc, char **argv) {
    if (argc == 5 && !strcmp(argv[1], "sub")) {
        subscribe(argv[2], argv[3], atol(argv[4]));
    } else if (argc == 7 && !strcmp(argv[1], "pub")) {
        publish(argv[2], argv[3], atol(argv[4]), atol(argv[5]), atol(argv[6]));
    } else {
        fputs("usage: see the head of nats_limit.c\n", stderr);
        return 2;
    }
    return 0;
}
