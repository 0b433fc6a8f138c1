"""Runs a program in a terminal of its own, types what it is told when it sees what it is told, and prints all that came.

Arguments: a JSON object of argv, rows, cols and steps: pairs of a regular expression to be seen in what came since the step before, and of what is then typed.
The last line it prints is the exit code, and whether the terminal is as it was before."""
import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

task = json.loads(sys.argv[1])
deadline = time.monotonic() + task.get("seconds", 90)
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", task["rows"], task["cols"], 0, 0))
before = termios.tcgetattr(slave)

child = os.fork()
if child == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(slave, number)
    if slave > 2:
        os.close(slave)
    # A shell that runs the tests in the background has its children ignore it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(task["argv"][0], task["argv"])

seen, since, steps, code, after = b"", 0, list(task["steps"]), None, None
while code is None or select.select([master], [], [], 0)[0]:
    if time.monotonic() > deadline:
        os.kill(child, signal.SIGKILL)
        sys.stdout.buffer.write(seen)
        sys.exit(f"\nnot seen in time: {steps[0][0] if steps else 'the end'}")
    if select.select([master], [], [], 0.05)[0]:
        try:
            seen += os.read(master, 65536)
        except OSError:
            pass
    found = re.search(steps[0][0].encode(), seen[since:], re.S) if steps else None
    if found:
        since += found.end()
        os.write(master, steps.pop(0)[1].encode())
    if code is None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            after = termios.tcgetattr(slave)
sys.stdout.buffer.write(seen)
print(f"\n{code} {'same' if after == before else 'other'}")
sys.exit(0 if not steps else f"not seen: {steps[0][0]}")
