#include "python.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The first entry of the path is the working directory, where a `tensorflow`
 * would be another. */
static char ask[] = "import sys; sys.path.pop(0)\n"
                    "from importlib.util import find_spec\n"
                    "spec = find_spec('tensorflow')\n"
                    "print(*(spec.submodule_search_locations if spec else ()), "
                    "sep='\\n')";

/* Starts the interpreter with its output in `out`; an errno, or 0. */
static int start(const char *python, int out, pid_t *child) {
  posix_spawn_file_actions_t actions;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure != 0)
    return failure;
  char *name = text_format("%s", python);
  char option[] = "-c";
  char *const arguments[] = {name, option, ask, NULL};
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  failure = name == NULL ? ENOMEM
                         : posix_spawnp(child, python, &actions, NULL,
                                        arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  free(name);
  return failure;
}

/* Everything until the end of the pipe. */
static void drain(int in, text_buffer *output) {
  char buffer[1024];
  for (;;) {
    ssize_t size = read(in, buffer, sizeof buffer);
    if (size > 0)
      text_append(output, "%.*s", (int)size, buffer);
    else if (size == 0 || errno != EINTR)
      return;
  }
}

/* How the interpreter has ended; NULL for well. To be freed. */
static char *wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return NULL; /* SIGCHLD is ignored: what it said has to do */
  if (WIFSIGNALED(status))
    return text_format("failed, signal: %d", WTERMSIG(status));
  return WEXITSTATUS(status) == 0
             ? NULL
             : text_format("failed, exit status: %d", WEXITSTATUS(status));
}

char *python_packages(const char *python, char **why) {
  text_buffer output = {NULL, 0};
  text_append(&output, "\n"); /* not NULL when there are no folders */
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *why = text_format("%s", strerror(errno));
    free(output.data);
    return NULL;
  }
  pid_t child;
  int failure = start(python, ends[1], &child);
  close(ends[1]);
  if (failure == 0) {
    drain(ends[0], &output);
    *why = wait_for(child);
  } else {
    *why = text_format("%s", strerror(failure));
  }
  close(ends[0]);
  if (*why != NULL || failure != 0) {
    free(output.data);
    return NULL;
  }
  return output.data;
}
