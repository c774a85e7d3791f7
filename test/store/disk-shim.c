/*
 * Stands between a process and its disk, by LD_PRELOAD, for the files whose
 * names contain DISK_FILE: writes down what is done to them, in DISK_LOG, and
 * lets each touch take as many microseconds as DISK_DELAY, a file, says.
 *
 * A record of the log is a line: one letter (w write, t truncate, s sync,
 * u unlink), the name of the file, the offset and the length in decimal; for w
 * the bytes follow. One write per record, to a file that is opened for
 * appending, so that their order is that of the operations.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t raw_write(int fd, const struct iovec *parts, int count) { return syscall(SYS_writev, fd, parts, count); }

/* The name of the file behind fd, where it is one of ours. */
static const char *ours(int fd, char *path) {
  const char *wanted = getenv("DISK_FILE");
  char link[64];
  if (!wanted || fd < 3) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name && strstr(name, wanted) && !strstr(name, "-shm") ? name + 1 : NULL;
}

static void delay(void) {
  const char *path = getenv("DISK_DELAY");
  char text[32] = {0};
  if (!path) return;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (atol(text) > 0) usleep(atol(text));
}

static void note(char operation, const char *name, int64_t offset, const void *bytes, size_t length) {
  static int log = -1;
  char head[PATH_MAX + 64];
  const char *path = getenv("DISK_LOG");
  if (!path) return;
  pthread_mutex_lock(&lock);
  if (log < 0) log = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int size = snprintf(head, sizeof head, "%c %s %lld %zu\n", operation, name, (long long)offset, length);
  struct iovec parts[2] = {{head, size}, {(void *)bytes, bytes ? length : 0}};
  if (raw_write(log, parts, 2) != size + (ssize_t)parts[1].iov_len) abort();
  pthread_mutex_unlock(&lock);
}

static const char *touched(int fd, char *path) {
  const char *name = ours(fd, path);
  if (name) delay();
  return name;
}

#define WROTE(done, offset)                       \
  do {                                            \
    if (name && done > 0) note('w', name, offset, bytes, done); \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t length) {
  char path[PATH_MAX];
  const char *name = touched(fd, path);
  off_t offset = name ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t done = syscall(SYS_write, fd, bytes, length);
  WROTE(done, offset);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  char path[PATH_MAX];
  const char *name = touched(fd, path);
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, length, offset);
  WROTE(done, offset);
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t read(int fd, void *bytes, size_t length) {
  char path[PATH_MAX];
  touched(fd, path);
  return syscall(SYS_read, fd, bytes, length);
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
  char path[PATH_MAX];
  touched(fd, path);
  return syscall(SYS_pread64, fd, bytes, length, offset);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return pread64(fd, bytes, length, offset); }

static int truncated(int fd, off64_t length) {
  char path[PATH_MAX];
  const char *name = touched(fd, path);
  int failed = syscall(SYS_ftruncate, fd, length);
  if (name && !failed) note('t', name, length, NULL, 0);
  return failed;
}

int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }
int ftruncate(int fd, off_t length) { return truncated(fd, length); }

static int synced(int fd, long call) {
  char path[PATH_MAX];
  const char *name = touched(fd, path);
  int failed = syscall(call, fd);
  if (name && !failed) note('s', name, 0, NULL, 0);
  return failed;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
  const char *wanted = getenv("DISK_FILE");
  const char *name = strrchr(path, '/');
  int failed = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (!failed && wanted && name && strstr(name, wanted) && !strstr(name, "-shm")) note('u', name + 1, 0, NULL, 0);
  return failed;
}
