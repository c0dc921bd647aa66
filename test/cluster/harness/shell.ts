// An app that is the child of a shell, as `CMD npm start` and `command: [sh, -c, ...]` make it: the shell is PID 1, gets SIGTERM
// and passes nothing on.

const APP = "/usr/local/bin/node /sluice/loadtest/app.ts";

/** The shell ends with the app. (Of a single command it would make an exec.) */
export const CHILD_OF_SHELL: readonly string[] = ["/bin/sh", "-c", `${APP}; exit $?`];

/** The shell starts the app again, so many seconds after its death: for the kubelet the container has never stopped. */
export function restartedByShell(seconds: number): readonly string[] {
  return ["/bin/sh", "-c", `while :; do ${APP}; sleep ${seconds}; done`];
}
